//! What drivers of the [`nmr`] framework link against: the Windows kernel behind every seam of the framework.
//!
//! In a driver build ([`Kernel`] is the Windows kernel) this crate imports the nine Nmr* functions of NETIO.SYS and the
//! kernel routines that the framework's locks, events, threads and log stand on, makes DriverEntry and Unload for
//! `nmr::driver!`, and holds the panic handler. On any other build the same drivers run on a desk: [`Kernel`] is std
//! with [`nmr_sim::World`](https://docs.rs/nmr-sim) as NMR, and there is no entry point.
//!
//! # Stop codes
//! A driver of this framework stops the machine in three cases only, with codes of its own:
//!
//! | code | letters | meaning | parameters |
//! |---|---|---|---|
//! | 0x4E4D5250 | `NMRP` | a panic | FNV-1a hash of the source file's path as in the log line, line, column, 0 |
//! | 0x4E4D5244 | `NMRD` | NmrDeregister* failed | its NTSTATUS, side, and NPI as two halves |
//! | 0x4E4D5257 | `NMRW` | NmrWaitFor*DeregisterComplete failed | its NTSTATUS, side, and NPI as two halves |
//!
//! The side of the registration is 1 for a client and 2 for a provider. The halves of the NPI's GUID read like its text:
//! the first eight bytes, then the last eight. A driver declared with `on_failure: park` is not stopped by the last two.
//!
//! # While Unload waits
//! Every 10 seconds it says in the debugger's log, and in the string value `UnloadBlocker` below the service's
//! `Parameters` key, for whom: NPI, side, the peer's module id, calls in flight, age. When it is over the value says so.

#![cfg_attr(nmr_driver, no_std)]
#![allow(
    unsafe_code,
    reason = "driver_entry! exports what the I/O manager calls; it expands in drivers only"
)]

#[cfg(nmr_driver)]
mod kernel;
#[cfg(nmr_driver)]
pub use kernel::{IoRequest, Kernel, entry, log};

#[cfg(not(nmr_driver))]
mod desk;
#[cfg(not(nmr_driver))]
pub use desk::{IoRequest, Kernel, Loaded, log};

#[cfg(any(nmr_driver, test))]
mod device_name;
mod driver_entry;
#[cfg(any(nmr_driver, test))]
mod security_descriptor;

pub use nmr;

/// Writes a line to the debugger's log, as `println!` does to a console.
#[macro_export]
macro_rules! println {
    ($($argument:tt)*) => {
        $crate::log(::core::format_args!($($argument)*))
    };
}
