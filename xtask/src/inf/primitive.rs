//! What a primitive driver's INF must hold: one that Windows 10 1903 and later install into the driver store without any
//! device. The rules are those of Microsoft's "Creating a new primitive driver", and demand start, our own.

use super::decoration::Platform;
use super::install::{self, InstalledFile};
use super::model::{Field, Inf};
use super::service::{self, Service};
use super::{Place, Problem, Problems, lint, rule, uninstall};
use crate::architecture::Architecture;

/// The driver store folder that Windows chooses for the package.
const DRIVER_STORE: u32 = 13;

/// A primitive driver's INF, understood.
#[derive(Clone, Debug)]
pub(crate) struct Primitive {
    /// The catalog's file name.
    pub(crate) catalog: String,
    /// The files it installs.
    pub(crate) files: Vec<InstalledFile>,
    /// The services it adds.
    pub(crate) services: Vec<Service>,
    /// The value of DriverVer, date and version.
    pub(crate) driver_version: String,
}

/// Reads `inf` as the INF of a primitive driver for `architecture`, or says everything that keeps it from being one.
pub(crate) fn primitive(inf: &Inf, architecture: Architecture) -> Result<Primitive, Problems> {
    let problems = lint::check(inf).into_iter().filter(Problem::is_error).collect();
    let mut rules = Rules { inf, architecture, problems };
    rules.sections();
    let (catalog, driver_version) = rules.version();
    let platform = Platform::newest(architecture);
    let install = format!("DefaultInstall.NT{}", architecture.inf());
    let files = install::files(inf, std::slice::from_ref(&install), &platform).files;
    rules.driver_store(&files);
    let (services, found) = service::services(inf, &install, &platform);
    rules.problems.extend(found);
    for service in &services {
        rules.service(service, &files);
    }
    rules.problems.extend(uninstall::second_entries(inf));
    let uninstall = format!("DefaultUninstall.NT{}", architecture.inf());
    rules.problems.extend(uninstall::check(inf, &uninstall, &files, &services));
    Problems::check(&inf.name, rules.problems)?;
    Ok(Primitive { catalog, files, services, driver_version })
}

struct Rules<'a> {
    inf: &'a Inf,
    architecture: Architecture,
    problems: Vec<Problem>,
}

