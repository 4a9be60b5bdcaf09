//! The settings of every build of kernel images: one set, so that build, check and clippy share their results.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::packages::Packages;
use super::target::Target;
use crate::context::Context;
#[cfg(unix)]
use crate::header::PRIVATE;

/// Settings of a build of kernel images.
#[derive(Clone, Debug)]
pub(crate) struct DriverSettings {
    environment: Vec<(&'static str, OsString)>,
    pub(super) target: Target,
    /// The linker of the toolchain.
    pub(super) linker: PathBuf,
}

impl DriverSettings {
    /// Asks the compiler where it is, and the manifests what they configure.
    pub(crate) fn read(context: &Context, packages: &Packages, target: Target) -> Result<Self> {
        let linker = toolchain(context)?.linker;
        let flags = driver_flags(&context.workspace, &context.target, &cargo_home());
        Ok(Self {
            environment: vec![
                // Not the target's own variable: that one splits at blanks, and yields to RUSTFLAGS.
                ("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}").into()),
                ("NMR_WDK_CONFIGURATION", packages.wdk_configuration().into()),
            ],
            target,
            linker,
        })
    }

    /// The same, with identifiers of NPIs that are private to builds with `suffix`.
    #[cfg(unix)]
    pub(super) fn with_private_npis(mut self, suffix: &str) -> Self {
        self.environment.push((PRIVATE, suffix.into()));
        self
    }

    #[cfg(test)]
    pub(super) fn for_test(target: Target, linker: &str) -> Self {
        Self { environment: Vec::new(), target, linker: linker.into() }
    }

    /// The variables to set for cargo.
    pub(crate) fn environment(&self) -> &[(&'static str, OsString)] {
        &self.environment
    }
}

/// The compiler flags of the kernel images. The folders of this machine are mapped to fixed names: an image must not
/// depend on where it was built.
fn driver_flags(workspace: &Path, target: &Path, cargo_home: &Path) -> Vec<String> {
    let mut flags = vec!["--cfg=nmr_driver".to_owned(), "-Ctarget-feature=+crt-static".to_owned()];
    flags.extend(remapped_paths(workspace, target, cargo_home));
    flags
}

/// Flags that map the folders of this machine to fixed names. The last one that fits wins, so that the target folder
/// comes after the workspace, which usually holds it.
pub(super) fn remapped_paths(workspace: &Path, target: &Path, cargo_home: &Path) -> Vec<String> {
    let map = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    vec![map(cargo_home, "/cargo"), map(workspace, "/src"), map(target, "/target")]
}

/// Where cargo keeps the sources of dependencies.
pub(super) fn cargo_home() -> PathBuf {
    let home = || std::env::home_dir().unwrap_or_default().join(".cargo");
    std::env::var_os("CARGO_HOME").filter(|value| !value.is_empty()).map_or_else(home, PathBuf::from)
}

/// The active toolchain.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Toolchain {
    /// Its folder.
    pub(crate) sysroot: PathBuf,
    /// Its linker for Windows images.
    pub(crate) linker: PathBuf,
}

/// Finds the active toolchain: beside the cargo that runs us, else where the compiler says.
pub(crate) fn toolchain(context: &Context) -> Result<Toolchain> {
    let beside_cargo = context.cargo().parent().and_then(Path::parent).and_then(complete_toolchain);
    match beside_cargo {
        Some(toolchain) if std::env::var_os("RUSTC").is_none() => Ok(toolchain),
        _ => ask_compiler(&context.workspace),
    }
}

/// A toolchain that has its own linker; what merely holds a cargo, like `~/.cargo`, is none.
fn complete_toolchain(sysroot: &Path) -> Option<Toolchain> {
    let hosts = std::fs::read_dir(sysroot.join("lib/rustlib")).ok()?.flatten();
    let linkers = hosts.map(|host| host.path().join("bin").join(LINKER));
    let linker = linkers.into_iter().find(|linker| linker.is_file())?;
    Some(Toolchain { sysroot: sysroot.to_owned(), linker })
}

const LINKER: &str = if cfg!(windows) { "rust-lld.exe" } else { "rust-lld" };

fn ask_compiler(workspace: &Path) -> Result<Toolchain> {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(&compiler)
        .args(["--print", "sysroot", "--print", "host-tuple"])
        .current_dir(workspace)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{} cannot be started", compiler.display()))?;
    let answer = String::from_utf8_lossy(&output.stdout);
    match answer.lines().collect::<Vec<_>>()[..] {
        [sysroot, host] if output.status.success() => {
            let linker = Path::new(sysroot).join("lib/rustlib").join(host).join("bin").join(LINKER);
            Ok(Toolchain { sysroot: sysroot.into(), linker })
        }
        _ => bail!(
            "{} does not say where it is: {}",
            compiler.display(),
            String::from_utf8_lossy(&output.stderr).trim()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn driver_flags_hide_every_folder_of_this_machine() {
        let flags = driver_flags(
            Path::new("/home/me/my drivers"),
            Path::new("/home/me/my drivers/target"),
            Path::new("/home/me/.cargo"),
        );
        assert_eq!(
            flags,
            [
                "--cfg=nmr_driver",
                "-Ctarget-feature=+crt-static",
                "--remap-path-prefix=/home/me/.cargo=/cargo",
                "--remap-path-prefix=/home/me/my drivers=/src",
                "--remap-path-prefix=/home/me/my drivers/target=/target",
            ]
        );
    }

    #[test]
    fn a_toolchain_is_known_by_its_linker() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(complete_toolchain(folder.path()), None);
        let bin = folder.path().join("lib/rustlib/some-host/bin");
        std::fs::create_dir_all(&bin).unwrap();
        std::fs::create_dir_all(folder.path().join("lib/rustlib/etc")).unwrap();
        assert_eq!(complete_toolchain(folder.path()), None);
        std::fs::write(bin.join(LINKER), "").unwrap();
        assert_eq!(complete_toolchain(folder.path()).unwrap().linker, bin.join(LINKER));
    }

    #[test]
    fn the_compiler_says_where_it_is() {
        let toolchain = ask_compiler(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(toolchain.sysroot.join("lib/rustlib").is_dir(), "{toolchain:?}");
    }
}
