//! The NPIs of eBPF for Windows that an extension provides: program information, hook, map information.
//!
//! Sources: `include/ebpf_extension.h`, `ebpf_program_types.h`, `ebpf_windows.h`, `ebpf_extension_uuids.h` and
//! `docs/eBpfExtensions.md` of microsoft/ebpf-for-windows at 0be2d1c, MIT licence. Where that page and the code differ the
//! code counts: the NPI identifiers are fixed, and the program or attach type is the provider's *module id*
//! (`module_id:` of the registration in `driver!`).
//!
//! eBPF's core registers a client for each program, link and map, and wants the provider to have attached when
//! `NmrRegisterClient` returns: an extension must not refuse for want of capacity, so give the registration enough.
//!
//! Structures begin with `ebpf_extension_header_t` ([`nmr::TotalHeader`]): `size` ends with the last field, `total_size`
//! with the padding behind it.

pub mod hook;
pub mod map;
pub mod program_information;
