//! Puts one driver into place and takes it away again, and believes only what is there afterwards.
//!
//! Systems differ: `DiInstallDriverW` is the right way on Windows, it is missing on old systems, and on some it reports
//! success and does nothing. So each engine is followed by a look at service and image.

use std::path::PathBuf;

use crate::bundle::Bundle;
use crate::commands::origin;
use crate::failure::{Failure, FailureCode};
use crate::image_path;
use crate::inf_section::{self, Target};
use crate::machine::{Facts, InfEngine, Machine, Processed};
use crate::manifest::{Driver, sha256_hex};

const ENGINES: [InfEngine; 2] = [InfEngine::DriverStore, InfEngine::Section];

/// One driver of one bundle, as it is to be on one machine.
#[derive(Clone, Debug)]
pub(super) struct Placement<'a> {
    facts: &'a Facts,
    bundle: &'a Bundle,
    driver: &'a Driver,
    inf: PathBuf,
    install_section: String,
    uninstall_section: String,
}

impl<'a> Placement<'a> {
    /// Chooses the sections of the driver's INF that suit the machine.
    ///
    /// # Errors
    /// `SystemTooOld` or `WrongArchitecture` if there is no section for this machine.
    pub(super) fn new(facts: &'a Facts, bundle: &'a Bundle, driver: &'a Driver) -> Result<Self, Failure> {
        let text = inf_section::decode(&bundle.read(&driver.inf)?);
        let section = |base| section(&text, base, facts, driver);
        let install_section = section("DefaultInstall")?;
        let uninstall_section = section("DefaultUninstall")?;
        let inf = bundle.path(&driver.inf);
        Ok(Self { facts, bundle, driver, inf, install_section, uninstall_section })
    }

    /// The name of the driver's service.
    pub(super) fn name(&self) -> &'a str {
        &self.driver.service
    }

    /// What is wrong with the driver as installed on this machine, compared with the bundle; `None` if nothing.
    pub(super) fn defect(&self, machine: &dyn Machine) -> Result<Option<String>, Failure> {
        let Some(image) = self.installed_image(machine)? else {
            return Ok(Some(format!("there is no service {}", self.name())));
        };
        let Some(content) = machine.read_file(&image)? else {
            return Ok(Some(format!("its image {image} is missing")));
        };
        let wanted = self.bundle.manifest.file(&self.driver.image).map(|file| file.sha256.as_str());
        let same = wanted == Some(sha256_hex(&content).as_str());
        Ok((!same).then(|| format!("its image {image} is not the one of the bundle")))
    }

    /// Installs the driver and checks that it is there. On failure nothing is taken back.
    pub(super) fn install(&self, machine: &mut dyn Machine) -> Result<(), Failure> {
        let mut defect = None;
        for engine in ENGINES {
            if machine.install_inf(engine, &self.inf, &self.install_section)? == Processed::NotOffered {
                continue;
            }
            defect = self.defect(machine)?;
            if defect.is_none() {
                return machine.set_record(self.name(), Some(&origin::record_of(self.bundle)));
            }
        }
        let defect = defect.unwrap_or_else(|| "the system offers no way to process an INF".to_owned());
        let message =
            format!("{} was processed and {} is not installed: {defect}", self.driver.inf, self.name());
        let advice = r"see the end of C:\Windows\INF\setupapi.dev.log on that machine";
        Err(Failure::new(FailureCode::InstallFailed, message, advice))
    }

    /// Removes service, image and record. The driver must be stopped. An image that is not the bundle's stays: nobody
    /// knows whose it is.
    pub(super) fn remove(&self, machine: &mut dyn Machine) -> Result<(), Failure> {
        let is_ours = self.defect(machine)?.is_none();
        let image = self.installed_image(machine)?.filter(|_| is_ours);
        for engine in ENGINES {
            if !self.is_there(machine, image.as_deref())? {
                break;
            }
            machine.uninstall_inf(engine, &self.inf, &self.uninstall_section)?;
        }
        // Without a driver store nobody owns a file outside it, and an INF that runs from the store names none to
        // delete. Only the image that this service loaded is meant.
        if machine.service(self.name())?.is_some() {
            machine.delete_service(self.name())?;
        }
        if let Some(image) = &image
            && machine.read_file(image)?.is_some()
        {
            machine.delete_file(image)?;
        }
        if self.is_there(machine, image.as_deref())? {
            let message = format!("{} was uninstalled, and service or image are still there", self.name());
            let advice = "something holds it open; restart the machine and run `nmrctl uninstall` again";
            return Err(Failure::new(FailureCode::UninstallFailed, message, advice));
        }
        machine.set_record(self.name(), None)
    }

    fn installed_image(&self, machine: &dyn Machine) -> Result<Option<String>, Failure> {
        let service = machine.service(self.name())?;
        let windows = &self.facts.windows_folder;
        Ok(service.map(|service| image_path::resolve(&service.image_path, self.name(), windows)))
    }

    fn is_there(&self, machine: &dyn Machine, image: Option<&str>) -> Result<bool, Failure> {
        if machine.service(self.name())?.is_some() {
            return Ok(true);
        }
        image.map_or(Ok(false), |image| Ok(machine.read_file(image)?.is_some()))
    }
}

