//! `nmrctl preflight`: would this bundle run on this machine? Looks at everything, changes nothing.

use std::path::Path;

use crate::answer::{Answer, BundleReport, CertificateReport, Check, Verdict};
use crate::bundle::{self, Bundle};
use crate::commands::placement::Placement;
use crate::commands::report::driver_report;
use crate::commands::{certificates, require_elevated, stop_pending};
use crate::failure::Failure;
use crate::machine::{Facts, Machine};
use crate::service::ServiceState;

pub(super) fn run(machine: &dyn Machine, folder: &Path, answer: &mut Answer) -> Result<(), Failure> {
    let facts = machine.facts()?;
    let bundle = Bundle::open(folder)?;
    let report = bundle.examine();
    let mut verdicts = Verdicts { answer };
    verdicts.required("elevation", "administrator rights are there", require_elevated(&facts));
    verdicts.required(
        "architecture",
        "the bundle is for this machine's architecture",
        bundle.require_fitting(&facts),
    );
    verdicts.required("bundle", &format!("{} files are as the manifest says", report.files), intact(&report));
    for driver in &bundle.manifest.drivers {
        let suits = format!("{} has a section for this system", driver.inf);
        verdicts.required("system", &suits, Placement::new(&facts, &bundle, driver).map(drop));
        verdicts.service(machine, &driver.service)?;
    }
    let stores = certificates::look(machine, &bundle)?;
    verdicts.certificates(&stores);
    verdicts.loading(&facts);
    for driver in &bundle.manifest.drivers {
        answer.drivers.push(driver_report(
            machine,
            &facts,
            &driver.service,
            crate::answer::Action::Reported,
        )?);
    }
    answer.certificates = stores;
    answer.bundle = Some(report);
    answer.machine = Some(facts);
    Ok(())
}

fn intact(report: &BundleReport) -> Result<(), Failure> {
    if report.damage.is_empty() { Ok(()) } else { Err(bundle::damaged(report)) }
}

/// Collects verdicts into the answer; the first that is `Fail` makes the answer fail.
struct Verdicts<'a> {
    answer: &'a mut Answer,
}

impl Verdicts<'_> {
    fn add(&mut self, name: &str, verdict: Verdict, finding: &str, advice: &str) {
        let check =
            Check { name: name.to_owned(), verdict, finding: finding.to_owned(), advice: advice.to_owned() };
        self.answer.checks.push(check);
    }

    fn required(&mut self, name: &str, good: &str, result: Result<(), Failure>) {
        match result {
            Ok(()) => self.add(name, Verdict::Pass, good, ""),
            Err(failure) => {
                self.add(name, Verdict::Fail, &failure.message, &failure.advice);
                self.answer.fail(failure);
            }
        }
    }

    fn service(&mut self, machine: &dyn Machine, name: &str) -> Result<(), Failure> {
        let state = machine.service(name)?.map(|service| service.state);
        let free = if state == Some(ServiceState::StopPending) { Err(stop_pending(name)) } else { Ok(()) };
        let good = if state.is_some() { "is installed" } else { "is not installed yet" };
        self.required("service", &format!("{name} {good}"), free);
        Ok(())
    }

    fn certificates(&mut self, stores: &[CertificateReport]) {
        for CertificateReport { store, present, .. } in stores {
            let finding = if *present {
                format!("{store} has the signer's certificate")
            } else {
                format!("{store} does not have the signer's certificate yet; `install` adds it")
            };
            self.add("certificate", Verdict::Pass, &finding, "");
        }
    }

    /// What Windows asks before it loads an image that is signed with a test certificate. A bundle signed by Microsoft
    /// needs none of it, so nothing here fails the preflight.
    fn loading(&mut self, facts: &Facts) {
        let advice = "a test-signed driver needs it: `bcdedit /set testsigning on`, then restart";
        match facts.test_signing {
            Some(true) => self.add("test-signing", Verdict::Pass, "test signing is on", ""),
            Some(false) => self.add("test-signing", Verdict::Warn, "test signing is off", advice),
            None => self.add(
                "test-signing",
                Verdict::Warn,
                "the system does not say whether test signing is on",
                advice,
            ),
        }
        let advice =
            "test signing cannot be switched on while Secure Boot is on: switch it off in the firmware";
        match facts.secure_boot {
            Some(false) => self.add("secure-boot", Verdict::Pass, "Secure Boot is off", ""),
            Some(true) => self.add("secure-boot", Verdict::Warn, "Secure Boot is on", advice),
            None => self.add("secure-boot", Verdict::Pass, "the system has no Secure Boot state", ""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::tests::write_bundle;
    use crate::failure::FailureCode;
    use crate::machine::fake::FakeMachine;

    fn look(machine: &FakeMachine, folder: &Path) -> Answer {
        let mut answer = Answer::new("preflight");
        run(machine, folder, &mut answer).unwrap();
        answer
    }

    fn verdict(answer: &Answer, name: &str) -> Verdict {
        answer
            .checks
            .iter()
            .map(|check| (check.name.as_str(), check.verdict))
            .find(|(found, _)| *found == name)
            .unwrap()
            .1
    }

    #[test]
    fn a_fitting_machine_passes_and_nothing_was_changed() {
        let folder = tempfile::tempdir().unwrap();
        write_bundle(folder.path(), "1.0.0", &["a"]);
        let machine = FakeMachine::new();
        let answer = look(&machine, folder.path());
        assert!(answer.ok);
        assert!(answer.checks.iter().all(|check| check.verdict == Verdict::Pass), "{:?}", answer.checks);
        assert!(machine.calls.is_empty());
        assert_eq!(answer.machine, Some(machine.facts));
    }

    #[test]
    fn everything_that_is_wrong_is_found_in_one_go() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = write_bundle(folder.path(), "1.0.0", &["a"]);
        std::fs::write(bundle.path("a/a.sys"), "x").unwrap();
        let mut machine = FakeMachine::new();
        machine.facts.elevated = false;
        machine.facts.architecture = "arm64".to_owned();
        machine.add_service("a", ServiceState::StopPending, "");
        let answer = look(&machine, folder.path());
        for name in ["elevation", "architecture", "bundle", "system", "service"] {
            assert_eq!(verdict(&answer, name), Verdict::Fail, "{name}");
        }
        assert_eq!(answer.error.unwrap().code, FailureCode::NotElevated);
    }

    #[test]
    fn what_only_a_test_certificate_needs_is_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        write_bundle(folder.path(), "1.0.0", &["a"]);
        let mut machine = FakeMachine::new();
        machine.facts.test_signing = Some(false);
        machine.facts.secure_boot = Some(true);
        let answer = look(&machine, folder.path());
        assert!(answer.ok);
        assert_eq!(verdict(&answer, "test-signing"), Verdict::Warn);
        assert_eq!(verdict(&answer, "secure-boot"), Verdict::Warn);
    }
}
