//! Law 3: unsafe is opt-in per file, with one sentence why, and every use cites an invariant or a documented rule.
//! Drivers forbid it.

use super::finding::Finding;
use super::source::SourceFile;
use super::tokens::{Kind, Token, find, inside};
use super::tree::Tree;

const LAW: &str = "law 3";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        permission(file, &mut findings);
        reasons(file, &mut findings);
        if is_driver(&file.path) && !forbids(file) {
            findings.push(Finding::new(
                LAW,
                &file.path,
                0,
                "a driver crate that does not forbid unsafe code",
                "write #![forbid(unsafe_code)] at its top",
            ));
        }
    }
    for package in tree.packages() {
        let manifest = package.manifest();
        let inherits =
            tree.file(&manifest).is_none_or(|file| file.text.contains("[lints]\nworkspace = true"));
        if !inherits {
            findings.push(Finding::new(
                LAW,
                &manifest,
                0,
                "the package does not take the lints of the workspace, which deny unsafe code",
                "add `[lints]` with `workspace = true`",
            ));
        }
    }
    findings
}

fn is_driver(path: &str) -> bool {
    let rest = path.strip_prefix("drivers/").and_then(|path| path.split_once('/'));
    rest.is_some_and(|(_, path)| path == "src/lib.rs")
}

fn forbids(file: &SourceFile) -> bool {
    !find(file.tokens(), "# ! [ forbid ( unsafe_code ) ]").is_empty()
}

/// What an `unsafe` in code stands before.
#[derive(PartialEq, Eq)]
enum Use {
    /// A block or an `impl`: here somebody vouches for something.
    Promise,
    /// A declaration or an attribute: others have to vouch.
    Demand,
    /// The type of a function pointer.
    Type,
}

fn use_at(tokens: &[Token], at: usize) -> Use {
    let word = |ahead: usize| tokens.get(at + ahead).map_or("", |token| token.text.as_str());
    let is_name = |ahead: usize| tokens.get(at + ahead).is_some_and(|token| token.kind == Kind::Word);
    match word(1) {
        "{" | "impl" => Use::Promise,
        "fn" if !is_name(2) && word(2) != "$" => Use::Type,
        "extern" => {
            let after =
                if tokens.get(at + 2).is_some_and(|token| token.kind == Kind::Literal) { 3 } else { 2 };
            let named = is_name(after + 1) || word(after + 1) == "$";
            if word(after) == "fn" && !named { Use::Type } else { Use::Demand }
        }
        _ => Use::Demand,
    }
}

/// Unsafe code needs an attribute that lets it in, and each promise a comment.
fn permission(file: &SourceFile, findings: &mut Vec<Finding>) {
    let tokens = file.tokens();
    let lines: Vec<&str> = file.text.lines().collect();
    let permitted =
        ["expect", "allow"].iter().any(|level| !find(tokens, &format!("[ {level} ( unsafe_code")).is_empty());
    let mut first = true;
    for at in find(tokens, "unsafe") {
        let line = tokens[at].line;
        let kind = use_at(tokens, at);
        if kind == Use::Type {
            continue;
        }
        if !permitted && std::mem::take(&mut first) {
            findings.push(Finding::new(
                LAW,
                &file.path,
                line,
                "unsafe in a file that does not say why it needs it",
                "open the file with #![expect(unsafe_code, reason = \"...\")], or do without",
            ));
        }
        if kind == Use::Promise && !is_justified(&lines, line) {
            findings.push(Finding::new(
                LAW,
                &file.path,
                line,
                "unsafe without a SAFETY comment",
                "cite the invariant or the documented rule in a `// SAFETY:` comment right above",
            ));
        }
    }
}

/// Whether a SAFETY comment stands on line `line`, counted from 1, or above it before another statement ends.
fn is_justified(lines: &[&str], line: usize) -> bool {
    let holds = |text: &str| {
        let comment = text.split_once("// SAFETY:").map(|(_, comment)| comment.trim());
        comment.is_some_and(|comment| {
            !comment.is_empty() && !comment.contains("FIXME") && !comment.contains("TODO")
        })
    };
    let above = lines.get(..line.saturating_sub(1)).unwrap_or_default();
    if lines.get(line - 1).is_some_and(|text| holds(text)) {
        return true;
    }
    for text in above.iter().rev() {
        if holds(text) {
            return true;
        }
        let code = text.split("//").next().unwrap_or("").trim_end();
        if text.trim().is_empty() || code.ends_with([';', '{', '}', ',']) {
            return false;
        }
    }
    false
}

