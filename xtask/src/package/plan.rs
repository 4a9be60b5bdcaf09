//! What `package` is going to make, from what, and where.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};

use crate::architecture::Architecture;
use crate::inf::{Inf, primitive, stamp};
use crate::moment::Moment;

/// The bundle's name.
pub(super) const NAME: &str = "nmr-drivers";
/// The architecture of everything that is built today.
pub(super) const ARCHITECTURE: Architecture = Architecture::X64;

/// What is made, from what, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) version: String,
    /// Where the bundle goes.
    pub(super) folder: PathBuf,
    /// Where its archive goes.
    pub(super) archive: PathBuf,
    pub(super) drivers: Vec<DriverPlan>,
}

/// One driver of the bundle.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DriverPlan {
    pub(super) name: String,
    /// Its setup information file, not yet stamped; relative to the workspace, for messages.
    pub(super) inx: String,
    inx_path: PathBuf,
}

/// A setup information file, not yet stamped.
#[derive(Debug)]
pub(super) struct SetupFile {
    pub(super) name: String,
    pub(super) content: Vec<u8>,
}

impl Plan {
    pub(super) fn new(workspace: &Path, output: &Path, version: &str, drivers: &[&str]) -> Self {
        let full_name = format!("{NAME}-{version}-{}", ARCHITECTURE.name());
        let driver = |name: &&str| {
            let inx = format!("inf/{name}.inx");
            DriverPlan { name: (*name).to_owned(), inx_path: workspace.join(&inx), inx }
        };
        Self {
            version: version.to_owned(),
            folder: output.join(&full_name),
            archive: output.join(format!("{full_name}.zip")),
            drivers: drivers.iter().map(driver).collect(),
        }
    }

    /// Reads the setup information file of each driver and refuses what could not be stamped or installed.
    pub(super) fn read_setup_files(&self, moment: Moment) -> Result<Vec<SetupFile>> {
        let read = |driver: &DriverPlan| {
            let DriverPlan { name, inx, inx_path } = driver;
            let content = fs::read(inx_path).map_err(|error| {
                anyhow!("{inx}: {error}; driver {name} needs it, copy the one of another driver")
            })?;
            let stamped = stamp::stamp(inx, &content, ARCHITECTURE, &self.version, moment)?;
            primitive::primitive(&Inf::parse(inx, &stamped)?, ARCHITECTURE)?;
            Ok(SetupFile { name: inx.clone(), content })
        };
        self.drivers.iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_version_and_architecture() {
        let plan = Plan::new(Path::new("w"), Path::new("t/package"), "1.2.3", &["echo"]);
        assert_eq!(plan.folder, Path::new("t/package/nmr-drivers-1.2.3-x64"));
        assert_eq!(plan.archive, Path::new("t/package/nmr-drivers-1.2.3-x64.zip"));
        assert_eq!(plan.drivers[0].inx, "inf/echo.inx");
    }

    #[test]
    fn a_driver_without_setup_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let plan = Plan::new(folder.path(), folder.path(), "1.2.3", &["echo"]);
        let error =
            plan.read_setup_files(Moment::from_epoch(1_767_225_600).unwrap()).unwrap_err().to_string();
        assert!(error.starts_with("inf/echo.inx: ") && error.contains("driver echo needs it"), "{error}");
    }

    #[test]
    fn every_setup_file_of_the_workspace_is_that_of_a_primitive_driver() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let names: Vec<String> = fs::read_dir(workspace.join("inf"))
            .unwrap()
            .filter_map(|entry| {
                entry.unwrap().file_name().into_string().unwrap().strip_suffix(".inx").map(str::to_owned)
            })
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert!(names.len() >= 3, "{names:?}");
        let plan = Plan::new(workspace, workspace, "1.2.3", &names);
        plan.read_setup_files(Moment::from_epoch(1_767_225_600).unwrap()).unwrap();
    }
}
