//! What there is on this machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::context::Context;

/// Who may install packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rights {
    /// We may.
    Root,
    /// sudo lets us, without asking for a password.
    Sudo,
    /// Nobody we can act for.
    None,
}

/// The distribution, by the names of `/etc/os-release`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Release {
    pub(super) id: String,
    pub(super) version: String,
}

/// The machine as far as setting up needs it: a seam, so that plans are tested for machines we do not have.
pub(super) trait Probe {
    /// Whether this host is Windows.
    fn is_windows(&self) -> bool;
    /// Whether this file is there.
    fn is_file(&self, path: &Path) -> bool;
    /// The names in this folder.
    fn entries(&self, folder: &Path) -> Vec<String>;
    /// Whether a program of this name can be started.
    fn has_program(&self, name: &str) -> bool;
    /// What this environment variable says, if it is set.
    fn variable(&self, name: &str) -> Option<String>;
    /// Whether this environment variable is set.
    fn has_variable(&self, name: &str) -> bool {
        self.variable(name).is_some()
    }
    /// The root of the active Rust toolchain.
    fn sysroot(&self) -> Option<PathBuf>;
    /// The root of the nightly Rust toolchain, if it is installed.
    fn nightly_sysroot(&self) -> Option<PathBuf>;
    /// The distribution.
    fn release(&self) -> Release;
    /// Who may install packages.
    fn rights(&self) -> Rights;
}

/// The machine this program runs on.
#[derive(Debug)]
pub(super) struct Machine<'a> {
    context: &'a Context,
    rights: OnceLock<Rights>,
}

impl<'a> Machine<'a> {
    pub(super) fn probe(context: &'a Context) -> Self {
        Self { context, rights: OnceLock::new() }
    }
}

impl Probe for Machine<'_> {
    fn is_windows(&self) -> bool {
        cfg!(windows)
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn entries(&self, folder: &Path) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
    }

    fn has_program(&self, name: &str) -> bool {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        // Daemons are kept out of an ordinary user's path.
        let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
        std::env::split_paths(&path).chain(system).any(|folder| folder.join(&file).is_file())
    }

    fn variable(&self, name: &str) -> Option<String> {
        let value = std::env::var_os(name).filter(|value| !value.is_empty());
        value.map(|value| value.to_string_lossy().into_owned())
    }

    fn sysroot(&self) -> Option<PathBuf> {
        crate::build::toolchain(self.context).ok().map(|toolchain| toolchain.sysroot)
    }

    fn nightly_sysroot(&self) -> Option<PathBuf> {
        let mut rustc = Command::new("rustc");
        // To look must not install what is missing.
        rustc.args(["+nightly", "--print", "sysroot"]).env("RUSTUP_AUTO_INSTALL", "0").stdin(Stdio::null());
        let output = rustc.output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().into())
    }

    fn release(&self) -> Release {
        parse_release(&std::fs::read_to_string("/etc/os-release").unwrap_or_default())
    }

    fn rights(&self) -> Rights {
        *self.rights.get_or_init(|| {
            if is_root() {
                Rights::Root
            } else if sudo_works() {
                Rights::Sudo
            } else {
                Rights::None
            }
        })
    }
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

fn sudo_works() -> bool {
    let mut command = Command::new("sudo");
    command.args(["-n", "true"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn parse_release(text: &str) -> Release {
    let value = |key: &str| {
        let found = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        found.unwrap_or_default().trim_matches('"').to_owned()
    };
    Release { id: value("ID"), version: value("VERSION_ID") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_file_may_quote_and_has_longer_keys_beside_ours() {
        let text =
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\nID_LIKE=x\n";
        assert_eq!(parse_release(text), Release { id: "debian".into(), version: "12".into() });
        assert_eq!(parse_release(""), Release::default());
    }
}
