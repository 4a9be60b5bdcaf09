//! Typed contracts of NPIs that exist in the field, for drivers of the [`nmr`] framework.
//!
//! | module | NPI | the driver's role | what is here |
//! |---|---|---|---|
//! | [`wsk`] | Winsock Kernel | client | versions, calls, datagram, stream and listening sockets over IRPs |
//! | [`msquic`] | MsQuic in the kernel | client | the table of an API version, opened and closed |
//! | [`xdp`] | XDP for Windows | client, as XDP has it for network cards | capabilities, and the way to the interface's table |
//! | [`ebpf::program_information`] | eBPF for Windows, program information | provider | program types, helper functions |
//! | [`ebpf::hook`] | eBPF for Windows, hook | provider | programs, run with a context |
//! | [`ebpf::map`] | eBPF for Windows, map information | provider | map types, served by binding contexts |
//!
//! # Where the numbers come from
//! Each module names its sources: pages of Microsoft's documentation, or headers of an open-source project at the commit
//! that was read. Structures are those of a 64-bit Windows. Layouts are checked at compile time; `tests/` lets each
//! contract meet a peer that is written in C's terms, on a simulated NMR.
//!
//! **Not proved**: no real WSK, MsQuic, XDP or eBPF runs in this repository's tests.
#![no_std]

pub mod ebpf;
pub mod msquic;
pub mod wsk;
pub mod xdp;

/// Checks a layout at compile time: `layout!(Type: size, field at offset, ...)`.
macro_rules! layout {
    ($type:ty: $size:literal $(, $field:ident at $offset:literal)*) => {
        const _: () = {
            assert!(size_of::<$type>() == $size);
            $(assert!(core::mem::offset_of!($type, $field) == $offset);)*
        };
    };
}
pub(crate) use layout;
