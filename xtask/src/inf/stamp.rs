//! Stamping: from an `.inx` in the sources to the `.inf` of a bundle.

use super::{Inf, Place, Problem, Problems, rule, text};
use crate::architecture::Architecture;
use crate::moment::Moment;

/// The INF file as written to the bundle: for `architecture`, with `DriverVer` from `moment` and the workspace `version`
/// (`major.minor.patch`), and a `CatalogFile` called like the file if it names none; ASCII, lines ended by CR LF. `name`
/// is the source's, for messages too.
pub(crate) fn stamp(
    name: &str,
    inx: &[u8],
    architecture: Architecture,
    version: &str,
    moment: Moment,
) -> Result<Vec<u8>, Problems> {
    let driver_version = driver_version(version).ok_or_else(|| {
        let what = format!("the workspace version {version:?} is not three numbers up to 65535");
        let instead = "write version = \"major.minor.patch\" in Cargo.toml";
        Problems::new(name, vec![Problem::new(rule::STAMP, Place::START, what, instead)])
    })?;
    let text = text::decode(inx).map_err(|problem| Problems::new(name, vec![problem]))?.text;
    let lines = Lines::find(name, inx)?;
    let mut problems = Vec::new();
    let mut out = String::with_capacity(text.len() + 64);
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        problems.extend(foreign_characters(number, line));
        if Some(number) == lines.driver_ver {
            let key = line.split('=').next().unwrap_or_default();
            out.push_str(&format!("{key}= {},{driver_version}", moment.inf_date()));
        } else {
            out.push_str(&replace_tokens(number, line, architecture, &mut problems));
        }
        out.push_str("\r\n");
        if number == lines.version && lines.driver_ver.is_none() {
            out.push_str(&format!("DriverVer = {},{driver_version}\r\n", moment.inf_date()));
        }
        if number == lines.version && !lines.has_catalog {
            out.push_str(&format!("CatalogFile = {}.cat\r\n", stem(name)));
        }
    }
    Problems::check(name, problems)?;
    Ok(out.into_bytes())
}

/// The name of the file without its folder and its ending.
fn stem(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
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

/// The lines that stamping writes, counted from one.
struct Lines {
    /// The header of [Version].
    version: usize,
    driver_ver: Option<usize>,
    has_catalog: bool,
}

impl Lines {
    fn find(name: &str, inx: &[u8]) -> Result<Self, Problems> {
        let inf = Inf::parse(name, inx)?;
        let failed = |problem| Problems::new(name, vec![problem]);
        if !inf.has("Version") {
            let what = "there is no section [Version] to stamp";
            return Err(failed(Problem::new(rule::STAMP, Place::START, what, "add it")));
        }
        let driver_ver = inf.entry("Version", "DriverVer").map_err(failed)?;
        let is_catalog = |key: &str| key.to_ascii_lowercase().starts_with("catalogfile");
        let mut keys =
            inf.section("Version").unwrap_or_default().into_iter().filter_map(|line| line.key.as_ref());
        Ok(Self {
            version: inf.place_of("Version").line,
            driver_ver: driver_ver.map(|line| line.place().line),
            has_catalog: keys.any(|key| is_catalog(&key.text)),
        })
    }
}

fn foreign_characters(number: usize, line: &str) -> Option<Problem> {
    let (index, char) = line
        .chars()
        .enumerate()
        .find(|(_, char)| !char.is_ascii() || (char.is_control() && *char != '\t'))?;
    let place = Place { line: number, column: index + 1 };
    Some(Problem::new(
        rule::STAMP,
        place,
        format!("{char:?} is not printable ASCII"),
        "write it in plain letters",
    ))
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
                rule::STAMP,
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

    const INX: &str = "[Version]\nSignature = \"$Windows NT$\"\nDriverVer   = $DATE$,$VERSION$\nCatalogFile = x.cat\n[DefaultInstall.NT$ARCH$] ; $NOTE$\n";

    fn stamped(inx: &str, version: &str) -> Result<String, Problems> {
        let moment = Moment::from_epoch(1_767_225_600).unwrap();
        stamp("x.inx", inx.as_bytes(), Architecture::X64, version, moment)
            .map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn date_version_architecture_and_line_ends_are_set() {
        let expected = "[Version]\r\nSignature = \"$Windows NT$\"\r\nDriverVer   = 01/01/2026,1.2.3.0\r\nCatalogFile = x.cat\r\n[DefaultInstall.NTamd64] ; $NOTE$\r\n";
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
        assert_eq!(problems.list[0].place, Place { line: 7, column: 5 });
    }

    #[test]
    fn an_unknown_token_is_found_by_place() {
        let problems = stamped(&format!("{INX}[B.NT$ARCHH$]\n"), "1.2.3").unwrap_err();
        assert_eq!(
            problems.to_string(),
            "x.inx:6:6: $ARCHH$ is not a known token; write $ARCH$, the only one [stamp]"
        );
    }

    #[test]
    fn what_is_missing_is_added_below_the_header() {
        let made = stamped("[Version]\nSignature = \"x\"\n", "1.2.3").unwrap();
        let expected =
            "[Version]\r\nDriverVer = 01/01/2026,1.2.3.0\r\nCatalogFile = x.cat\r\nSignature = \"x\"\r\n";
        assert_eq!(made, expected);
        let problems = stamped("[A]\n", "1.2.3").unwrap_err();
        assert!(problems.to_string().starts_with("x.inx:1:1: there is no section [Version]"), "{problems}");
    }
}
