//! What every command starts from: where the workspace is, where results go, how to speak.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ui::{self, Ui};

/// Where the workspace is, where results go, how to speak.
#[derive(Debug)]
pub(crate) struct Context {
    /// The root of the workspace.
    pub(crate) workspace: PathBuf,
    /// The target folder, as cargo sees it: `CARGO_TARGET_DIR` is honoured.
    pub(crate) target: PathBuf,
    /// The version all crates of the workspace share.
    pub(crate) version: String,
    /// Whether the caller asked for one JSON document on standard output.
    pub(crate) json: bool,
    /// The voice on standard error.
    pub(crate) ui: Ui,
}

impl Context {
    /// Finds the workspace and asks cargo for the target folder.
    pub(crate) fn new(json: bool) -> Result<Self> {
        let workspace = workspace_root()?;
        let Metadata { target_directory, packages } = cargo_metadata(&workspace, MEMBERS)?;
        let own = packages.into_iter().find(|package| package.name == "xtask");
        let version = own.context("cargo metadata does not list xtask")?.version;
        Ok(Self { workspace, target: target_directory, version, json, ui: Ui::new() })
    }

    /// Prints `result` as the one JSON document of this run, if JSON was asked for.
    pub(crate) fn answer(&self, result: &impl Serialize) -> Result<()> {
        if self.json {
            ui::print(serde_json::to_string_pretty(result)?)?;
        }
        Ok(())
    }

    /// What cargo says of the members of the workspace.
    pub(crate) fn members<T: DeserializeOwned>(&self) -> Result<T> {
        cargo_metadata(&self.workspace, MEMBERS)
    }

    /// What cargo says of every package that Cargo.lock names. What this machine does not have is downloaded.
    pub(crate) fn all_packages<T: DeserializeOwned>(&self) -> Result<T> {
        cargo_metadata(&self.workspace, ALL_PACKAGES)
    }

    /// The program to start for `cargo`: the one that started us.
    pub(crate) fn cargo(&self) -> PathBuf {
        cargo()
    }
}

fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// Cargo names our manifest's folder when it runs us. Without cargo, the current folder must be inside the workspace.
fn workspace_root() -> Result<PathBuf> {
    if let Some(manifest) = std::env::var_os("CARGO_MANIFEST_DIR")
        && let Some(root) = Path::new(&manifest).parent()
        && is_workspace(root)
    {
        return Ok(root.to_owned());
    }
    let current = std::env::current_dir().context("the current folder cannot be read")?;
    match current.ancestors().find(|folder| is_workspace(folder)) {
        Some(root) => Ok(root.to_owned()),
        None => {
            bail!("{} is not inside the workspace: run `cargo xtask` from the checkout", current.display())
        }
    }
}

fn is_workspace(folder: &Path) -> bool {
    folder.join("Cargo.toml").is_file() && folder.join("xtask/Cargo.toml").is_file()
}

#[derive(Deserialize)]
struct Metadata {
    target_directory: PathBuf,
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

const MEMBERS: &[&str] = &["--no-deps", "--offline"];
const ALL_PACKAGES: &[&str] = &["--locked", "--all-features"];

fn cargo_metadata<T: DeserializeOwned>(workspace: &Path, options: &[&str]) -> Result<T> {
    let output = Command::new(cargo())
        .args(["metadata", "--format-version=1"])
        .args(options)
        .current_dir(workspace)
        .stdin(Stdio::null())
        .output()
        .context("cargo cannot be started")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_slice(&output.stdout).context("the answer of cargo metadata was not understood")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_of_this_test_is_found_with_its_target_folder() {
        let context = Context::new(false).unwrap();
        assert!(context.workspace.join("xtask/src/context.rs").is_file());
        assert!(context.target.is_absolute());
        assert_eq!(context.version, env!("CARGO_PKG_VERSION"));
    }
}
