//! The workspace a build belongs to, and what its manifests say about the WDK.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::Value;

use crate::ConfigError;
use crate::driver_config::DriverConfig;

/// The variable that names the workspace. `.cargo/config.toml` sets it, so that the target folder may lie anywhere.
pub(crate) const ROOT_VARIABLE: &str = "NMR_WORKSPACE_ROOT";

/// What `cargo metadata` says, as far as it matters here.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    workspace_root: PathBuf,
    #[serde(default)]
    metadata: Value,
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    manifest_path: PathBuf,
    #[serde(default)]
    metadata: Value,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WdkTable {
    driver_model: DriverConfig,
}

/// The folder of the workspace's `Cargo.toml`: the one `named`, else the first folder above `out_dir` with a lock file.
pub(crate) fn find_root(named: Option<PathBuf>, out_dir: &Path) -> Result<PathBuf, ConfigError> {
    if let Some(path) = named {
        if path.join("Cargo.toml").is_file() {
            return Ok(path);
        }
        return Err(ConfigError::VariableNamesNoWorkspace { variable: ROOT_VARIABLE, path });
    }
    let above = out_dir.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    above.map(Path::to_path_buf).ok_or_else(|| ConfigError::WorkspaceNotFound { searched: out_dir.into() })
}

impl Workspace {
    /// Asks Cargo about the workspace at `root`.
    ///
    /// Only about its members: a WDK configuration stands in the workspace or in a driver, and a driver is a member. So
    /// no dependency is resolved, nothing is downloaded, and the answer takes a few milliseconds. The rustflags of the
    /// driver build are not handed on, for Cargo would apply them to this host's compiler.
    pub(crate) fn read(root: &Path) -> Result<Self, ConfigError> {
        let failed = |reason: String| ConfigError::CargoMetadata { workspace: root.into(), reason };
        let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
        let output = Command::new(cargo)
            .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
            .current_dir(root)
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("RUSTFLAGS")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))
    }

    /// The one WDK configuration of the workspace.
    pub(crate) fn driver_config(&self) -> Result<DriverConfig, ConfigError> {
        let mut found: BTreeMap<String, (DriverConfig, Vec<String>)> = BTreeMap::new();
        for (manifest, table, value) in self.tables() {
            let config = WdkTable::deserialize(value).map_err(|error| ConfigError::InvalidConfiguration {
                manifest: manifest.display().to_string(),
                table,
                reason: error.to_string(),
            })?;
            let driver = config.driver_model;
            let said = found.entry(format!("{driver:?}")).or_insert((driver, Vec::new()));
            said.1.push(manifest.display().to_string());
        }
        if found.len() > 1 {
            let said =
                found.iter().map(|(config, (_, manifests))| format!("{config} in {}", manifests.join(", ")));
            return Err(ConfigError::ConflictingConfigurations(said.collect()));
        }
        found.into_values().next().map(|(driver, _)| driver).ok_or(ConfigError::NoConfiguration)
    }

    /// The manifests that have a say: the workspace's, and those of members with a `metadata.wdk` table.
    pub(crate) fn manifests(&self) -> Vec<PathBuf> {
        let mut manifests: Vec<PathBuf> = self.tables().map(|(manifest, _, _)| manifest).collect();
        manifests.push(self.workspace_root.join("Cargo.toml"));
        manifests.sort();
        manifests.dedup();
        manifests
    }

    fn tables(&self) -> impl Iterator<Item = (PathBuf, &'static str, &Value)> {
        let workspace =
            (self.workspace_root.join("Cargo.toml"), "workspace.metadata.wdk", &self.metadata["wdk"]);
        let packages = self
            .packages
            .iter()
            .map(|package| (package.manifest_path.clone(), "package.metadata.wdk", &package.metadata["wdk"]));
        // An empty table in a package says nothing, as upstream has it.
        let empty =
            |value: &Value| value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
        std::iter::once(workspace).chain(packages).filter(move |(_, _, value)| !empty(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(own: &str, members: &[(&str, &str)]) -> Workspace {
        let packages: Vec<String> = members
            .iter()
            .map(|(name, metadata)| {
                format!(r#"{{"manifest_path":"/w/{name}/Cargo.toml","metadata":{metadata}}}"#)
            })
            .collect();
        let json =
            format!(r#"{{"workspace_root":"/w","metadata":{own},"packages":[{}]}}"#, packages.join(","));
        serde_json::from_str(&json).unwrap()
    }

    const WDM: &str = r#"{"wdk":{"driver-model":{"driver-type":"WDM"}}}"#;
    const KMDF: &str = r#"{"wdk":{"driver-model":
        {"driver-type":"KMDF","kmdf-version-major":1,"target-kmdf-version-minor":33}}}"#;

    #[test]
    fn one_table_in_the_workspace_serves_all_drivers() {
        let workspace =
            workspace(WDM, &[("a", "null"), ("b", r#"{"nmr":{"driver":true}}"#), ("c", r#"{"wdk":{}}"#)]);
        assert_eq!(workspace.driver_config().unwrap(), DriverConfig::Wdm);
        assert_eq!(workspace.manifests(), [PathBuf::from("/w/Cargo.toml")]);
    }

    #[test]
    fn equal_tables_are_one_configuration_and_their_manifests_count() {
        let workspace = workspace("null", &[("a", KMDF), ("b", KMDF), ("c", "null")]);
        assert!(matches!(workspace.driver_config().unwrap(), DriverConfig::Kmdf(_)));
        let manifests = ["/w/Cargo.toml", "/w/a/Cargo.toml", "/w/b/Cargo.toml"].map(PathBuf::from);
        assert_eq!(workspace.manifests(), manifests);
    }

    #[test]
    fn different_tables_are_an_error_that_names_both_manifests() {
        let error =
            workspace(WDM, &[("a", KMDF)]).driver_config().unwrap_err().to_string().replace('\\', "/");
        assert!(error.contains("Wdm in /w/Cargo.toml") && error.contains("in /w/a/Cargo.toml"), "{error}");
    }

    #[test]
    fn no_table_and_a_wrong_table_are_told_apart() {
        let none = workspace("null", &[("a", "null")]).driver_config().unwrap_err();
        assert!(matches!(none, ConfigError::NoConfiguration));
        let wrong = r#"{"wdk":{"driver-model":{"driver-type":"WDN"}}}"#;
        let error = workspace("null", &[("a", wrong)]).driver_config().unwrap_err().to_string();
        assert!(
            error.starts_with("/w/a/Cargo.toml: [package.metadata.wdk]") && error.contains("WDN"),
            "{error}"
        );
    }

    #[test]
    fn the_root_is_the_named_folder_or_the_one_with_the_lock_file() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("target/release/build/x/out");
        std::fs::create_dir_all(&out).unwrap();
        let error = find_root(None, &out).unwrap_err().to_string();
        assert!(error.contains("NMR_WORKSPACE_ROOT"), "{error}");
        std::fs::write(folder.path().join("Cargo.lock"), "").unwrap();
        assert_eq!(find_root(None, &out).unwrap(), folder.path());
        let elsewhere = tempfile::tempdir().unwrap();
        let error = find_root(Some(elsewhere.path().into()), &out).unwrap_err().to_string();
        assert!(error.contains("has no Cargo.toml"), "{error}");
        std::fs::write(elsewhere.path().join("Cargo.toml"), "").unwrap();
        assert_eq!(find_root(Some(elsewhere.path().into()), &out).unwrap(), elsewhere.path());
    }

    #[test]
    fn cargo_is_asked_about_a_real_workspace() {
        if std::env::var_os("CARGO").is_none() {
            return; // Cargo did not run this test: on a lab machine there is none.
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("src")).unwrap();
        std::fs::write(folder.path().join("src/lib.rs"), "").unwrap();
        let manifest =
            "[package]\nname = \"driver\"\n[workspace.metadata.wdk.driver-model]\ndriver-type = \"WDM\"\n";
        std::fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
        let workspace = Workspace::read(folder.path()).unwrap();
        assert_eq!(workspace.driver_config().unwrap(), DriverConfig::Wdm);
        std::fs::write(folder.path().join("Cargo.toml"), "[package").unwrap();
        let error = Workspace::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("cargo metadata failed in"), "{error}");
    }
}
