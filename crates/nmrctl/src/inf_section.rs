//! Which section of an INF suits a machine.
//!
//! Windows chooses among `DefaultInstall.NTamd64`, `DefaultInstall.NTamd64.10.0...16299` and so on by itself. Older
//! SetupAPI versions know only some of these decorations and then silently do nothing, so the choice is made here and
//! the section is called by its full name.

/// The processor architecture and system version a section must suit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// The architecture as INF files spell it: `amd64`, `arm64`.
    pub architecture: &'a str,
    /// Major and minor version and build number of the system.
    pub version: (u32, u32, u32),
}

/// The text of an INF file, which is UTF-16 with a byte order mark, or UTF-8, or ASCII.
#[must_use]
pub fn decode(bytes: &[u8]) -> String {
    let utf16 = |unit: fn([u8; 2]) -> u16| -> String {
        let units: Vec<u16> = bytes[2..].as_chunks().0.iter().map(|pair| unit(*pair)).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, ..] => utf16(u16::from_le_bytes),
        [0xfe, 0xff, ..] => utf16(u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).trim_start_matches('\u{feff}').to_owned(),
    }
}

/// The full name of the section for `base` (`DefaultInstall` or `DefaultUninstall`) that suits `target` best: the one
/// that asks for the newest system among those this system satisfies. `None` if the INF has none.
#[must_use]
pub fn best(inf: &str, base: &str, target: Target<'_>) -> Option<String> {
    section_names(inf)
        .filter_map(|name| Some((requirement(name, base, target)?, name)))
        .max_by_key(|(version, _)| *version)
        .map(|(_, name)| name.to_owned())
}

/// The names of all sections, as written.
fn section_names(inf: &str) -> impl Iterator<Item = &str> {
    inf.lines().filter_map(|line| line.trim().strip_prefix('[')?.split_once(']').map(|(name, _)| name.trim()))
}

/// The version that section `name` asks for, if it is a `base` section that suits `target`. A section without
/// decoration suits every machine and is the last choice.
fn requirement(name: &str, base: &str, target: Target<'_>) -> Option<(u32, u32, u32)> {
    let mut parts = name.split('.');
    if !parts.next()?.eq_ignore_ascii_case(base) {
        return None;
    }
    let Some(decoration) = parts.next() else { return Some((0, 0, 0)) };
    let (nt, architecture) = decoration.split_at_checked(2)?;
    let suits = nt.eq_ignore_ascii_case("nt") && architecture.eq_ignore_ascii_case(target.architecture);
    if !suits {
        return None;
    }
    // NTamd64.<major>.<minor>.<product type>.<suite>.<build>, each of them optional.
    let mut number = |skip: usize| match parts.nth(skip) {
        None | Some("") => Some(0),
        Some(digits) => digits.parse().ok(),
    };
    let wanted = (number(0)?, number(0)?, number(2)?);
    (wanted <= target.version).then_some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMD64: Target<'_> = Target { architecture: "amd64", version: (10, 0, 18362) };

    #[test]
    fn the_newest_satisfied_decoration_wins() {
        let inf = "[DefaultInstall]\n[DefaultInstall.NTamd64]\n[DefaultInstall.NTamd64.10.0...16299]\n\
                   [DefaultInstall.NTamd64.10.0...22000]\n";
        assert_eq!(best(inf, "DefaultInstall", AMD64).unwrap(), "DefaultInstall.NTamd64.10.0...16299");
    }

    #[test]
    fn sections_of_another_architecture_or_purpose_do_not_count() {
        let inf = "[DefaultInstall.NTarm64]\n[DefaultUninstall.NTamd64]\n[DefaultInstall.NTamd64.Services]\n";
        assert_eq!(best(inf, "DefaultInstall", AMD64), None);
    }

    #[test]
    fn names_are_read_whatever_their_case_and_returned_as_written() {
        let inf = "; comment\r\n [ defaultinstall.ntAMD64 ] ; comment\r\n";
        assert_eq!(best(inf, "DefaultInstall", AMD64).unwrap(), "defaultinstall.ntAMD64");
    }

    #[test]
    fn both_encodings_of_inf_files_are_read() {
        let text = "[Version]\r\n";
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let big: Vec<u8> =
            [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
        assert_eq!(decode(&utf16), text);
        assert_eq!(decode(&big), text);
        assert_eq!(decode(b"\xef\xbb\xbf[Version]\r\n"), text);
        assert_eq!(decode(text.as_bytes()), text);
    }
}
