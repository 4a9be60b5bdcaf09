//! Does the control device show what is attached, and does a drain leave nothing for Unload to wait for?

use std::collections::BTreeSet;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use nmrctl::attachments::AttachmentsReport;
use nmrctl::failure::FailureCode;

use super::super::expectations::UNLOAD_LIMIT;
use super::super::peers::{HOLDS, HOLDS_ID};
use super::{COMPOSITE, SOON, Scene, lines_since};

const DRIVER: &str = COMPOSITE.service;

/// The module id of echo-provider.
const ECHO_PROVIDER_ID: &str = "a4b1e6d0-6d2b-4f0e-9f3e-2f7c5f3b0a01";
/// The registrations of the composite driver: name, side, and who is attached.
const EXPECTED: [(&str, &str, &[&str]); 3] = [
    ("echo", "client", &[ECHO_PROVIDER_ID, HOLDS_ID]),
    ("clock", "client", &[ECHO_PROVIDER_ID]),
    ("relay", "provider", &[HOLDS_ID]),
];

/// Looks at the loaded driver, drains it, and stops it.
pub(super) fn run(scene: &Scene<'_>) -> Result<String> {
    // The composite driver calls the Echo that it was attached to first: the one whose calls are held.
    scene.load(&[HOLDS.name, "echo-provider", DRIVER])?;
    let calls = calls_in_flight(scene)?;

    let blocked = scene.nmrctl.ask(&["drain", DRIVER, "--timeout", "1"], SOON)?;
    let report = blocked.attachments.context("a drain that is blocked reports no attachments")?;
    let failure = blocked.error.context("a drain succeeded whose peer has not completed its detach")?;
    ensure!(failure.code == FailureCode::TimedOut, "the drain failed otherwise: {failure}");
    let blocker = format!("{HOLDS_ID} is ");
    ensure!(
        failure.message.contains("relay (provider of ") && failure.message.contains(&blocker),
        "the drain does not name the peer {HOLDS_ID} of relay: {failure}"
    );
    let relay = peers_of(&report, "relay");
    ensure!(!report.drained && relay.contains(HOLDS_ID), "the report lacks the peer that blocks: {report:?}");

    scene.release()?;
    let drained = scene.nmrctl.run(&["drain", DRIVER, "--timeout", "20"], UNLOAD_LIMIT)?;
    let report = drained.attachments.context("a drain reports no attachments")?;
    ensure_drained(&report)?;

    let before = scene.lab.log().end()?;
    scene.unload(&[DRIVER])?;
    let detaches = lines_since(scene.lab, before, r"^nmr-sim: \d+ detach-called ")?;
    let waits = lines_since(scene.lab, before, r"^nmr-sim: \d+ waiting .* bindings=[1-9]")?;
    if let Some(line) = detaches.iter().chain(&waits).next() {
        bail!("{DRIVER} was drained, and its Unload had something left to wait for: {line}");
    }
    scene.unload(&["echo-provider", HOLDS.name])?;
    Ok(format!(
        "the control device showed every peer, {calls} calls in flight, who blocked the drain; then Unload had nothing to wait for"
    ))
}

/// Asks until the driver shows everything that is attached, and calls that are held. Answers how many.
fn calls_in_flight(scene: &Scene<'_>) -> Result<u64> {
    let begin = Instant::now();
    loop {
        let answer = scene.nmrctl.run(&["attachments", DRIVER], SOON)?;
        let report = answer.attachments.context("no attachments in the answer")?;
        let held = report
            .registrations
            .iter()
            .filter(|registration| registration.name == "echo")
            .flat_map(|registration| &registration.attachments)
            .filter(|attachment| {
                attachment.peer.as_deref() == Some(HOLDS_ID) && attachment.state == "attached"
            })
            .map(|attachment| attachment.calls_in_flight)
            .sum();
        if held > 0 {
            ensure_as_expected(&report)?;
            return Ok(held);
        }
        ensure!(begin.elapsed() < SOON, "{DRIVER} shows no call in flight into {HOLDS_ID}: {report:?}");
    }
}