impl Rules<'_> {
    fn add(&mut self, place: Place, what: impl Into<String>, instead: impl Into<String>) {
        self.problems.push(Problem::new(rule::PRIMITIVE, place, what, instead));
    }

    /// Which sections there must be, and which there must not.
    fn sections(&mut self) {
        let decorated = format!("DefaultInstall.NT{}", self.architecture.inf());
        if !self.inf.has(&decorated) {
            let what = format!("there is no section [{decorated}]");
            self.add(Place::START, what, "add it: it is what gets installed");
        }
        for section in &self.inf.sections {
            let name = section.name.to_ascii_lowercase();
            if name == "manufacturer" {
                let instead = "remove it: a primitive driver installs on no device";
                self.add(section.place, "[Manufacturer] makes this a device driver", instead);
            }
            let mut parts = name.split('.');
            let entry = parts.next().unwrap_or_default();
            if ["defaultinstall", "defaultuninstall"].contains(&entry)
                && !parts.next().is_some_and(is_architecture)
            {
                let what = format!("[{}] is not decorated with an architecture", section.name);
                let instead = format!("write [{entry}.NT{}...]", self.architecture.inf());
                self.add(section.place, what, instead);
            }
        }
        let uninstall = format!("DefaultUninstall.NT{}", self.architecture.inf());
        if self.inf.has(&uninstall) {
            self.value(&uninstall, "LegacyUninstall", "1");
        }
    }

    /// The [Version] section; gives the catalog's name and DriverVer.
    fn version(&mut self) -> (String, String) {
        self.value("Version", "Signature", "$Windows NT$");
        self.value("Version", "PnpLockdown", "1");
        let version = self.wanted("Version", "DriverVer", "DriverVer = mm/dd/yyyy,w.x.y.z", |text| {
            text.split_once(',').is_some_and(|(_, version)| version.split('.').count() == 4)
        });
        let nt = format!("CatalogFile.NT{}", self.architecture.inf());
        let key = [nt.as_str(), "CatalogFile.NT"]
            .into_iter()
            .find(|key| !self.inf.entries("Version", key).is_empty());
        let instead = "CatalogFile = driver-name.cat";
        let catalog = self.wanted("Version", key.unwrap_or("CatalogFile"), instead, |name| {
            name.to_ascii_lowercase().ends_with(".cat")
                && nmrctl::names::is_plain_path(name)
                && !name.contains('/')
        });
        (catalog.map_or_else(String::new, |field| field.0), version.map_or_else(String::new, |field| field.0))
    }

    fn driver_store(&mut self, files: &[InstalledFile]) {
        for file in files {
            if file.folder != Some(DRIVER_STORE) {
                let what = format!("{} does not go to the driver store", file.name);
                self.add(file.field.place, what, "write `DefaultDestDir = 13` in [DestinationDirs]");
            }
        }
    }

    fn service(&mut self, service: &Service, files: &[InstalledFile]) {
        let section = &service.section;
        self.number(section, "ServiceType", 1, "a kernel driver");
        self.number(
            section,
            "StartType",
            3,
            "on demand: a driver that fails must not keep a machine from starting",
        );
        self.number(section, "ErrorControl", 1, "errors are logged and starting goes on");
        let instead = "ServiceBinary = %13%\\driver-name.sys";
        let Some((binary, field)) =
            self.wanted(section, "ServiceBinary", instead, |path| path.starts_with("%13%\\"))
        else {
            return;
        };
        let name = &binary["%13%\\".len()..];
        if !files.iter().any(|file| file.name.eq_ignore_ascii_case(name)) {
            let what = format!("the service starts {name}, which no CopyFiles directive installs");
            self.add(field.place, what, "name a file that is copied");
        }
    }

    fn value(&mut self, section: &str, key: &str, expected: &str) {
        self.wanted(section, key, &format!("{key} = {expected}"), |value| {
            value.eq_ignore_ascii_case(expected)
        });
    }

    fn number(&mut self, section: &str, key: &str, expected: u32, meaning: &str) {
        let instead = format!("{key} = {expected} ; {meaning}");
        self.wanted(section, key, &instead, |value| install::number(value) == Some(expected));
    }

    fn wanted(
        &mut self,
        section: &str,
        key: &str,
        instead: &str,
        good: impl Fn(&str) -> bool,
    ) -> Option<(String, Field)> {
        lint::wanted(self.inf, rule::PRIMITIVE, section, key, instead, good)
            .map_err(|problem| self.problems.push(problem))
            .ok()
    }
}

