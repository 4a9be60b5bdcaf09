//! The guide shows code that is compiled: every block of Rust or C in it stands, line for line, in a source of this package.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(below: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(folder().join(below)).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("readable").path());
    let wanted = paths.filter(|path| path.extension().is_some_and(|found| found == ending));
    wanted.map(|path| (path.clone(), fs::read_to_string(path).expect("text"))).collect()
}

/// The blocks of `language` in `text`.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    let after = text.split(opening.as_str()).skip(1);
    after.map(|rest| rest.split_once("```").expect("the block ends").0).collect()
}

/// Whether `block` is part of `source`, as it is, or further to the left.
fn stands_in(block: &str, source: &str) -> bool {
    let lines: Vec<&str> = source.lines().collect();
    let wanted: Vec<&str> = block.trim_end().lines().collect();
    let first = wanted[0];
    lines.windows(wanted.len()).any(|window| {
        let Some(indent) = window[0].strip_suffix(first) else { return false };
        indent.trim().is_empty()
            && window
                .iter()
                .zip(&wanted)
                .all(|(line, wanted)| line.strip_prefix(indent).unwrap_or(line.trim_start()) == *wanted)
    })
}

#[test]
fn every_block_is_compiled() {
    let sources = [files("src", "rs"), files("tests", "rs"), files("c", "c")].concat();
    let mut seen = 0;
    for (path, text) in files("", "md") {
        for block in [blocks(&text, "rust"), blocks(&text, "c")].concat() {
            seen += 1;
            let found = sources.iter().any(|(_, source)| stands_in(block, source));
            assert!(found, "{}: in no source of this package:\n{block}", path.display());
        }
        let fences = text.matches("```").count();
        let known: usize =
            ["rust", "c", "sh", "text"].iter().map(|language| blocks(&text, language).len()).sum();
        assert_eq!(fences, 2 * known, "{}: each block says its language", path.display());
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn a_block_that_differs_is_found() {
    let source = "mod m {\n    fn f() {\n        g();\n    }\n}\n";
    assert!(stands_in("fn f() {\n    g();\n}\n", source));
    assert!(!stands_in("fn f() {\n    h();\n}\n", source));
    assert!(!stands_in("fn f() {\ng();\n}\n", source));
}

/// Against the headers of nmr-sim, which are those of Windows as far as NMR goes.
#[test]
fn the_driver_in_c_is_c() {
    let include = folder().join("../crates/nmr-sim/include");
    for (path, _) in files("c", "c") {
        let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let output = Command::new(compiler)
            .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I"])
            .args([&include, &path])
            .output()
            .expect("building Rust needs a C compiler");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