fn section(inf: &str, base: &str, facts: &Facts, driver: &Driver) -> Result<String, Failure> {
    // INF files have their own word for x64.
    let architecture = if facts.architecture == "x64" { "amd64" } else { &facts.architecture };
    let target = |version| Target { architecture, version };
    if let Some(name) = inf_section::best(inf, base, target(facts.system)) {
        return Ok(name);
    }
    let file = &driver.inf;
    let (code, message) = match inf_section::best(inf, base, target((u32::MAX, u32::MAX, u32::MAX))) {
        Some(name) => {
            let (major, minor, build) = facts.system;
            let message =
                format!("{file} needs what [{name}] says; this system is {major}.{minor} build {build}");
            (FailureCode::SystemTooOld, message)
        }
        None => {
            let message = format!("{file} has no section [{base}.NT{architecture}] for this machine");
            (FailureCode::WrongArchitecture, message)
        }
    };
    Err(Failure::new(code, message, "use a machine that fits, or a bundle built for this one"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::tests::write_bundle;
    use crate::machine::fake::{EngineReaction, FakeMachine};
    use crate::manifest::File;

    fn with_placement(test: impl FnOnce(&mut FakeMachine, &Placement<'_>)) {
        let folder = tempfile::tempdir().unwrap();
        let bundle = write_bundle(folder.path(), "1.0.0", &["a"]);
        let mut machine = FakeMachine::new();
        let facts = machine.facts.clone();
        let placement = Placement::new(&facts, &bundle, &bundle.manifest.drivers[0]).unwrap();
        test(&mut machine, &placement);
    }

    #[test]
    fn the_driver_store_is_tried_first_and_is_enough() {
        with_placement(|machine, placement| {
            placement.install(machine).unwrap();
            assert_eq!(machine.calls, ["install a.inf through DriverStore"]);
            assert_eq!(machine.record("a").unwrap().unwrap().version, "1.0.0");
            assert_eq!(placement.defect(machine).unwrap(), None);
        });
    }

    #[test]
    fn a_driver_store_that_lies_is_found_out_and_the_section_used() {
        for reaction in [EngineReaction::ClaimsOnly, EngineReaction::NotOffered] {
            with_placement(|machine, placement| {
                machine.driver_store = reaction;
                placement.install(machine).unwrap();
                let expected = [
                    "install a.inf through DriverStore",
                    "install a.inf through Section DefaultInstall.NTamd64",
                ];
                assert_eq!(machine.calls, expected);
            });
        }
    }

    #[test]
    fn a_refusal_of_the_driver_store_is_final() {
        with_placement(|machine, placement| {
            machine.driver_store = EngineReaction::Refuses;
            assert_eq!(placement.install(machine).unwrap_err().code, FailureCode::InstallFailed);
            assert_eq!(machine.calls.len(), 1, "a signature that was refused must not be stepped round");
        });
    }

    #[test]
    fn when_no_engine_does_anything_the_failure_says_what_is_missing() {
        with_placement(|machine, placement| {
            machine.driver_store = EngineReaction::ClaimsOnly;
            machine.section = EngineReaction::ClaimsOnly;
            let failure = placement.install(machine).unwrap_err();
            assert_eq!(failure.code, FailureCode::InstallFailed);
            assert!(failure.message.contains("there is no service a"), "{failure}");
            assert!(machine.record("a").unwrap().is_none());
        });
    }

    #[test]
    fn removal_leaves_nothing_even_if_the_engines_do() {
        for reaction in [EngineReaction::Works, EngineReaction::ClaimsOnly, EngineReaction::NotOffered] {
            with_placement(|machine, placement| {
                placement.install(machine).unwrap();
                machine.driver_store = reaction;
                machine.section = reaction;
                placement.remove(machine).unwrap();
                assert!(machine.service("a").unwrap().is_none());
                assert!(machine.files.is_empty());
                assert!(machine.record("a").unwrap().is_none());
            });
        }
    }

    #[test]
    fn a_system_too_old_and_another_architecture_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = write_bundle(folder.path(), "1.0.0", &["a"]);
        let inf = bundle.path("a/a.inf");
        let driver = &bundle.manifest.drivers[0];
        let facts = FakeMachine::new().facts;
        for (text, code) in [
            ("[DefaultInstall.NTamd64.10.0...99999]", FailureCode::SystemTooOld),
            ("[DefaultInstall.NTarm64]", FailureCode::WrongArchitecture),
        ] {
            std::fs::write(&inf, text).unwrap();
            let mut bundle = bundle.clone();
            let entry = bundle.manifest.files.iter_mut().find(|file| file.path == driver.inf).unwrap();
            *entry = File::describe(driver.inf.as_str(), text.as_bytes());
            assert_eq!(Placement::new(&facts, &bundle, driver).unwrap_err().code, code, "{text}");
        }
    }
}
