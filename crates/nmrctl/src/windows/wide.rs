//! Text as Windows takes and gives it: UTF-16, ended by zero.

use std::os::windows::ffi::OsStrExt as _;
use std::path::Path;

/// `text` with its terminating zero.
pub(super) fn from_text(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// `path` with its terminating zero.
pub(super) fn from_path(path: &Path) -> Vec<u16> {
    path.as_os_str().encode_wide().chain([0]).collect()
}

/// The text before the first zero of `units`.
pub(super) fn to_text(units: &[u16]) -> String {
    let end = units.iter().position(|&unit| unit == 0).unwrap_or(units.len());
    String::from_utf16_lossy(&units[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_the_way_there_and_back() {
        for text in ["", "echo", "Gerät"] {
            assert_eq!(to_text(&from_text(text)), text);
        }
    }
}
