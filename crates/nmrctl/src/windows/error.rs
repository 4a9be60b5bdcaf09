//! The system's words for an error number.
#![expect(unsafe_code, reason = "reads the calling thread's last error and formats it through kernel32")]

use std::ptr;

use windows_sys::Win32::Foundation::GetLastError;
use windows_sys::Win32::System::Diagnostics::Debug::{
    FORMAT_MESSAGE_FROM_SYSTEM, FORMAT_MESSAGE_IGNORE_INSERTS, FormatMessageW,
};

use crate::failure::Win32Error;

/// The error of the call that the current thread made last.
pub(super) fn last() -> Win32Error {
    // SAFETY: reads a value of the calling thread; has no precondition.
    numbered(unsafe { GetLastError() })
}

/// The error `number` with the system's text for it.
pub(super) fn numbered(number: u32) -> Win32Error {
    let mut buffer = [0_u16; 512];
    let flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
    let size = u32::try_from(buffer.len()).unwrap_or(0);
    // SAFETY: the buffer is writable for `size` units; with IGNORE_INSERTS no argument is read, and a system message
    // needs no source.
    let length =
        unsafe { FormatMessageW(flags, ptr::null(), number, 0, buffer.as_mut_ptr(), size, ptr::null()) };
    let text = String::from_utf16_lossy(&buffer[..length as usize]);
    let text = if text.trim().is_empty() { "the system has no text for it" } else { text.trim() };
    Win32Error { number, text: text.to_owned() }
}

/// Turns the BOOL of a call into its error.
pub(super) fn check(succeeded: i32) -> Result<(), Win32Error> {
    if succeeded != 0 { Ok(()) } else { Err(last()) }
}

/// Turns an error number returned by value into a result.
pub(super) fn check_number(number: u32) -> Result<(), Win32Error> {
    if number == 0 { Ok(()) } else { Err(numbered(number)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_number_has_text() {
        assert_eq!(numbered(5).number, 5);
        assert!(numbered(5).text.len() > 5, "{:?}", numbered(5));
    }
}
