//! The way into the log.

#![expect(
    unsafe_code,
    reason = "calls DbgPrint of ntdll.dll, which Wine's ntoskrnl.exe prints through as well"
)]

use crate::line::c_line;
use std::ffi::c_char;

#[link(name = "ntdll")]
unsafe extern "C" {
    fn DbgPrint(format: *const c_char, ...) -> u32;
}

/// Prints `text` as one line.
pub fn line(text: &str) {
    let line = c_line(text);
    // SAFETY: both are NUL-terminated, and `%s` takes one such string.
    unsafe { DbgPrint(c"%s".as_ptr(), line.as_ptr()) };
}
