//! Which names may become paths and words of command lines, here and on the target, without quoting.

/// Whether `path` is relative, stays inside its folder on every system, and needs no quoting: parts of letters, digits,
/// `.`, `-` and `_`, separated by `/`; no part is empty, starts or ends with a dot, or is a Windows device name.
pub fn is_plain_path(path: &str) -> bool {
    path.len() <= 200 && path.split('/').all(is_plain_name)
}

fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(is_plain_byte)
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !is_device_name(name)
}

/// Whether a plain path may have it, besides the `/`.
pub(crate) fn is_plain_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".-_".contains(&byte)
}

/// Windows opens a device for these names, whatever folder and extension they carry.
fn is_device_name(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
    };
    ["con", "prn", "aux", "nul"].contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

/// Whether a driver's service may have this name: up to 64 letters, digits, `-` and `_`, so that it needs no quoting.
pub fn is_service_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_the_bundle_are_not_plain() {
        for path in [
            "", "/x", "x/", "a//b", "../x", "a/../x", ".", ".hidden", "a\\b", "C:x", "x.", "NUL", "com1.txt",
            "a b", "é",
        ] {
            assert!(!is_plain_path(path), "{path:?}");
        }
        for path in ["x", "a/b.sys", "echo-provider/echo_provider.inf", "console.txt", "com10"] {
            assert!(is_plain_path(path), "{path:?}");
        }
    }

    #[test]
    fn a_service_s_name_needs_no_quoting() {
        for name in ["a", "echo-provider", "A_1", &"x".repeat(64)] {
            assert!(is_service_name(name), "{name}");
        }
        for name in ["", "a b", "a.b", "a/b", "ä", &"x".repeat(65)] {
            assert!(!is_service_name(name), "{name}");
        }
    }
}
