//! What git knows about the sources. A checkout is its own repository; an unpacked archive may lie inside another, whose
//! history is not ours.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// What git answers to `arguments` in `workspace`; nothing without git, or when `workspace` is not the top of a
/// repository.
pub(crate) fn git(workspace: &Path, arguments: &[&str]) -> Option<String> {
    let top = answer(workspace, &["rev-parse", "--show-toplevel"])?;
    let ours = fs::canonicalize(top).ok()? == fs::canonicalize(workspace).ok()?;
    if ours { answer(workspace, arguments) } else { None }
}

fn answer(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
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
pub(crate) mod samples {
    //! Repositories for tests.

    use super::*;

    /// Makes `folder` a repository with one commit; tells whether there is a git that can.
    pub(crate) fn commit(folder: &Path) -> bool {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
        let commit = ["commit", "--quiet", "--allow-empty", "--message", "first"];
        let made = answer(folder, &["init", "--quiet"]).is_some();
        if !made {
            println!("left out: there is no git on this machine");
            return false;
        }
        assert!(answer(folder, &[identity.as_slice(), &commit].concat()).is_some());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_repository_of_the_workspace_itself_is_asked() {
        let outer = tempfile::tempdir().unwrap();
        if !samples::commit(outer.path()) {
            return;
        }
        let unpacked = outer.path().join("unpacked");
        fs::create_dir(&unpacked).unwrap();
        assert_eq!(git(outer.path(), &["rev-parse", "HEAD"]).map(|commit| commit.len()), Some(40));
        assert_eq!(git(&unpacked, &["rev-parse", "HEAD"]), None);
    }
}
