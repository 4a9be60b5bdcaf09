//! `nmrctl uninstall`: stop, remove, look whether anything is left.

use std::path::Path;
use std::time::Duration;

use crate::answer::{Action, Answer};
use crate::bundle::Bundle;
use crate::commands::control::stop_service;
use crate::commands::placement::Placement;
use crate::commands::report::driver_report;
use crate::commands::{certificates, foreign_service, origin, require_elevated};
use crate::failure::{Failure, FailureCode};
use crate::machine::{Facts, Machine, Store};

/// The arguments of `uninstall`.
#[derive(Debug)]
pub(super) struct Options<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) bundle: Option<&'a Path>,
    pub(super) own_folder: &'a Path,
    pub(super) timeout: Duration,
    pub(super) remove_certificate: bool,
    pub(super) force: bool,
}

pub(super) fn run(
    machine: &mut dyn Machine,
    options: &Options<'_>,
    answer: &mut Answer,
) -> Result<(), Failure> {
    let facts = machine.facts()?;
    require_elevated(&facts)?;
    let mut names = match options.name {
        Some(name) => vec![name.to_owned()],
        None => {
            let bundle = Bundle::open(options.bundle.unwrap_or(options.own_folder))?;
            bundle.manifest.drivers.iter().map(|driver| driver.service.clone()).collect()
        }
    };
    // What was installed last may need what was installed first.
    names.reverse();
    for name in &names {
        let begin = machine.now();
        let result = uninstall_one(machine, &facts, options, name);
        let action = *result.as_ref().unwrap_or(&Action::Failed);
        let mut report = driver_report(machine, &facts, name, action)?;
        report.milliseconds = u64::try_from((machine.now() - begin).as_millis()).ok();
        answer.drivers.push(report);
        result?;
    }
    if options.remove_certificate {
        let bundle = Bundle::open(options.bundle.unwrap_or(options.own_folder))?;
        certificates::distrust(machine, &bundle, &Store::BOTH, &mut answer.certificates)?;
    }
    Ok(())
}

fn uninstall_one(
    machine: &mut dyn Machine,
    facts: &Facts,
    options: &Options<'_>,
    name: &str,
) -> Result<Action, Failure> {
    if machine.service(name)?.is_none() {
        machine.set_record(name, None)?;
        return Ok(Action::Absent);
    }
    let bundle = bundle_of(machine, options, name)?;
    let placement = Placement::new(facts, &bundle, bundle.driver(name)?)?;
    if !options.force && machine.record(name)?.is_none() && placement.defect(machine)?.is_some() {
        return Err(foreign_service(name));
    }
    // A service that is deleted while its driver unloads stays half alive until the machine restarts.
    stop_service(machine, name, options.timeout)?;
    placement.remove(machine)?;
    Ok(Action::Uninstalled)
}

