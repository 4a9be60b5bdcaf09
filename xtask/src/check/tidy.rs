//! Tidiness: every file says what it is, none is too long, names mean something, and nothing speaks of one machine.

use super::finding::Finding;
use super::source::SourceFile;
use super::tree::Tree;

const LAW: &str = "tidy";
const MOST_LINES: usize = 500;

/// Names that say nothing about what is inside.
pub(crate) const EMPTY_NAMES: [&str; 10] =
    ["util", "utils", "common", "helper", "helpers", "manager", "managers", "misc", "shared", "stuff"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        if file.is_rust() {
            rust(file, &mut findings);
        }
        names(file, &mut findings);
        machine_paths(file, &mut findings);
    }
    findings
}

fn rust(file: &SourceFile, findings: &mut Vec<Finding>) {
    if file.path.contains("/tests/ui/") {
        // The mistakes that the macros explain. They are named after the mistake, and the compiler's answers count
        // their lines.
        return;
    }
    if let Some(fault) = file.fault() {
        findings.push(Finding::new(LAW, &file.path, 0, format!("not Rust: {fault}"), "mend it"));
    }
    if !file.text.starts_with("//! ") {
        findings.push(Finding::new(
            LAW,
            &file.path,
            1,
            "the file does not say what it is",
            "open it with a `//!` line",
        ));
    }
    let lines = file.text.lines().count();
    if lines > MOST_LINES {
        let what = format!("{lines} lines, more than {MOST_LINES}");
        findings.push(Finding::new(LAW, &file.path, lines, what, "split it at its second reason to change"));
    }
}

fn names(file: &SourceFile, findings: &mut Vec<Finding>) {
    let path = file.path.rsplit_once('.').map_or(file.path.as_str(), |(path, _)| path);
    for part in path.split('/') {
        let empty = part.split(['-', '_', '.']).find(|word| EMPTY_NAMES.contains(word));
        if let Some(word) = empty {
            let what = format!("the name {part}: {word} says nothing");
            findings.push(Finding::new(LAW, &file.path, 0, what, "name it after what it holds"));
        }
    }
}

/// The beginnings of paths that exist on one machine only, in two parts so that this file is not found by itself, and
/// whether a test may make one up.
const MACHINE_PATHS: [([&str; 2], bool); 5] = [
    (["/wo", "rk/"], false),
    (["/ro", "ot/"], false),
    (["/ho", "me/"], true),
    (["/tm", "p/"], true),
    (["\\Us", "ers\\"], true),
];

fn machine_paths(file: &SourceFile, findings: &mut Vec<Finding>) {
    for (at, line) in file.text.lines().enumerate() {
        for (parts, in_tests) in MACHINE_PATHS {
            let path = parts.concat();
            let alone =
                |before: Option<char>| !before.is_some_and(|c| c.is_alphanumeric() || "._-}>".contains(c));
            let found = line.match_indices(&path).any(|(at, _)| alone(line[..at].chars().next_back()));
            let made_up = in_tests && (file.is_desk_line(at + 1) || file.path.contains("/tests/"));
            if found && !made_up {
                let what = format!("a path of one machine, {path}");
                findings.push(Finding::new(
                    LAW,
                    &file.path,
                    at + 1,
                    what,
                    "make it relative, or a temporary folder",
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{files, places};
    use super::{MOST_LINES, check};

    fn found(path: &str, text: &str) -> Vec<String> {
        places(&check(&files(&[(path, text)])))
    }

    #[test]
    fn a_file_says_what_it_is() {
        assert_eq!(found("a.rs", "//! A.\n"), [""; 0]);
        assert_eq!(found("a.rs", "// A.\n"), ["a.rs:1"]);
        assert_eq!(found("a.rs", "#![no_std]\n//! A.\n"), ["a.rs:1"]);
        assert_eq!(found("a.rs", "//! A.\nfn {"), ["a.rs:0"]);
        assert_eq!(found("a/tests/ui/a_mistake.rs", "fn main() {}"), [""; 0]);
    }

    #[test]
    fn a_file_is_short() {
        let lines = |lines: usize| format!("//! A.\n{}", "const _: () = ();\n".repeat(lines - 1));
        assert_eq!(found("a.rs", &lines(MOST_LINES)), [""; 0]);
        assert_eq!(found("a.rs", &lines(MOST_LINES + 1)), [format!("a.rs:{}", MOST_LINES + 1)]);
    }

    #[test]
    fn a_name_means_something() {
        for bad in ["src/util.rs", "src/common/mod.rs", "crates/nmr-utils/src/lib.rs", "docs/path_helper.md"]
        {
            assert_eq!(found(bad, "//! A.\n"), [format!("{bad}:0")], "{bad}");
        }
        assert_eq!(found("src/commons_act.rs", "//! A.\n"), [""; 0]);
    }

    #[test]
    fn no_path_of_one_machine() {
        let home = ["/ho", "me/"].concat();
        assert_eq!(found("a.md", &format!("see\n{home}me/x\n")), ["a.md:2"]);
        assert_eq!(found("a.md", &format!("$ROOT{home}x a{home}x\n")), [""; 0]);
        let in_test =
            |path: &str| found("a.rs", &format!("//! A.\n#[cfg(test)]\nmod tests {{\n// {path}x\n}}\n"));
        assert_eq!(in_test(&home), [""; 0]);
        assert_eq!(in_test(&["/ro", "ot/"].concat()), ["a.rs:4"]);
    }
}
