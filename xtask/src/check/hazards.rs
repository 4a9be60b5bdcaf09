//! The hazards of ARCHITECTURE.md: each test that the tables name exists, and each proof of the contract is in a table.

use std::collections::BTreeSet;

use syn::{Attribute, Item};

use super::finding::Finding;
use super::tree::Tree;

const LAW: &str = "hazards";
const TABLE: &str = "ARCHITECTURE.md";
const HEADING: &str = "## Hazards";

/// The crates whose tests the tables may name.
const CRATES: [&str; 2] = ["crates/nmr/", "crates/nmr-sim/"];

/// The folders of which every test is in a table.
const PROOFS: [&str; 2] = ["crates/nmr/tests/contract_rows/", "crates/nmr/tests/bug_classes/"];

/// The edge cases of NMR's contract are numbered from 1 to this; the tests of each begin with `row_` and the number.
const ROWS: usize = 23;

/// A name in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mention {
    line: usize,
    name: String,
}

/// A test in the sources.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Test {
    file: String,
    line: usize,
    /// Module by module, then the function: `contract_rows::answers::row_21_versions`.
    path: String,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(table) = tree.file(TABLE) else {
        return vec![Finding::new(LAW, TABLE, 0, "the file is not there", "write it")];
    };
    let mentions = mentions(&table.text);
    let tests = tests(tree);
    let mut findings = Vec::new();
    for Mention { line, name } in &mentions {
        let found = match name.strip_prefix("tests/ui/") {
            Some(_) => tree.file(&format!("crates/nmr/{name}")).is_some(),
            None => tests.iter().any(|test| names(name, &test.path)),
        };
        if !found {
            let what = format!("there is no test {name}");
            findings.push(Finding::new(LAW, TABLE, *line, what, "name the test that guards this hazard now"));
        }
    }
    for test in tests.iter().filter(|test| PROOFS.iter().any(|folder| test.file.starts_with(folder))) {
        if !mentions.iter().any(|mention| names(&mention.name, &test.path)) {
            let what = format!("{} is in no table of hazards", test.path);
            findings.push(Finding::new(LAW, &test.file, test.line, what, format!("add it to {TABLE}")));
        }
    }
    let rows: BTreeSet<_> = mentions.iter().filter_map(|mention| row(&mention.name)).collect();
    for missing in (1..=ROWS).filter(|row| !rows.contains(row)) {
        let what = format!("row {missing} of the contract's edge cases has no test in the table");
        findings.push(Finding::new(
            LAW,
            TABLE,
            0,
            what,
            format!("write row_{missing:02}_*, and name it there"),
        ));
    }
    findings
}

/// The names of tests in the section: what stands in back quotes and is a path of modules, or a file of `tests/ui`.
fn mentions(text: &str) -> Vec<Mention> {
    let lines = text.lines().enumerate().skip_while(|(_, line)| *line != HEADING).skip(1);
    let section = lines.take_while(|(_, line)| !line.starts_with("## "));
    let quoted =
        section.flat_map(|(at, line)| line.split('`').skip(1).step_by(2).map(move |name| (at + 1, name)));
    let names = quoted.filter(|(_, name)| is_path(name) || name.starts_with("tests/ui/"));
    names.map(|(line, name)| Mention { line, name: name.to_owned() }).collect()
}

