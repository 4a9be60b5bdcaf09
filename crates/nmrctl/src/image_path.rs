//! From the image path of a service to the file it names.
//!
//! The service control manager hands a driver's image path to the kernel, which reads it as an object path: five forms
//! are in use, and tools that expect only one of them report a healthy driver as missing.

/// The file that the image path `raw` of service `name` means, on a system installed in `windows`.
#[must_use]
pub fn resolve(raw: &str, name: &str, windows: &str) -> String {
    let raw = raw.trim().trim_matches('"');
    if raw.is_empty() {
        // The kernel's default for a driver without an image path.
        return format!(r"{windows}\System32\drivers\{name}.sys");
    }
    if let Some(rest) = strip_prefix_ignoring_case(raw, r"\??\") {
        return rest.to_owned();
    }
    for prefix in [r"\SystemRoot\", r"%SystemRoot%\", r"%windir%\"] {
        if let Some(rest) = strip_prefix_ignoring_case(raw, prefix) {
            return format!(r"{windows}\{rest}");
        }
    }
    let has_drive = raw.as_bytes().get(1) == Some(&b':');
    if has_drive || raw.starts_with('\\') {
        raw.to_owned()
    } else {
        // A relative path starts in the Windows folder.
        format!(r"{windows}\{raw}")
    }
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, expected: &str) {
        assert_eq!(resolve(raw, "echo", r"C:\Windows"), expected, "{raw}");
    }

    #[test]
    fn every_form_in_use_is_read() {
        check(
            r"\SystemRoot\System32\DriverStore\FileRepository\e\echo.sys",
            r"C:\Windows\System32\DriverStore\FileRepository\e\echo.sys",
        );
        check(r"\systemroot\system32\drivers\echo.sys", r"C:\Windows\system32\drivers\echo.sys");
        check(r"%SystemRoot%\system32\echo.sys", r"C:\Windows\system32\echo.sys");
        check(r"system32\DRIVERS\echo.sys", r"C:\Windows\system32\DRIVERS\echo.sys");
        check(r"\??\D:\lab\echo.sys", r"D:\lab\echo.sys");
        check(r#""C:\with blank\echo.sys""#, r"C:\with blank\echo.sys");
        check(r"\Device\HarddiskVolume2\echo.sys", r"\Device\HarddiskVolume2\echo.sys");
    }

    #[test]
    fn without_a_path_the_drivers_folder_is_meant() {
        check("", r"C:\Windows\System32\drivers\echo.sys");
    }

    #[test]
    fn a_letter_outside_ascii_is_not_cut() {
        check(r"äöüßäöüßäöüß.sys", r"C:\Windows\äöüßäöüßäöüß.sys");
    }
}
