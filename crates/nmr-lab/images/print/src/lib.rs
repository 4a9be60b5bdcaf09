//! Debugger messages of the lab's own images. They stand in the machine's log in order with what drivers print.
//!
//! On hosts other than Windows there is nothing to print to, and only the form of a line is built.

#[cfg(any(windows, test))]
mod line;
#[cfg(windows)]
mod ntdll;

#[cfg(windows)]
pub use ntdll::line;

/// The longest line that is printed. Wine's kernel dies of a debugger message of about a thousand bytes.
pub const LONGEST_LINE: usize = 500;
