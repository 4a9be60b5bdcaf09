//! The Windows kernel.

mod clock;
mod dpc;
pub mod entry;
mod event;
mod irql;
mod lock;
mod netio;
mod panic;
mod parameters;
mod processor;
mod stop;
mod system;
mod thread;

use core::fmt;
pub use system::Kernel;

/// Writes one line to the debugger with `DbgPrint`. IRQL <= DIRQL.
pub fn log(line: fmt::Arguments<'_>) {
    wdk::println!("{line}");
}
