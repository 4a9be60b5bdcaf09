//! Small workspaces on which laws are broken on purpose.

use super::finding::Finding;
use super::source::SourceFile;
use super::tree::{Dependency, Package, Tree};

/// A workspace of these files, with no package.
pub(super) fn files(files: &[(&str, &str)]) -> Tree {
    let files = files.iter().map(|(path, text)| SourceFile::new(*path, *text)).collect();
    Tree::new(files, Vec::new())
}

/// A workspace of these packages: name, folder and dependencies, each with its kind behind a colon if it has one, and its
/// condition behind an `@`.
pub(super) fn packages(packages: &[(&str, &str, &[&str])]) -> Tree {
    files_and_packages(&[], packages)
}

/// A workspace of both.
pub(super) fn files_and_packages(files: &[(&str, &str)], packages: &[(&str, &str, &[&str])]) -> Tree {
    let dependency = |text: &&str| {
        let split = |text: &str, sign| match text.split_once(sign) {
            Some((name, rest)) => (name.to_owned(), Some(rest.to_owned())),
            None => (text.to_owned(), None),
        };
        let (text, target) = split(text, '@');
        let (name, kind) = split(&text, ':');
        Dependency { name, kind, target }
    };
    let package = |(name, folder, dependencies): &(&str, &str, &[&str])| Package {
        name: (*name).to_owned(),
        folder: (*folder).to_owned(),
        dependencies: dependencies.iter().map(dependency).collect(),
    };
    let manifests = packages.iter().map(|(_, folder, dependencies)| {
        let lines: String = dependencies
            .iter()
            .map(|name| format!("{} = \"1\"\n", name.split([':', '@']).next().unwrap_or(name)))
            .collect();
        SourceFile::new(
            format!("{folder}/Cargo.toml"),
            format!("[dependencies]\n{lines}[lints]\nworkspace = true\n"),
        )
    });
    let files = files.iter().map(|(path, text)| SourceFile::new(*path, *text));
    Tree::new(files.chain(manifests).collect(), packages.iter().map(package).collect())
}

/// Where the findings are, for comparison.
pub(super) fn places(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| format!("{}:{}", finding.file, finding.line)).collect()
}