fn ensure_as_expected(report: &AttachmentsReport) -> Result<()> {
    ensure!(report.driver == "Composite" && !report.drained, "this is not the loaded driver: {report:?}");
    let names: Vec<&str> =
        report.registrations.iter().map(|registration| registration.name.as_str()).collect();
    ensure!(names == EXPECTED.map(|(name, ..)| name), "the driver shows the registrations {names:?}");
    for (registration, (name, side, peers)) in report.registrations.iter().zip(EXPECTED) {
        let is_so = registration.side == side && registration.state == "registered";
        ensure!(is_so, "{name} should be a registered {side}: {registration:?}");
        let found = peers_of(report, name);
        let expected: BTreeSet<&str> = peers.iter().copied().collect();
        ensure!(found == expected, "attached to {name} should be {expected:?}, and are {found:?}");
    }
    Ok(())
}

fn peers_of<'a>(report: &'a AttachmentsReport, registration: &str) -> BTreeSet<&'a str> {
    let named = report.registrations.iter().filter(|each| each.name == registration);
    named.flat_map(|each| &each.attachments).filter_map(|attachment| attachment.peer.as_deref()).collect()
}

fn ensure_drained(report: &AttachmentsReport) -> Result<()> {
    let gone = |registration: &nmrctl::attachments::RegistrationReport| {
        registration.drained && registration.attachments.is_empty() && registration.deregistered
    };
    ensure!(
        report.drained && report.registrations.iter().all(gone),
        "something is left after a drain: {report:?}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use nmrctl::attachments::{AttachmentReport, RegistrationReport};

    use super::*;

    /// What a drain leaves of a registration.
    const GONE: &str = "deregistered, not waited for";

    fn attachment(peer: &str) -> AttachmentReport {
        AttachmentReport {
            binding: 0,
            state: "attached".to_owned(),
            peer: Some(peer.to_owned()),
            peer_number: 0,
            calls_in_flight: 0,
            age_milliseconds: 1,
        }
    }

    fn registration(name: &str, side: &str, state: &str, peers: &[&str]) -> RegistrationReport {
        RegistrationReport {
            name: name.to_owned(),
            npi: String::new(),
            side: side.to_owned(),
            state: state.to_owned(),
            stage: 0,
            capacity: 4,
            refused_for_capacity: 0,
            callbacks: 0,
            deregistered: state == GONE,
            drained: state == GONE,
            attachments: peers.iter().map(|peer| attachment(peer)).collect(),
        }
    }

    fn report(state: &str) -> AttachmentsReport {
        let registrations = EXPECTED
            .iter()
            .map(|(name, side, peers)| {
                registration(name, side, state, if state == GONE { &[] } else { peers })
            })
            .collect();
        AttachmentsReport { driver: "Composite".to_owned(), drained: state == GONE, registrations }
    }

    #[test]
    fn every_registration_and_every_peer_must_be_shown() {
        ensure_as_expected(&report("registered")).unwrap();
        let mut wrong: [_; 4] = std::array::from_fn(|_| report("registered"));
        wrong[0].registrations.remove(1);
        wrong[1].registrations[0].attachments.pop();
        wrong[2].registrations[2].side = "client".to_owned();
        wrong[3].registrations[1].attachments.push(attachment(HOLDS_ID));
        for report in wrong {
            assert!(ensure_as_expected(&report).is_err(), "{report:?}");
        }
        assert!(ensure_as_expected(&report(GONE)).is_err());
    }

    #[test]
    fn a_drain_must_leave_nothing() {
        ensure_drained(&report(GONE)).unwrap();
        assert!(ensure_drained(&report("registered")).is_err());
        let mut left = report(GONE);
        left.registrations[0].attachments.push(attachment(HOLDS_ID));
        assert!(ensure_drained(&left).is_err());
    }
}
