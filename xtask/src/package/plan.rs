//! What `package` is going to make, from what, and where.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use nmrctl::names::is_service_name;

use crate::architecture::Architecture;
use crate::inf::service::Service;
use crate::inf::{Inf, Place, Problem, Problems, primitive, rule, stamp};
use crate::moment::Moment;

/// The bundle's name.
pub(super) const NAME: &str = "nmr-drivers";

/// What is made, from what, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) version: String,
    pub(super) architecture: Architecture,
    /// Where the bundle goes.
    pub(super) folder: PathBuf,
    /// Where its archive goes.
    pub(super) archive: PathBuf,
    /// Where a bundle goes that nobody has signed: apart, so that it is no lab's newest.
    pub(super) unsigned_folder: PathBuf,
    pub(super) unsigned_archive: PathBuf,
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
    pub(super) fn new(
        workspace: &Path,
        output: &Path,
        version: &str,
        architecture: Architecture,
        drivers: &[&str],
    ) -> Self {
        let full_name = format!("{NAME}-{version}-{}", architecture.name());
        let driver = |name: &&str| {
            let inx = format!("inf/{name}.inx");
            DriverPlan { name: (*name).to_owned(), inx_path: workspace.join(&inx), inx }
        };
        Self {
            version: version.to_owned(),
            architecture,
            folder: output.join(&full_name),
            archive: output.join(format!("{full_name}.zip")),
            unsigned_folder: output.join("unsigned").join(&full_name),
            unsigned_archive: output.join("unsigned").join(format!("{full_name}.zip")),
            drivers: drivers.iter().map(driver).collect(),
        }
    }

    /// Reads the setup information file of each driver and refuses what could not be stamped or installed, one by one or
    /// together.
    pub(super) fn read_setup_files(&self, moment: Moment) -> Result<Vec<SetupFile>> {
        let mut taken = HashMap::new();
        let mut read = |driver: &DriverPlan| {
            let DriverPlan { name, inx, inx_path } = driver;
            let content = fs::read(inx_path).map_err(|error| {
                anyhow!("{inx}: {error}; driver {name} needs it, copy the one of another driver")
            })?;
            let stamped = stamp::stamp(inx, &content, self.architecture, &self.version, moment)?;
            let primitive = primitive::primitive(&Inf::parse(inx, &stamped)?, self.architecture)?;
            Problems::check(
                inx,
                own_service(inx, &primitive.services, &mut taken).err().into_iter().collect(),
            )?;
            Ok(SetupFile { name: inx.clone(), content })
        };
        self.drivers.iter().map(&mut read).collect()
    }
}

/// A driver has one service, and shares its name with no other driver: `taken` says which file has which.
fn own_service(inx: &str, services: &[Service], taken: &mut HashMap<String, String>) -> Result<(), Problem> {
    let [Service { name, field, .. }] = services else {
        let place = services.get(1).map_or(Place::START, |second| second.field.place);
        let what = format!("it adds {} services", services.len());
        return Err(Problem::new(
            rule::ONE_SERVICE,
            place,
            what,
            "add one: AddService = name, flags, service-install-section",
        ));
    };
    if !is_service_name(name) {
        let what = format!("{name:?} is no service name");
        return Err(Problem::new(
            rule::ONE_SERVICE,
            field.place,
            what,
            "use up to 64 letters, digits, '-' and '_'",
        ));
    }
    // The service control manager does not tell upper from lower case.
    match taken.insert(name.to_ascii_lowercase(), inx.to_owned()) {
        Some(first) => {
            let what = format!("the service {name} is already the one of {first}");
            Err(Problem::new(
                rule::ONE_SERVICE,
                field.place,
                what,
                "give each driver a service name of its own",
            ))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_version_and_architecture() {
        let of = |architecture| {
            Plan::new(Path::new("w"), Path::new("t/package"), "1.2.3", architecture, &["echo"])
        };
        let plan = of(Architecture::X64);
        assert_eq!(plan.folder, Path::new("t/package/nmr-drivers-1.2.3-x64"));
        assert_eq!(plan.archive, Path::new("t/package/nmr-drivers-1.2.3-x64.zip"));
        assert_eq!(plan.drivers[0].inx, "inf/echo.inx");
        assert_eq!(of(Architecture::Arm64).folder, Path::new("t/package/nmr-drivers-1.2.3-arm64"));
    }

    #[test]
    fn a_driver_without_setup_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let plan = Plan::new(folder.path(), folder.path(), "1.2.3", Architecture::X64, &["echo"]);
        let error =
            plan.read_setup_files(Moment::from_epoch(1_767_225_600).unwrap()).unwrap_err().to_string();
        assert!(error.starts_with("inf/echo.inx: ") && error.contains("driver echo needs it"), "{error}");
    }

    /// What is said about these setup files, each given with the name of the driver it belongs to.
    fn refusal(files: &[(&str, &str)]) -> String {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inf")).unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(format!("inf/{name}.inx")), content).unwrap();
        }
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        let plan = Plan::new(folder.path(), folder.path(), "1.2.3", Architecture::X64, &names);
        match plan.read_setup_files(Moment::from_epoch(1_767_225_600).unwrap()) {
            Ok(_) => "accepted".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn each_driver_has_one_service_of_its_own() {
        let inx = include_str!("../../../inf/composite.inx");
        let service = |name: &str| inx.replace("= composite,", &format!("= {name},"));
        assert_ne!(service("x"), inx);
        assert_eq!(refusal(&[("a", inx), ("b", &service("other"))]), "accepted");
        let twice = refusal(&[("a", inx), ("b", &service("Composite"))]);
        assert!(
            twice.starts_with("inf/b.inx:") && twice.contains("Composite is already the one of inf/a.inx"),
            "{twice}"
        );
        let named = refusal(&[("a", &service("\"my driver\""))]);
        assert!(named.starts_with("inf/a.inx:") && named.contains("is no service name"), "{named}");
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
        for architecture in Architecture::ALL {
            let plan = Plan::new(workspace, workspace, "1.2.3", architecture, &names);
            plan.read_setup_files(Moment::from_epoch(1_767_225_600).unwrap()).unwrap();
        }
    }
}
