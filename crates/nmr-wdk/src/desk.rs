//! The desk: std and the simulated NMR in place of the kernel.

use core::fmt;
pub use nmr::host::Loaded;
use nmr::host::{Host, HostRequest};
use nmr_sim::World;

/// The system that drivers run on: here std, with a simulated NMR.
pub type Kernel = Host<World>;

/// A request of the I/O manager: here one of std, which a peer takes over as [`nmr::host::HostIrp`].
pub type IoRequest = HostRequest;

/// Writes one line where test output goes.
pub fn log(line: fmt::Arguments<'_>) {
    std::println!("{line}");
}
