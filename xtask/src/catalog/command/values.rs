//! The values of the command line, read and refused one by one.

use std::path::{Path, PathBuf};

use anyhow::Result;
use time::{Date, Month, Time, UtcDateTime};

use crate::architecture::Architecture;
use crate::exit;

/// `x64`, `arm64`, `x86` or `arm`.
pub(super) fn architecture(text: &str) -> Result<Architecture, String> {
    let found = Architecture::OF_INFS.into_iter().find(|known| known.name() == text);
    found.ok_or_else(|| "expected x64, arm64, x86 or arm".to_owned())
}

/// Versions as a file's attribute has them.
pub(super) fn versions(text: &str) -> Result<String, String> {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let version = |part: &str| {
        let rest = part.strip_prefix("2:").and_then(|rest| rest.split_once('.'));
        rest.is_some_and(|(major, minor)| number(major) && number(minor))
    };
    if text.split(',').all(version) {
        Ok(text.to_owned())
    } else {
        Err("expected 2:10.0, or 2:6.3,2:10.0".to_owned())
    }
}

/// A GUID, `{12345678-1234-...}`, in the byte order of Windows; or the 32 digits of its bytes as they stand in a catalog.
pub(super) fn identifier(text: &str) -> Result<[u8; 16], String> {
    let expected = || "expected a GUID, or the 32 hexadecimal digits of its bytes".to_owned();
    let inner = text.trim_start_matches('{').trim_end_matches('}');
    let digits: String = inner.chars().filter(|char| *char != '-').collect();
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(expected());
    }
    let mut bytes = u128::from_str_radix(&digits, 16).map_err(|_| expected())?.to_be_bytes();
    if inner.contains('-') {
        if !inner.split('-').map(str::len).eq([8, 4, 4, 4, 12]) {
            return Err(expected());
        }
        bytes[..4].reverse();
        bytes[4..6].reverse();
        bytes[6..8].reverse();
    }
    Ok(bytes)
}

/// Seconds since 1970; or a moment in UTC, as people write it or as a catalog has it (`260131120000Z`).
pub(super) fn time(text: &str) -> Result<u64, String> {
    let expected =
        || "expected seconds since 1970, or like 2026-01-31T12:00:00Z, between 1970 and 2049".to_owned();
    let seconds = match text.strip_suffix(['Z', 'z']) {
        None => text.parse().map_err(|_| expected())?,
        Some(moment) => {
            let digits: String = moment.chars().filter(|char| !"-:Tt ".contains(*char)).collect();
            let digits = if digits.len() == 12 { century(&digits) } else { digits };
            moment_of(&digits).ok_or_else(expected)?
        }
    };
    // What fits into a catalog.
    if seconds < 2_524_608_000 { Ok(seconds) } else { Err(expected()) }
}

fn century(digits: &str) -> String {
    format!("{}{digits}", if digits < "5" { "20" } else { "19" })
}

/// `yyyymmddhhmmss`
fn moment_of(digits: &str) -> Option<u64> {
    if digits.len() != 14 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize| digits[from..from + 2].parse::<u8>().ok();
    let month = Month::try_from(part(4)?).ok()?;
    let date = Date::from_calendar_date(digits[..4].parse().ok()?, month, part(6)?).ok()?;
    let time = Time::from_hms(part(8)?, part(10)?, part(12)?).ok()?;
    u64::try_from(UtcDateTime::new(date, time).unix_timestamp()).ok()
}

/// Where the catalogs `names` go: beside the INF files, to the folder `output`, or, when there is one, to that file.
pub(super) fn destinations<'a>(
    folder: &Path,
    output: Option<&Path>,
    names: impl ExactSizeIterator<Item = &'a String>,
) -> Result<Vec<PathBuf>> {
    let Some(output) = output else { return Ok(names.map(|name| folder.join(name)).collect()) };
    let is_catalog = output.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("cat"));
    if is_catalog && !output.is_dir() {
        if names.len() > 1 {
            return Err(exit::usage(format!(
                "-o names a file, and there are {} catalogs: name a folder",
                names.len()
            )));
        }
        return Ok(vec![output.to_owned()]);
    }
    if !output.is_dir() {
        return Err(exit::usage(format!(
            "there is no folder {}; make it, or name a .cat file",
            output.display()
        )));
    }
    // Catalogs of sub-folders too lie in one folder.
    let file = |name: &String| output.join(name.rsplit('/').next().unwrap_or_default());
    let paths: Vec<PathBuf> = names.map(file).collect();
    match paths.iter().enumerate().find(|(index, path)| paths[..*index].contains(path)) {
        Some((_, twice)) => {
            Err(exit::usage(format!("two catalogs would be {}: leave -o out", twice.display())))
        }
        None => Ok(paths),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_three_ways() {
        for text in ["1767225601", "2026-01-01T00:00:01Z", "260101000001Z"] {
            assert_eq!(time(text), Ok(1_767_225_601), "{text}");
        }
        for text in ["", "-1", "2026-13-01T00:00:00Z", "500101000000Z", "2524608000", "26010100000Z", "x"] {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_guid_is_turned_into_the_order_of_windows() {
        let guid = identifier("{00112233-4455-6677-8899-aabbccddeeff}").unwrap();
        let bytes = identifier("33221100554477668899aabbccddeeff").unwrap();
        assert_eq!(guid, bytes);
        for text in
            ["", "0011", "{00112233-4455-6677-8899-aabbccddeefg}", "00112233445566778899aabbccddee-ff"]
        {
            assert!(identifier(text).is_err(), "{text}");
        }
    }

    #[test]
    fn versions_are_versions() {
        assert!(versions("2:6.3,2:10.0").is_ok());
        for text in ["", "10.0", "2:10", "2:10.0,", "2:a.b"] {
            assert!(versions(text).is_err(), "{text}");
        }
    }

    #[test]
    fn one_catalog_may_go_to_a_file_and_several_to_a_folder() {
        let root = tempfile::tempdir().unwrap();
        let (one, two) = (vec!["a.cat".to_owned()], vec!["a.cat".to_owned(), "b.cat".to_owned()]);
        let package = Path::new("package");
        let to = |output: Option<&Path>, names: &[String]| destinations(package, output, names.iter());
        assert_eq!(to(None, &two).unwrap(), [package.join("a.cat"), package.join("b.cat")]);
        let file = root.path().join("x.cat");
        assert_eq!(to(Some(&file), &one).unwrap(), std::slice::from_ref(&file));
        assert!(to(Some(&file), &two).is_err());
        assert_eq!(to(Some(root.path()), &two).unwrap().len(), 2);
        assert!(to(Some(&root.path().join("none")), &one).is_err());
    }
}
