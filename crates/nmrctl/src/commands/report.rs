//! `nmrctl status`, and the report on one driver that every other command ends with.

use std::path::Path;

use crate::answer::{Action, Answer, DriverReport};
use crate::bundle::{Bundle, same_name};
use crate::commands::not_installed;
use crate::failure::Failure;
use crate::image_path;
use crate::machine::{Facts, Machine};
use crate::manifest::sha256_hex;

pub(super) fn run(
    machine: &dyn Machine,
    name: Option<&str>,
    own_folder: &Path,
    answer: &mut Answer,
) -> Result<(), Failure> {
    let facts = machine.facts()?;
    let names = match name {
        Some(name) => vec![name.to_owned()],
        None => known_drivers(machine, own_folder)?,
    };
    for driver in &names {
        answer.drivers.push(driver_report(machine, &facts, driver, Action::Reported)?);
    }
    match (name, answer.drivers.first()) {
        (Some(name), Some(report)) if !report.installed => Err(not_installed(name)),
        _ => Ok(()),
    }
}

/// The drivers of the bundle this program lies in, then all others that it ever installed.
fn known_drivers(machine: &dyn Machine, own_folder: &Path) -> Result<Vec<String>, Failure> {
    let mut names: Vec<String> = Bundle::open(own_folder)
        .map(|bundle| bundle.manifest.drivers.into_iter().map(|driver| driver.service).collect())
        .unwrap_or_default();
    for name in machine.recorded()? {
        if !names.iter().any(|known| same_name(known, &name)) {
            names.push(name);
        }
    }
    Ok(names)
}

/// What there is of driver `name` now.
pub(super) fn driver_report(
    machine: &dyn Machine,
    facts: &Facts,
    name: &str,
    action: Action,
) -> Result<DriverReport, Failure> {
    let record = machine.record(name)?;
    let (installed_from, version) = record.map(|record| (record.bundle, record.version)).unzip();
    let mut report = DriverReport {
        name: name.to_owned(),
        action,
        installed: false,
        state: None,
        win32_exit_code: None,
        load_order_group: None,
        image: None,
        image_sha256: None,
        installed_from,
        version,
        milliseconds: None,
    };
    if let Some(service) = machine.service(name)? {
        let image = image_path::resolve(&service.image_path, name, &facts.windows_folder);
        report.installed = true;
        report.state = Some(service.state);
        report.win32_exit_code = Some(service.win32_exit_code);
        report.load_order_group = Some(service.load_order_group).filter(|group| !group.is_empty());
        report.image_sha256 = machine.read_file(&image)?.map(|content| sha256_hex(&content));
        report.image = Some(image);
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::tests::write_bundle;
    use crate::failure::FailureCode;
    use crate::machine::Record;
    use crate::machine::fake::FakeMachine;
    use crate::service::ServiceState;

    #[test]
    fn a_driver_is_reported_with_the_file_it_really_loads() {
        let mut machine = FakeMachine::new();
        machine.add_service("echo", ServiceState::Running, r"\SystemRoot\system32\echo.sys");
        machine.files.insert(r"C:\Windows\system32\echo.sys".to_owned(), b"image".to_vec());
        let mut answer = Answer::new("status");
        run(&machine, Some("echo"), Path::new("nowhere"), &mut answer).unwrap();
        let report = &answer.drivers[0];
        assert_eq!(report.state, Some(ServiceState::Running));
        assert_eq!(report.image.as_deref(), Some(r"C:\Windows\system32\echo.sys"));
        assert_eq!(report.image_sha256, Some(sha256_hex(b"image")));
    }

    #[test]
    fn asking_for_a_driver_that_is_not_there_fails_and_still_reports() {
        let mut answer = Answer::new("status");
        let failure = run(&FakeMachine::new(), Some("echo"), Path::new("nowhere"), &mut answer).unwrap_err();
        assert_eq!(failure.code, FailureCode::NotInstalled);
        assert!(!answer.drivers[0].installed);
    }

    #[test]
    fn without_a_name_the_bundle_comes_first_then_what_was_installed_before() {
        let folder = tempfile::tempdir().unwrap();
        write_bundle(folder.path(), "1.0.0", &["b", "a"]);
        let mut machine = FakeMachine::new();
        let record = Record { bundle: "x".to_owned(), version: "0.9.0".to_owned(), manifest_sha256: None };
        for name in ["A", "older"] {
            machine.set_record(name, Some(&record)).unwrap();
        }
        let mut answer = Answer::new("status");
        run(&machine, None, folder.path(), &mut answer).unwrap();
        let names: Vec<&str> = answer.drivers.iter().map(|report| report.name.as_str()).collect();
        assert_eq!(names, ["b", "a", "older"]);
    }
}
