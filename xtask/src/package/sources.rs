//! From what a bundle is made: the commit and the compiler.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::exit;

/// From what a bundle is made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sources {
    pub(super) revision: Option<String>,
    pub(super) modified: bool,
    pub(super) toolchain: String,
}

/// Asks git and the compiler. Sources without git are fine.
pub(super) fn describe(workspace: &Path) -> Result<Sources> {
    let revision = output_of("git", &["rev-parse", "HEAD"], workspace);
    let modified = revision.is_some()
        && output_of("git", &["status", "--porcelain"], workspace).is_none_or(|changes| !changes.is_empty());
    let toolchain = output_of("rustc", &["--version"], workspace)
        .ok_or_else(|| exit::missing("`rustc --version` does not work; install Rust with rustup"))?;
    Ok(Sources { revision, modified, toolchain })
}

fn output_of(program: &str, arguments: &[&str], folder: &Path) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(folder: &Path, arguments: &[&str]) -> bool {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
        let arguments: Vec<&str> = identity.iter().chain(arguments).copied().collect();
        output_of("git", &arguments, folder).is_some()
    }

    #[test]
    fn a_commit_is_named_and_changes_are_told() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(describe(folder.path()).unwrap().revision, None);
        if !git(folder.path(), &["init", "--quiet"]) {
            println!("left out: there is no git on this machine");
            return;
        }
        assert!(git(folder.path(), &["commit", "--quiet", "--allow-empty", "--message", "first"]));
        let clean = describe(folder.path()).unwrap();
        assert_eq!(clean.revision.as_ref().map(String::len), Some(40));
        assert!(!clean.modified && clean.toolchain.starts_with("rustc "), "{clean:?}");
        std::fs::write(folder.path().join("new"), "").unwrap();
        assert!(describe(folder.path()).unwrap().modified);
    }
}
