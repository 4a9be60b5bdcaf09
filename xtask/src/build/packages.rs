//! The packages of the workspace, and which of them are drivers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;

use crate::context::Context;
use crate::exit;

/// What cargo says about the members of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Packages {
    workspace_root: PathBuf,
    #[serde(default)]
    metadata: Value,
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
    #[serde(default)]
    description: Option<String>,
    manifest_path: PathBuf,
    #[serde(default)]
    metadata: Value,
}

/// A package whose manifest says `[package.metadata.nmr] driver = true`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DriverPackage {
    /// The package's name; the image is named after it.
    pub(crate) name: String,
    /// The package's version.
    pub(crate) version: String,
    /// What the package says of itself; empty when it says nothing.
    pub(crate) description: String,
    /// The folder of its manifest.
    pub(crate) folder: PathBuf,
    /// Whether it lies below `drivers/` and belongs into a bundle. The others are for tests.
    pub(crate) shipped: bool,
}

impl Packages {
    /// Asks cargo about the members of the workspace.
    pub(crate) fn read(context: &Context) -> Result<Self> {
        context.members()
    }

    /// All drivers, sorted by name.
    pub(crate) fn drivers(&self) -> Vec<DriverPackage> {
        let shipped_folder = self.workspace_root.join("drivers");
        let is_driver = |package: &&Package| package.metadata["nmr"]["driver"] == Value::Bool(true);
        let mut drivers: Vec<DriverPackage> = self
            .packages
            .iter()
            .filter(is_driver)
            .map(|package| {
                let folder = package.manifest_path.parent().unwrap_or(Path::new("")).to_owned();
                DriverPackage {
                    name: package.name.clone(),
                    version: package.version.clone(),
                    description: package.description.clone().unwrap_or_default(),
                    shipped: folder.starts_with(&shipped_folder),
                    folder,
                }
            })
            .collect();
        drivers.sort_by(|a, b| a.name.cmp(&b.name));
        drivers
    }

    /// The drivers that belong into a bundle.
    pub(crate) fn shipped(&self) -> Vec<DriverPackage> {
        self.drivers().into_iter().filter(|driver| driver.shipped).collect()
    }

    /// The drivers with these names, in this order.
    pub(crate) fn named(&self, names: &[impl AsRef<str>]) -> Result<Vec<DriverPackage>> {
        let drivers = self.drivers();
        let find = |name: &str| drivers.iter().find(|driver| driver.name == name).cloned();
        names
            .iter()
            .map(|name| {
                let name = name.as_ref();
                find(name).ok_or_else(|| {
                    let known: Vec<&str> = drivers.iter().map(|driver| driver.name.as_str()).collect();
                    exit::usage(format!("no driver is called {name}; there are: {}", known.join(", ")))
                })
            })
            .collect()
    }

    /// Everything the manifests say about the WDK, in one line that only changes when one of them says something else.
    pub(super) fn wdk_configuration(&self) -> String {
        let mut tables = BTreeMap::from([("workspace", &self.metadata["wdk"])]);
        tables.extend(self.packages.iter().map(|package| (package.name.as_str(), &package.metadata["wdk"])));
        tables.retain(|_, table| !table.is_null());
        serde_json::to_string(&tables).unwrap_or_else(|never| unreachable!("JSON values are JSON: {never}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(members: &[(&str, &str, &str)]) -> Packages {
        let members: Vec<String> = members
            .iter()
            .map(|(name, folder, metadata)| {
                format!(
                    r#"{{"name":"{name}","version":"0.1.0","manifest_path":"/w/{folder}/Cargo.toml","metadata":{metadata}}}"#
                )
            })
            .collect();
        let own = r#"{"wdk":{"driver-model":{"driver-type":"WDM"}}}"#;
        let json =
            format!(r#"{{"workspace_root":"/w","metadata":{own},"packages":[{}]}}"#, members.join(","));
        serde_json::from_str(&json).unwrap()
    }

    const DRIVER: &str = r#"{"nmr":{"driver":true}}"#;

    fn sample() -> Packages {
        packages(&[
            ("relay", "drivers/relay", DRIVER),
            ("panic-probe", "crates/nmr-lab/images/panic-probe", DRIVER),
            ("echo", "drivers/echo", DRIVER),
            ("echo-npi", "drivers/echo-npi", "null"),
            ("almost", "drivers/almost", r#"{"nmr":{"driver":"true"}}"#),
        ])
    }

    #[test]
    fn a_driver_says_so_in_its_manifest_and_ships_from_the_drivers_folder() {
        let names =
            |drivers: Vec<DriverPackage>| drivers.into_iter().map(|driver| driver.name).collect::<Vec<_>>();
        assert_eq!(names(sample().drivers()), ["echo", "panic-probe", "relay"]);
        assert_eq!(names(sample().shipped()), ["echo", "relay"]);
    }

    #[test]
    fn an_unknown_driver_is_answered_with_the_known_ones() {
        assert_eq!(
            sample().named(&["panic-probe"]).unwrap()[0].folder,
            Path::new("/w/crates/nmr-lab/images/panic-probe")
        );
        let error = sample().named(&["echo-npi"]).unwrap_err();
        assert_eq!(error.to_string(), "no driver is called echo-npi; there are: echo, panic-probe, relay");
        assert_eq!(exit::reason_of(&error), exit::Reason::Usage);
    }

    #[test]
    fn the_wdk_configuration_holds_what_wdk_build_reads_and_nothing_else() {
        let plain = packages(&[("a", "a", "null")]).wdk_configuration();
        assert_eq!(plain, r#"{"workspace":{"driver-model":{"driver-type":"WDM"}}}"#);
        assert_eq!(sample().wdk_configuration(), plain);
        let own =
            packages(&[("a", "a", r#"{"wdk":{"driver-model":{"driver-type":"KMDF"}}}"#)]).wdk_configuration();
        assert_ne!(own, plain);
    }
}
