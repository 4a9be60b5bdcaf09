//! The desk: std and the simulated NMR in place of the kernel.

use core::fmt;
use nmr::host::Host;
pub use nmr::host::Loaded;
use nmr_sim::World;

/// The system that drivers run on: here std, with a simulated NMR.
pub type Kernel = Host<World>;

/// Writes one line where test output goes.
pub fn log(line: fmt::Arguments<'_>) {
    std::println!("{line}");
}
