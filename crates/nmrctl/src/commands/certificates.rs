//! The signer's certificate in the stores of the local machine.

use crate::answer::{Action, CertificateReport};
use crate::bundle::Bundle;
use crate::failure::{Failure, FailureCode};
use crate::machine::{Machine, Store};

/// Adds the signer of `bundle` to both stores where it is missing.
pub(super) fn trust(
    machine: &mut dyn Machine,
    bundle: &Bundle,
    reports: &mut Vec<CertificateReport>,
) -> Result<(), Failure> {
    let certificate = bundle.read(&bundle.signer.certificate)?;
    for store in Store::BOTH {
        if machine.has_certificate(store, &certificate)? {
            reports.push(report(bundle, store, Action::Unchanged, true));
            continue;
        }
        // Reported first: a store may take it and fail afterwards, and what is not reported is not taken back.
        reports.push(report(bundle, store, Action::Installed, false));
        machine.add_certificate(store, &certificate)?;
        let present = machine.has_certificate(store, &certificate)?;
        reports.last_mut().into_iter().for_each(|report| report.present = present);
        if !present {
            let message = format!("the store {} took the certificate and does not have it", store.name());
            let advice = "a policy may forbid it; look at `certlm.msc`";
            return Err(Failure::new(FailureCode::CertificateStore, message, advice));
        }
    }
    Ok(())
}

/// Takes back what [`trust`] added, according to its reports. Returns the stores it was removed from.
pub(super) fn take_back(
    machine: &mut dyn Machine,
    bundle: &Bundle,
    reports: &mut [CertificateReport],
) -> Result<Vec<String>, Failure> {
    let certificate = bundle.read(&bundle.signer.certificate)?;
    let mut stores = Vec::new();
    for (store, report) in Store::BOTH.into_iter().zip(reports) {
        if report.action == Action::Installed {
            machine.remove_certificate(store, &certificate)?;
            report.action = Action::Uninstalled;
            report.present = false;
            stores.push(store.name().to_owned());
        }
    }
    Ok(stores)
}

/// Removes the signer of `bundle` from `stores`.
pub(super) fn distrust(
    machine: &mut dyn Machine,
    bundle: &Bundle,
    stores: &[Store],
    reports: &mut Vec<CertificateReport>,
) -> Result<(), Failure> {
    let certificate = bundle.read(&bundle.signer.certificate)?;
    for &store in stores {
        let mut action = Action::Absent;
        if machine.has_certificate(store, &certificate)? {
            machine.remove_certificate(store, &certificate)?;
            action = Action::Uninstalled;
        }
        let present = machine.has_certificate(store, &certificate)?;
        reports.push(report(bundle, store, action, present));
    }
    Ok(())
}

/// Looks only.
pub(super) fn look(machine: &dyn Machine, bundle: &Bundle) -> Result<Vec<CertificateReport>, Failure> {
    let certificate = bundle.read(&bundle.signer.certificate)?;
    let found =
        |store| Ok(report(bundle, store, Action::Reported, machine.has_certificate(store, &certificate)?));
    Store::BOTH.into_iter().map(found).collect()
}

fn report(bundle: &Bundle, store: Store, action: Action, present: bool) -> CertificateReport {
    let thumbprint = bundle.signer.sha1.clone();
    CertificateReport { store: store.name().to_owned(), thumbprint, action, present }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::tests::write_bundle;
    use crate::machine::fake::FakeMachine;

    #[test]
    fn a_certificate_is_added_once_and_only_where_it_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = write_bundle(folder.path(), "1.0.0", &["a"]);
        let mut machine = FakeMachine::new();
        machine.add_certificate(Store::Root, b"der").unwrap();
        machine.calls.clear();
        for expected in [[Action::Unchanged, Action::Installed], [Action::Unchanged, Action::Unchanged]] {
            let mut reports = Vec::new();
            trust(&mut machine, &bundle, &mut reports).unwrap();
            assert_eq!(reports.iter().map(|report| report.action).collect::<Vec<_>>(), expected);
            assert!(reports.iter().all(|report| report.present));
        }
        assert_eq!(machine.calls, ["add certificate to TrustedPublisher"]);
    }

    #[test]
    fn taking_back_leaves_what_was_there_before() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = write_bundle(folder.path(), "1.0.0", &["a"]);
        let mut machine = FakeMachine::new();
        machine.add_certificate(Store::Root, b"der").unwrap();
        let mut reports = Vec::new();
        trust(&mut machine, &bundle, &mut reports).unwrap();
        assert_eq!(take_back(&mut machine, &bundle, &mut reports).unwrap(), ["TrustedPublisher"]);
        assert!(machine.has_certificate(Store::Root, b"der").unwrap());
        assert!(!machine.has_certificate(Store::TrustedPublisher, b"der").unwrap());
    }

    #[test]
    fn a_store_that_takes_it_and_fails_afterwards_loses_it_again() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = write_bundle(folder.path(), "1.0.0", &["a"]);
        let mut machine = FakeMachine::new();
        machine.stores_go_blind = true;
        let mut reports = Vec::new();
        trust(&mut machine, &bundle, &mut reports).unwrap_err();
        assert_eq!(take_back(&mut machine, &bundle, &mut reports).unwrap(), ["Root"]);
        machine.stores_go_blind = false;
        assert!(!machine.has_certificate(Store::Root, b"der").unwrap());
    }

    #[test]
    fn distrust_leaves_the_stores_that_were_not_named() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = write_bundle(folder.path(), "1.0.0", &["a"]);
        let mut machine = FakeMachine::new();
        trust(&mut machine, &bundle, &mut Vec::new()).unwrap();
        let stores = vec![Store::TrustedPublisher];
        let command = crate::arguments::Command::Distrust { bundle: None, stores };
        let answer = crate::commands::run(&command, &mut machine, folder.path());
        assert!(answer.ok, "{answer:?}");
        assert_eq!(answer.certificates.len(), 1);
        assert!(machine.has_certificate(Store::Root, b"der").unwrap());
        assert!(!machine.has_certificate(Store::TrustedPublisher, b"der").unwrap());
    }

    #[test]
    fn a_store_that_only_claims_to_have_taken_it_is_found_out() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = write_bundle(folder.path(), "1.0.0", &["a"]);
        let mut machine = FakeMachine::new();
        machine.forgetful_stores = true;
        let failure = trust(&mut machine, &bundle, &mut Vec::new()).unwrap_err();
        assert_eq!(failure.code, FailureCode::CertificateStore);
    }
}