/// An attribute that lets unsafe code in has to say why.
fn reasons(file: &SourceFile, findings: &mut Vec<Finding>) {
    let tokens = file.tokens();
    for level in ["expect", "allow"] {
        for at in find(tokens, &format!("[ {level} ( unsafe_code")) {
            let arguments = inside(tokens, at + 2);
            let reason = arguments.windows(3).any(|window| {
                let [name, sign, text] = window else { return false };
                name.is("reason")
                    && sign.is("=")
                    && text.kind == Kind::Literal
                    && text.text.len() > "\"\"".len()
            });
            if !reason {
                findings.push(Finding::new(
                    LAW,
                    &file.path,
                    tokens[at].line,
                    "unsafe code is let in without a reason",
                    "add `reason = \"...\"`, one sentence",
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{files, places};
    use super::super::source::SourceFile;
    use super::super::tree::{Package, Tree};
    use super::check;

    const OPEN: &str = "//! A.\n#![expect(unsafe_code, reason = \"reads C\")]\n";

    fn found(code: &str) -> Vec<String> {
        places(&check(&files(&[("a.rs", code)])))
    }

    #[test]
    fn unsafe_is_opt_in_per_file() {
        assert_eq!(found("//! A.\nfn f() {\n    // SAFETY: g says so.\n    unsafe { g() }\n}"), ["a.rs:4"]);
        assert_eq!(found("//! A.\nunsafe fn f() {}"), ["a.rs:2"]);
        assert_eq!(found("//! A.\n#[unsafe(no_mangle)]\nfn f() {}"), ["a.rs:2"]);
        assert_eq!(found("//! A.\nunsafe extern \"C\" {\n    fn f();\n}"), ["a.rs:2"]);
        assert_eq!(
            found("//! A.\ntype F = unsafe extern \"system\" fn(u8);\ntype G = unsafe fn();"),
            [""; 0]
        );
        assert_eq!(found("//! A, which is not unsafe {.\nfn f() { g(\"unsafe {\") }"), [""; 0]);
    }

    #[test]
    fn the_attribute_has_a_reason() {
        assert_eq!(found("//! A.\n#![allow(unsafe_code)]"), ["a.rs:2"]);
        assert_eq!(found("//! A.\n#![expect(unsafe_code, reason = \"\")]"), ["a.rs:2"]);
        assert_eq!(found(OPEN), [""; 0]);
    }

    #[test]
    fn a_promise_is_justified_right_above() {
        let body = |body: &str| found(&format!("{OPEN}fn f() {{\n{body}\n}}"));
        assert_eq!(body("unsafe { g() }"), ["a.rs:4"]);
        assert_eq!(body("// SAFETY: by contract.\nlet x =\n    unsafe { g() };"), [""; 0]);
        assert_eq!(body("// SAFETY: by contract.\nunsafe { g() };\nunsafe { g() };"), ["a.rs:6"]);
        assert_eq!(
            body("match x {\n// SAFETY: by contract.\nA => unsafe { g() },\nB => unsafe { g() },\n}"),
            ["a.rs:7"]
        );
        assert_eq!(body("// SAFETY: FIXME\nunsafe { g() };"), ["a.rs:5"]);
        assert_eq!(body("// SAFETY:\nunsafe { g() };"), ["a.rs:5"]);
        assert_eq!(body("// SAFETY: by contract.\n\nunsafe { g() };"), ["a.rs:6"]);
    }

    #[test]
    fn an_implementation_and_a_macro_are_justified_too() {
        assert_eq!(found(&format!("{OPEN}unsafe impl Send for A {{}}")), ["a.rs:3"]);
        assert_eq!(found(&format!("{OPEN}// SAFETY: a number.\nunsafe impl Send for A {{}}")), [""; 0]);
        let code = "macro_rules! m {\n    () => {\n        unsafe { g() }\n    };\n}";
        assert_eq!(found(&format!("{OPEN}{code}")), ["a.rs:5"]);
    }

    #[test]
    fn a_driver_forbids_it() {
        let tree = files(&[
            ("drivers/good/src/lib.rs", "//! A.\n#![forbid(unsafe_code)]"),
            ("drivers/bad/src/lib.rs", "//! A.\n#![deny(unsafe_code)]"),
            ("drivers/good/src/other.rs", "//! A."),
        ]);
        assert_eq!(places(&check(&tree)), ["drivers/bad/src/lib.rs:0"]);
    }

    #[test]
    fn every_package_takes_the_lints() {
        let package = Package { name: "a".into(), folder: "a".into(), dependencies: Vec::new() };
        let tree = Tree::new(vec![SourceFile::new("a/Cargo.toml", "[package]\n")], vec![package]);
        assert_eq!(places(&check(&tree)), ["a/Cargo.toml:0"]);
    }
}
