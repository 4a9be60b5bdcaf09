//! Where a bundle lies on the target: a folder of its own per version and content, so that the one before stays whole
//! and can be brought back.
//!
//! All of them lie below the Windows folder. Programs in them run with all rights, and what such a program loads, or an INF
//! copies, is looked for beside it: so nobody but an administrator may be able to write there, not even for the moment
//! between the making of a folder and the setting of its rights. Below the root of the drive everybody may make folders,
//! and folders made there inherit that. Below the Windows folder nobody may but administrators, and folders made there
//! inherit that. That it is so is Windows' own doing; nothing here sets rights.

use anyhow::Result;
use nmrctl::bundle::Bundle;
use nmrctl::names::is_plain_path;

use super::target::{Reply, Target};
use crate::exit;

/// The folder of all bundles, below the Windows folder.
const ROOT: &str = "nmr-lab";

/// The folder of one bundle on a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TargetFolder {
    root: String,
    name: String,
    program: String,
}

impl TargetFolder {
    /// The folder for `bundle` on a machine that answers [`TargetFolder::windows_folder_line`] with `answer`. Two bundles of
    /// one version that differ in content have different folders.
    pub(super) fn of(bundle: &Bundle, answer: &Reply) -> Result<Self> {
        let windows = answer.stdout.trim();
        if !is_plain_folder(windows) {
            let words = answer.words();
            let words = if words.is_empty() { "nothing" } else { &words };
            let line = Self::windows_folder_line();
            return Err(exit::wrong(format!(
                "`{line}` on the target answered:\n    {words}\n  expected: a folder such as C:\\Windows\n  \
                 advice: the machine must run Windows, and its ssh server must run commands"
            )));
        }
        let content = &bundle.manifest_sha256[..8];
        let name = format!("{}-{}-{content}", bundle.manifest.name, bundle.manifest.version);
        // The name becomes a word of command lines over there.
        if name.contains('/') || !is_plain_path(&name) {
            return Err(exit::wrong(format!(
                "the manifest's name and version make no plain folder name: {name:?}"
            )));
        }
        let program = bundle.manifest.nmrctl.replace('/', r"\");
        Ok(Self { root: format!(r"{windows}\{ROOT}"), name, program })
    }

    /// The command line that prints the Windows folder. Understood by `cmd` and by PowerShell, as all of them.
    pub(super) fn windows_folder_line() -> &'static str {
        "cmd /c echo %SystemRoot%"
    }

    /// The path for the machine's command processor.
    pub(super) fn path(&self) -> String {
        format!(r"{}\{}", self.root, self.name)
    }

    /// The path for scp.
    pub(super) fn scp_path(&self) -> String {
        for_scp(&self.path())
    }

    /// The path of the bundle's nmrctl.
    pub(super) fn nmrctl(&self) -> String {
        format!(r"{}\{}", self.path(), self.program)
    }

    /// The same for scp.
    pub(super) fn scp_nmrctl(&self) -> String {
        for_scp(&self.nmrctl())
    }

    /// Whether the bundle's nmrctl is there.
    pub(super) fn has_nmrctl(&self, target: &mut dyn Target, limit: std::time::Duration) -> Result<bool> {
        let look = target.run(&format!("cmd /c if exist {} echo is there", self.nmrctl()), limit)?;
        Ok(!look.stdout.trim().is_empty())
    }

    /// The command line that makes the folder of all bundles.
    pub(super) fn make_root_line(&self) -> String {
        format!("cmd /c if not exist {root} mkdir {root}", root = self.root)
    }

    /// The command line that prints something if the folder is still there. `rmdir` ends with 0 even where a file in
    /// use made it stop half way.
    pub(super) fn look_line(&self) -> String {
        format!("cmd /c if exist {path} echo {path} is still there", path = self.path())
    }

    /// The command line that removes the folder.
    pub(super) fn remove_line(&self) -> String {
        format!("cmd /c if exist {path} rmdir /s /q {path}", path = self.path())
    }

    /// The command line that removes the folder of all bundles, if nothing is in it any more.
    pub(super) fn remove_root_line(&self) -> String {
        format!("cmd /c if exist {root} rmdir {root}", root = self.root)
    }
}

fn for_scp(path: &str) -> String {
    path.replace('\\', "/")
}

/// Whether `path` is a drive and one folder, without anything that a command processor would take for more.
fn is_plain_folder(path: &str) -> bool {
    let (drive, name) = path.split_once(r":\").unwrap_or_default();
    drive.len() == 1
        && drive.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !name.contains('/')
        && is_plain_path(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_drive_and_a_folder_become_words_of_command_lines() {
        for good in [r"C:\Windows", r"d:\WINNT"] {
            assert!(is_plain_folder(good), "{good}");
        }
        for bad in [
            "",
            "%SystemRoot%",
            "/usr",
            r"C:\",
            r"C:\a b",
            r"C:\Windows & del",
            r"CC:\Windows",
            r"\\x\Windows",
        ] {
            assert!(!is_plain_folder(bad), "{bad}");
        }
    }
}