/// Whether a section decoration, in lower case, names an architecture.
fn is_architecture(decoration: &str) -> bool {
    Architecture::of_inf(decoration.strip_prefix("nt").unwrap_or(decoration)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"[Version]
Signature = "$Windows NT$"
Class = System
ClassGuid = {4D36E97D-E325-11CE-BFC1-08002BE10318}
Provider = %P%
DriverVer = 01/01/2026,0.1.0.0
CatalogFile = echo.cat
PnpLockdown = 1
[DestinationDirs]
DefaultDestDir = 13
[SourceDisksNames]
1 = "Disk"
[SourceDisksFiles]
echo.sys = 1
[DefaultInstall.NTamd64]
CopyFiles = Files
[DefaultInstall.NTamd64.Services]
AddService = echo,,Service
[DefaultUninstall.NTamd64]
LegacyUninstall = 1
DelFiles = Files
[DefaultUninstall.NTamd64.Services]
DelService = echo,0x200
[Files]
echo.sys
[Service]
ServiceType = 1
StartType = 3
ErrorControl = 1
ServiceBinary = %13%\echo.sys
[Strings]
P = "Project"
"#;

    fn read(text: &str) -> Result<Primitive, Problems> {
        primitive(&Inf::parse("t.inf", text.as_bytes()).unwrap(), Architecture::X64)
    }

    #[test]
    fn a_primitive_driver_is_understood() {
        let inf = read(GOOD).unwrap();
        assert_eq!(inf.catalog, "echo.cat");
        assert_eq!(inf.files[0].source, "echo.sys");
        assert_eq!(inf.services[0].name, "echo");
        assert_eq!(inf.driver_version, "01/01/2026,0.1.0.0");
    }

    /// Replacing `from` by `to` must give a problem in `line` that contains `what`.
    #[track_caller]
    fn broken(from: &str, to: &str, line: usize, what: &str) {
        assert!(GOOD.contains(from), "{from:?} is not in the sample");
        let problems = read(&GOOD.replacen(from, to, 1)).unwrap_err();
        let hit =
            problems.list.iter().any(|problem| problem.place.line == line && problem.what.contains(what));
        assert!(hit, "wanted {what:?} in line {line}, got:\n{problems}");
    }

    #[test]
    fn each_missing_or_wrong_line_is_told_with_its_place() {
        broken("$Windows NT$", "$CHICAGO$", 2, "Signature is");
        broken("Class = System\n", "", 1, "[Version] has no Class");
        broken("E325-11CE", "E325-11C", 4, "ClassGuid is");
        broken("Provider = %P%", "Provider = %Q%", 5, "%Q% is not defined");
        broken("01/01/2026,0.1.0.0", "13/01/2026,0.1.0.0", 6, "DriverVer is");
        broken("01/01/2026,0.1.0.0", "01/01/2026", 6, "DriverVer is");
        broken("CatalogFile = echo.cat\n", "", 1, "[Version] has no CatalogFile");
        broken("= echo.cat", "= ..\\echo.cat", 7, "CatalogFile is");
        broken("PnpLockdown = 1", "PnpLockdown = 0", 8, "PnpLockdown is");
        broken("DefaultDestDir = 13", "DefaultDestDir = 12", 25, "does not go to the driver store");
        broken("[SourceDisksFiles]\necho.sys = 1\n", "", 23, "is not in [SourceDisksFiles]");
        broken("LegacyUninstall = 1\n", "", 19, "has no LegacyUninstall");
        broken("StartType = 3", "StartType = 0", 28, "StartType is");
        broken("ServiceType = 1", "ServiceType = 0x10", 27, "ServiceType is");
        broken("ErrorControl = 1", "ErrorControl = 3", 29, "ErrorControl is");
        broken("%13%\\echo.sys", "%12%\\echo.sys", 30, "ServiceBinary is");
        broken("%13%\\echo.sys", "%13%\\other.sys", 30, "no CopyFiles directive installs");
    }

    #[test]
    fn sections_that_must_not_be_there_are_told() {
        broken("[Strings]", "[Manufacturer]\n[Strings]", 31, "makes this a device driver");
        broken("[DefaultInstall.NTamd64]", "[DefaultInstall]", 15, "not decorated");
        broken(
            "[DefaultInstall.NTamd64]",
            "[DefaultInstall.NTarm64]",
            1,
            "there is no section [DefaultInstall.NTamd64]",
        );
        broken("[DefaultUninstall.NTamd64]", "[DefaultUninstall]", 19, "not decorated");
    }

    #[test]
    fn what_is_uninstalled_must_be_what_was_installed() {
        broken("DelService = echo", "DelService = tcpip", 23, "takes away tcpip, which no AddService");
        broken("DelService = echo,0x200\n", "", 22, "brings echo, which no DelService");
        broken("DelFiles = Files\n", "", 19, "brings echo.sys, which no DelFiles");
        broken("DelFiles = Files", "DelFiles = @ntfs.sys", 21, "takes away ntfs.sys, which no CopyFiles");
        broken("DelFiles = Files", "DelFiles = Nothing", 21, "there is no section [Nothing]");
    }

    #[test]
    fn an_architecture_has_one_section_of_a_kind() {
        let more = |name: &str| format!("[{name}]\nCopyFiles = Files\n[Files]");
        let install = more("DefaultInstall.NTamd64.10.0...99999");
        broken("[Files]", &install, 24, "is a second DefaultInstall section for amd64");
        let uninstall = more("DefaultUninstall.NTamd64.10.0");
        broken("[Files]", &uninstall, 24, "is a second DefaultUninstall section for amd64");
    }
}