/// The bundle with the INF that undoes the installation: the one named, or the one the driver came from, or our own. What
/// its INF says is done with all rights, so it must be whole.
fn bundle_of(machine: &dyn Machine, options: &Options<'_>, name: &str) -> Result<Bundle, Failure> {
    let whole = |folder: &Path| {
        let bundle = Bundle::open(folder)?;
        bundle.require_intact().map(|_| bundle)
    };
    let found = match (options.bundle, machine.record(name)?) {
        (Some(folder), _) => vec![whole(folder)],
        (None, Some(record)) => vec![origin::bundle_of(&record), whole(options.own_folder)],
        (None, None) => vec![whole(options.own_folder)],
    };
    let mut reasons = Vec::new();
    for candidate in found {
        match candidate.and_then(|bundle| bundle.driver(name).map(drop).map(|()| bundle)) {
            Ok(bundle) => return Ok(bundle),
            Err(failure) => reasons.push(failure),
        }
    }
    let is_damaged = |failure: &Failure| failure.code == FailureCode::BundleDamaged;
    let code =
        if reasons.iter().any(is_damaged) { FailureCode::BundleDamaged } else { FailureCode::BundleMissing };
    let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
    let message = format!("no bundle that could uninstall {name}: {}", reasons.join("; "));
    Err(Failure::new(code, message, "name one: `nmrctl uninstall <name> --bundle <folder>`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::tests::write_bundle;
    use crate::commands::install;
    use crate::machine::fake::{FakeMachine, Reaction};
    use crate::service::ServiceState;

    fn installed(folder: &Path) -> (FakeMachine, Bundle) {
        let bundle = write_bundle(folder, "1.0.0", &["a", "b"]);
        let mut machine = FakeMachine::new();
        install::run(&mut machine, &bundle.folder, &[], false, &mut Answer::new("install")).unwrap();
        machine.calls.clear();
        (machine, bundle)
    }

    fn options<'a>(name: Option<&'a str>, own_folder: &'a Path) -> Options<'a> {
        let timeout = Duration::from_secs(5);
        Options { name, bundle: None, own_folder, timeout, remove_certificate: false, force: false }
    }

    #[test]
    fn everything_is_removed_in_reverse_and_a_second_time_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let (mut machine, bundle) = installed(folder.path());
        machine.services.get_mut("b").unwrap().state = ServiceState::Running;
        for action in [Action::Uninstalled, Action::Absent] {
            let mut answer = Answer::new("uninstall");
            run(&mut machine, &options(None, &bundle.folder), &mut answer).unwrap();
            let found: Vec<_> =
                answer.drivers.iter().map(|report| (report.name.as_str(), report.action)).collect();
            assert_eq!(found, [("b", action), ("a", action)]);
        }
        assert!(machine.services.is_empty() && machine.files.is_empty());
        assert!(machine.has_certificate(Store::Root, b"der").unwrap(), "certificates stay unless asked for");
    }

    #[test]
    fn a_driver_that_does_not_stop_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (mut machine, bundle) = installed(folder.path());
        machine.services.get_mut("b").unwrap().state = ServiceState::Running;
        machine.reactions.insert("b".to_owned(), Reaction::Hangs);
        let mut answer = Answer::new("uninstall");
        let failure = run(&mut machine, &options(None, &bundle.folder), &mut answer).unwrap_err();
        assert_eq!(failure.code, FailureCode::TimedOut);
        assert_eq!(machine.services.len(), 2, "neither it nor what it may need");
        assert_eq!(machine.calls, ["stop b"]);
    }

    #[test]
    fn the_record_leads_to_the_bundle_when_the_program_lies_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let (mut machine, _) = installed(folder.path());
        let elsewhere = tempfile::tempdir().unwrap();
        run(&mut machine, &options(Some("a"), elsewhere.path()), &mut Answer::new("uninstall")).unwrap();
        assert!(!machine.services.contains_key("a"));
    }

    /// Its INF is run with all rights: whoever can write to the folder would have them.
    #[test]
    fn a_bundle_that_was_changed_since_the_installation_is_not_used() {
        type Change = fn(&Bundle);
        let changes: [Change; 2] = [
            |bundle| std::fs::write(bundle.path("a/a.sys"), "planted").expect("written"),
            // A whole bundle of somebody else's, manifest included.
            |bundle| drop(write_bundle(&bundle.folder, "6.6.6", &["a", "b"])),
        ];
        for change in changes {
            let folder = tempfile::tempdir().unwrap();
            let (mut machine, bundle) = installed(folder.path());
            change(&bundle);
            let elsewhere = tempfile::tempdir().unwrap();
            let options = options(Some("a"), elsewhere.path());
            let failure = run(&mut machine, &options, &mut Answer::new("uninstall")).unwrap_err();
            assert_eq!(failure.code, FailureCode::BundleDamaged);
            assert!(machine.services.contains_key("a") && machine.calls.is_empty(), "{:?}", machine.calls);
        }
    }

    #[test]
    fn a_damaged_bundle_that_is_named_or_our_own_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let (mut machine, bundle) = installed(folder.path());
        machine.set_record("a", None).unwrap();
        std::fs::write(bundle.path("a/a.sys"), "planted").unwrap();
        for named in [None, Some(bundle.folder.as_path())] {
            let options = Options { bundle: named, ..options(Some("a"), &bundle.folder) };
            let failure = run(&mut machine, &options, &mut Answer::new("uninstall")).unwrap_err();
            assert_eq!(failure.code, FailureCode::BundleDamaged);
        }
        assert!(machine.services.contains_key("a") && machine.calls.is_empty(), "{:?}", machine.calls);
    }

    #[test]
    fn without_any_bundle_the_driver_stays_and_the_failure_says_where_it_was_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        let (mut machine, _) = installed(folder.path());
        let elsewhere = tempfile::tempdir().unwrap();
        machine.set_record("a", None).unwrap();
        let options = options(Some("a"), elsewhere.path());
        let failure = run(&mut machine, &options, &mut Answer::new("uninstall")).unwrap_err();
        assert_eq!(failure.code, FailureCode::BundleMissing);
        assert!(failure.message.contains(&elsewhere.path().display().to_string()));
        assert!(machine.services.contains_key("a"));
    }

    #[test]
    fn a_service_of_somebody_else_is_removed_by_force_only_and_keeps_its_image() {
        let folder = tempfile::tempdir().unwrap();
        let (mut machine, bundle) = installed(folder.path());
        machine.set_record("a", None).unwrap();
        machine.add_service("a", ServiceState::Stopped, r"\??\C:\theirs\a.sys");
        machine.files.insert(r"C:\theirs\a.sys".to_owned(), b"theirs".to_vec());
        let options = options(Some("a"), &bundle.folder);
        let failure = run(&mut machine, &options, &mut Answer::new("uninstall")).unwrap_err();
        assert_eq!(failure.code, FailureCode::ForeignService);
        assert!(machine.calls.is_empty(), "{:?}", machine.calls);

        let options = Options { force: true, ..options };
        run(&mut machine, &options, &mut Answer::new("uninstall")).unwrap();
        assert!(!machine.services.contains_key("a"));
        assert_eq!(machine.files[r"C:\theirs\a.sys"], b"theirs");
    }

    #[test]
    fn certificates_go_when_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let (mut machine, bundle) = installed(folder.path());
        let options = Options { remove_certificate: true, ..options(None, &bundle.folder) };
        let mut answer = Answer::new("uninstall");
        run(&mut machine, &options, &mut answer).unwrap();
        assert!(!machine.has_certificate(Store::Root, b"der").unwrap());
        assert_eq!(answer.certificates[1].action, Action::Uninstalled);
    }
}
