//! Stamping: from an `.inx` in the sources to the `.inf` of a bundle.

use super::{Inf, Place, Problem, Problems, text};
use crate::architecture::Architecture;
use crate::moment::Moment;

/// The INF file as written to the bundle: for `architecture`, with `DriverVer` from `moment` and the workspace `version`
/// (`major.minor.patch`), ASCII, lines ended by CR LF. `name` is for messages.
pub(crate) fn stamp(
    name: &str,
    inx: &[u8],
    architecture: Architecture,
    version: &str,
    moment: Moment,
) -> Result<Vec<u8>, Problems> {
    let failed = |list| Problems { name: name.to_owned(), list };
    let driver_version = driver_version(version).ok_or_else(|| {
        let what = format!("the workspace version {version:?} is not three numbers up to 65535");
        failed(vec![Problem::new(Place::START, what, "write version = \"major.minor.patch\" in Cargo.toml")])
    })?;
    let text = text::decode(inx).map_err(|problem| failed(vec![problem]))?;
    let line_of_version = driver_ver_line(name, inx).map_err(failed)?;
    let mut problems = Vec::new();
    let mut out = String::with_capacity(text.len() + 64);
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        problems.extend(foreign_characters(number, line));
        if number == line_of_version {
            let key = line.split('=').next().unwrap_or_default();
            out.push_str(&format!("{key}= {},{driver_version}", moment.inf_date()));
        } else {
            out.push_str(&replace_tokens(number, line, architecture, &mut problems));
        }
        out.push_str("\r\n");
    }
    Problems::check(name, problems)?;
    Ok(out.into_bytes())
}

/// `x.y.z` becomes `x.y.z.0`; a pre-release tag is left out, Windows has no place for it.
fn driver_version(version: &str) -> Option<String> {
    let core = version.split(['-', '+']).next()?;
    let parts: Vec<u16> = core.split('.').map(|part| part.parse::<u16>().ok()).collect::<Option<_>>()?;
    match parts.as_slice() {
        [major, minor, patch] => Some(format!("{major}.{minor}.{patch}.0")),
        _ => None,
    }
}

fn driver_ver_line(name: &str, inx: &[u8]) -> Result<usize, Vec<Problem>> {
    let inf = Inf::parse(name, inx).map_err(|problems| problems.list)?;
    let line = inf.entry("Version", "DriverVer").map_err(|problem| vec![problem])?;
    match line {
        Some(line) => Ok(line.place().line),
        None => Err(vec![Problem::new(
            inf.place_of("Version"),
            "[Version] has no DriverVer line to stamp",
            "write `DriverVer = $DATE$,$VERSION$` below [Version]",
        )]),
    }
}

fn foreign_characters(number: usize, line: &str) -> Option<Problem> {
    let (index, char) = line
        .chars()
        .enumerate()
        .find(|(_, char)| !char.is_ascii() || (char.is_control() && *char != '\t'))?;
    let place = Place { line: number, column: index + 1 };
    Some(Problem::new(place, format!("{char:?} is not printable ASCII"), "write it in plain letters"))
}

/// Replaces `$ARCH$`. Other words between dollar signs are typing errors, but for the signatures every INF begins with.
fn replace_tokens(
    number: usize,
    line: &str,
    architecture: Architecture,
    problems: &mut Vec<Problem>,
) -> String {
    let code = line.split(';').next().unwrap_or_default();
    let mut column = 1;
    for (index, word) in code.split('$').enumerate() {
        let token =
            index % 2 == 1 && !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        if token && word != "ARCH" && word != "CHICAGO" {
            let place = Place { line: number, column: column - 1 };
            problems.push(Problem::new(
                place,
                format!("${word}$ is not a known token"),
                "write $ARCH$, the only one",
            ));
        }
        column += word.chars().count() + 1;
    }
    line.replace("$ARCH$", architecture.inf())
}

#[cfg(test)]
mod tests {
    use super::*;

    const INX: &str = "[Version]\nSignature = \"$Windows NT$\"\nDriverVer   = $DATE$,$VERSION$\n[DefaultInstall.NT$ARCH$] ; $NOTE$\n";

    fn stamped(inx: &str, version: &str) -> Result<String, Problems> {
        let moment = Moment::from_epoch(1_767_225_600).unwrap();
        stamp("x.inx", inx.as_bytes(), Architecture::X64, version, moment)
            .map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn date_version_architecture_and_line_ends_are_set() {
        let expected = "[Version]\r\nSignature = \"$Windows NT$\"\r\nDriverVer   = 01/01/2026,1.2.3.0\r\n[DefaultInstall.NTamd64] ; $NOTE$\r\n";
        assert_eq!(stamped(INX, "1.2.3").unwrap(), expected);
    }

    #[test]
    fn windows_line_ends_in_the_source_give_the_same_bytes() {
        assert_eq!(stamped(&INX.replace('\n', "\r\n"), "1.2.3"), stamped(INX, "1.2.3"));
    }

    #[test]
    fn a_pre_release_tag_is_left_out_and_nonsense_refused() {
        assert!(stamped(INX, "1.2.3-beta.1").unwrap().contains(",1.2.3.0\r\n"));
        assert!(stamped(INX, "1.2").is_err());
        assert!(stamped(INX, "1.2.70000").is_err());
    }

    #[test]
    fn a_foreign_character_is_found_by_place() {
        let problems = stamped(&format!("{INX}[A]\nk = \u{e9}\n"), "1.2.3").unwrap_err();
        assert_eq!(problems.list[0].place, Place { line: 6, column: 5 });
    }

    #[test]
    fn an_unknown_token_is_found_by_place() {
        let problems = stamped(&format!("{INX}[B.NT$ARCHH$]\n"), "1.2.3").unwrap_err();
        assert_eq!(
            problems.to_string(),
            "x.inx:5:6: $ARCHH$ is not a known token; write $ARCH$, the only one"
        );
    }

    #[test]
    fn a_missing_driver_ver_line_is_named() {
        let problems = stamped("[Version]\nSignature = \"x\"\n", "1.2.3").unwrap_err();
        assert!(problems.to_string().starts_with("x.inx:1:1: [Version] has no DriverVer"), "{problems}");
    }
}