/// Whether `name` is a path to a test, of lower-case words, the last of which may end in an asterisk.
fn is_path(name: &str) -> bool {
    let word = |word: &str| {
        let word = word.strip_suffix('*').unwrap_or(word);
        word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    name.contains("::") && name.split("::").all(word)
}

/// Whether `name` stands for the test at `path`: for its last modules and its function, or for all that begin so.
fn names(name: &str, path: &str) -> bool {
    let (mut name, mut path) = (name.rsplit("::"), path.rsplit("::"));
    let function = match (name.next(), path.next()) {
        (Some(name), Some(path)) => match name.strip_suffix('*') {
            Some(beginning) => path.starts_with(beginning),
            None => path == name,
        },
        _ => false,
    };
    function && name.all(|module| path.next() == Some(module))
}

/// The row of the contract that a test is about.
fn row(name: &str) -> Option<usize> {
    let (number, _) = name.rsplit("::").next()?.strip_prefix("row_")?.split_once('_')?;
    number.parse().ok()
}

fn tests(tree: &Tree) -> Vec<Test> {
    let mut tests = Vec::new();
    for file in tree.files().iter().filter(|file| CRATES.iter().any(|of| file.path.starts_with(of))) {
        if let Some(syntax) = file.syntax() {
            collect(&syntax.items, &modules(&file.path), &file.path, &mut tests);
        }
    }
    tests
}

/// The modules that a file is, below the crate or the folder of the test target: `src/rundown/tests.rs` is
/// `rundown::tests`, `tests/contract_rows/answers.rs` is `contract_rows::answers`.
fn modules(path: &str) -> Vec<String> {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let inside = path.split('/').skip(3);
    inside.filter(|part| !["mod", "main", "lib"].contains(part)).map(str::to_owned).collect()
}

fn collect(items: &[Item], modules: &[String], file: &str, tests: &mut Vec<Test>) {
    for item in items {
        match item {
            Item::Mod(module) => {
                if let Some((_, items)) = &module.content {
                    let inner = [modules, &[module.ident.to_string()]].concat();
                    collect(items, &inner, file, tests);
                }
            }
            Item::Fn(function) if is_test(&function.attrs) => {
                let path = [modules, &[function.sig.ident.to_string()]].concat().join("::");
                tests.push(Test {
                    file: file.to_owned(),
                    line: function.sig.ident.span().start().line,
                    path,
                });
            }
            _ => {}
        }
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("test"))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{files, places};
    use super::{ROWS, check, is_path, mentions, names};

    const TESTS: &str = "//! T.\n#[test]\nfn row_01_a() {}\nmod inner {\n#[test]\nfn b() {}\nfn c() {}\n}\n";

    /// Every row but those of the test, which `lines` are about.
    fn found(lines: &str) -> Vec<String> {
        let rows: String = (2..=ROWS).map(|row| format!("`all::row_{row:02}_r`")).collect();
        let others: String = (2..=ROWS).map(|row| format!("#[test] fn row_{row:02}_r() {{}}\n")).collect();
        let tree = files(&[
            ("ARCHITECTURE.md", &format!("## Hazards\n{lines}\n{rows}\n## Next\n`not::a_hazard`\n")),
            ("crates/nmr/tests/contract_rows/all.rs", &format!("//! R.\n{others}")),
            ("crates/nmr/tests/bug_classes/file.rs", TESTS),
            ("crates/nmr/tests/ui/mistake.rs", "fn main() {}"),
        ]);
        places(&check(&tree))
    }

    #[test]
    fn each_name_is_a_test_and_each_proof_is_named() {
        assert_eq!(found("| `file::row_01_a` | `file::inner::b`, `tests/ui/mistake.rs` |"), [""; 0]);
        assert_eq!(found("`file::row_01_*` `bug_classes::file::inner::*`"), [""; 0]);
        assert_eq!(found("`file::row_01_a` `inner::b` `inner::c`"), ["ARCHITECTURE.md:2"], "c is no test");
        assert_eq!(found("`file::row_01_a`"), ["crates/nmr/tests/bug_classes/file.rs:6"], "b is forgotten");
        assert_eq!(
            found("`inner::b` `tests/ui/none.rs`"),
            ["ARCHITECTURE.md:2", "crates/nmr/tests/bug_classes/file.rs:3", "ARCHITECTURE.md:0"],
            "and row 1 has no test"
        );
    }

    #[test]
    fn a_name_ends_the_path_of_its_test() {
        assert!(names("b::c", "a::b::c") && names("c*", "a::cd") && names("a::*", "a::x"));
        for (name, path) in [("a::c", "a::b::c"), ("b::c", "c"), ("c", "a::cd"), ("c*", "a::bc")] {
            assert!(!names(name, path), "{name} {path}");
        }
    }

    #[test]
    fn names_are_what_stands_in_back_quotes_and_looks_like_one() {
        assert!(is_path("rundown::tests::a_1") && is_path("rollback::*"));
        assert!(!is_path("Completer::complete") && !is_path("MayWait") && !is_path("unload.rs"));
        let found = mentions("`a::b`\n## Hazards\n`Completer::complete` and `c::d` x `e`\n");
        assert_eq!(
            found.iter().map(|mention| (mention.line, mention.name.as_str())).collect::<Vec<_>>(),
            [(3, "c::d")]
        );
    }
}
