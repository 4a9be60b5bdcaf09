//! From what a bundle is made: the commit and the compiler.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::{exit, repository};

/// From what a bundle is made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sources {
    pub(super) revision: Option<String>,
    pub(super) modified: bool,
    pub(super) toolchain: String,
}

/// Asks git and the compiler. Sources without git are fine.
pub(super) fn describe(workspace: &Path) -> Result<Sources> {
    let revision = repository::git(workspace, &["rev-parse", "HEAD"]);
    let modified = revision.is_some()
        && repository::git(workspace, &["status", "--porcelain"]).is_none_or(|changes| !changes.is_empty());
    let toolchain = compiler(workspace)
        .ok_or_else(|| exit::missing("`rustc --version` does not work; install Rust with rustup"))?;
    Ok(Sources { revision, modified, toolchain })
}

fn compiler(workspace: &Path) -> Option<String> {
    let output = Command::new("rustc")
        .arg("--version")
        .current_dir(workspace)
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

    #[test]
    fn a_commit_is_named_and_changes_are_told() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(describe(folder.path()).unwrap().revision, None);
        if !repository::samples::commit(folder.path()) {
            return;
        }
        let clean = describe(folder.path()).unwrap();
        assert_eq!(clean.revision.as_ref().map(String::len), Some(40));
        assert!(!clean.modified && clean.toolchain.starts_with("rustc "), "{clean:?}");
        std::fs::write(folder.path().join("new"), "").unwrap();
        assert!(describe(folder.path()).unwrap().modified);
    }

    #[test]
    fn the_commit_of_an_outer_repository_is_not_named() {
        let outer = tempfile::tempdir().unwrap();
        if !repository::samples::commit(outer.path()) {
            return;
        }
        let unpacked = outer.path().join("unpacked");
        std::fs::create_dir(&unpacked).unwrap();
        assert_eq!(describe(&unpacked).unwrap().revision, None);
    }
}
