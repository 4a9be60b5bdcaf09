//! A lab machine made of a Wine prefix and our own Network Module Registrar.
//!
//! Wine's kernel loads our real `.sys` files, calls their DriverEntry and DriverUnload, and has a real service control
//! manager; `NETIO.SYS` is nmr-sim built for Windows. So the very bytes that are shipped are loaded, called and
//! unloaded on a developer's desk, without a virtual machine and without a screen.
//!
//! In front of Wine's kernel stands one of the lab's own ([`Kernel`]), which checks what Wine does not: levels, pool,
//! threads, DPCs, and what is left at unload.
//!
//! What such a machine does not prove: stack depth, memory that may be paged out, code integrity, the driver store, the
//! timing of interrupts, DPCs and timers, cancelled requests.
//!
//! - [`lab`]: the machine, and `nmrctl` in it;
//! - [`log`]: what it says; [`crash`]: how a crash shows;
//! - [`c_driver`]: drivers for the lab alone;
//! - [`ssh`]: the machine as something to log in to, for `cargo xtask deploy`;
//! - `sweep`: what becomes of the machines of runs that were killed;
//! - [`Kernel`]: the checking ntoskrnl.exe, which sits in front of Wine's;
//! - `template`, `machine`, `settings`, `forwarder`: how it is made.

#![cfg(unix)]

pub mod c_driver;
pub mod crash;
pub mod error;
mod forwarder;
mod kernel;
pub mod lab;
pub mod log;
mod machine;
pub mod processes;
pub mod program;
mod settings;
pub mod ssh;
mod sweep;
mod template;
pub mod wine;

pub use error::LabError;
pub use kernel::{Failing, Kernel};
pub use lab::{Lab, Nmrctl, Plan};
