//! `nmrctl attachments` and `nmrctl drain`: ask a driver's control device.
//!
//! The device is opened for each request and closed again, because an open handle would postpone the driver's unload. A
//! drain is asked for again until nothing is left: each time the driver lets go of what it can, and answers what holds it.
//! The time limit holds even while the device does not answer at all.

use std::time::Duration;

use crate::answer::{Action, Answer};
use crate::attachments::AttachmentsReport;
use crate::commands::report::driver_report;
use crate::commands::{not_installed, require_elevated};
use crate::failure::{Failure, FailureCode};
use crate::machine::{DeviceRequest, Machine};
use crate::service::ServiceState;

/// How often a driver that is draining is asked, at first and after a while.
const FIRST_POLL: Duration = Duration::from_millis(10);
const POLL: Duration = Duration::from_millis(100);
/// How often to look for an answer.
const LOOK: Duration = Duration::from_millis(2);
/// How long a question may take that the driver answers by looking at itself.
const QUESTION: Duration = Duration::from_secs(20);
/// How long a registration may be on its way down because the driver renews it.
const SETTLE: Duration = Duration::from_secs(2);

/// Reports the attachments of driver `name`.
pub(super) fn run(machine: &mut dyn Machine, name: &str, answer: &mut Answer) -> Result<(), Failure> {
    let facts = machine.facts()?;
    require_elevated(&facts)?;
    answer.drivers.push(driver_report(machine, &facts, name, Action::Reported)?);
    let deadline = machine.now() + QUESTION;
    answer.attachments = Some(match ask(machine, name, DeviceRequest::Query, deadline)? {
        Answered::Report(report) => report,
        Answered::NoDevice => return Err(no_device(machine, name)),
        Answered::NotInTime => return Err(silent(name, QUESTION)),
    });
    Ok(())
}

/// Refuses a driver that runs and takes no peers, because a drain has taken registrations of it down, or has begun to. A
/// driver that cannot be asked, because it has no device or one that speaks otherwise, is not judged.
///
/// # Errors
/// `Drained`, or `TimedOut` if the device does not answer.
pub(super) fn require_registered(machine: &mut dyn Machine, name: &str) -> Result<(), Failure> {
    let settled = machine.now() + SETTLE;
    loop {
        let deadline = machine.now() + QUESTION;
        let gone: Vec<String> = match ask(machine, name, DeviceRequest::Query, deadline) {
            Ok(Answered::Report(report)) => report
                .registrations
                .into_iter()
                .filter(|registration| registration.deregistered)
                .map(|registration| format!("{} ({})", registration.name, registration.state))
                .collect(),
            Ok(Answered::NotInTime) => return Err(silent(name, QUESTION)),
            Ok(Answered::NoDevice) | Err(_) => return Ok(()),
        };
        if gone.is_empty() {
            return Ok(());
        }
        if machine.now() >= settled {
            return Err(taken_down(name, &gone));
        }
        machine.pause(POLL);
    }
}

/// Has driver `name` let go of all its peers, and waits until it has.
pub(super) fn drain(
    machine: &mut dyn Machine,
    name: &str,
    limit: Duration,
    answer: &mut Answer,
) -> Result<(), Failure> {
    let facts = machine.facts()?;
    require_elevated(&facts)?;
    let begin = machine.now();
    let result = drain_until(machine, name, begin + limit);
    let action = if matches!(result, Ok(Drain::Done(_))) { Action::Drained } else { Action::Failed };
    let mut report = driver_report(machine, &facts, name, action)?;
    report.milliseconds = u64::try_from((machine.now() - begin).as_millis()).ok();
    answer.drivers.push(report);
    match result? {
        Drain::Done(report) => {
            answer.attachments = report;
            Ok(())
        }
        Drain::Left(report) => {
            let failure = blocked(name, &report, limit);
            answer.attachments = Some(report);
            Err(failure)
        }
        Drain::Silent => Err(silent(name, limit)),
        Drain::NoDevice => Err(no_device(machine, name)),
    }
}

/// Drains driver `name`, which is about to be stopped, if it can be drained. What a driver cannot be asked, because it has
/// no device or one that speaks otherwise, its unload will show.
///
/// # Errors
/// When something is left at `deadline`. The driver is not stopped then: its unload could not end either.
pub(super) fn drain_before_stop(
    machine: &mut dyn Machine,
    name: &str,
    deadline: Duration,
) -> Result<(), Failure> {
    let limit = deadline.saturating_sub(machine.now());
    match drain_until(machine, name, deadline) {
        Ok(Drain::Left(report)) => Err(blocked(name, &report, limit)),
        Ok(Drain::Silent) => Err(silent(name, limit)),
        Ok(Drain::Done(_) | Drain::NoDevice) | Err(_) => Ok(()),
    }
}

/// How a drain ended.
enum Drain {
    /// Nothing is left. Without a report, because the driver went away meanwhile.
    Done(Option<AttachmentsReport>),
    /// This was left at the last answer before the time was over.
    Left(AttachmentsReport),
    /// The time is over, and there was no answer.
    Silent,
    NoDevice,
}

fn drain_until(machine: &mut dyn Machine, name: &str, deadline: Duration) -> Result<Drain, Failure> {
    let mut last = None;
    let mut pause = FIRST_POLL;
    loop {
        match ask(machine, name, DeviceRequest::Drain, deadline)? {
            Answered::Report(report) if report.drained => return Ok(Drain::Done(Some(report))),
            Answered::Report(report) if machine.now() >= deadline => return Ok(Drain::Left(report)),
            Answered::Report(report) => last = Some(report),
            Answered::NotInTime => return Ok(last.map_or(Drain::Silent, Drain::Left)),
            Answered::NoDevice if last.is_some() => return Ok(Drain::Done(None)),
            Answered::NoDevice => return Ok(Drain::NoDevice),
        }
        machine.pause(pause);
        pause = POLL.min(pause * 2);
    }
}

/// What came of a request to a control device.
enum Answered {
    Report(AttachmentsReport),
    NoDevice,
    /// The time is over; the request is in the driver still.
    NotInTime,
}

fn ask(
    machine: &mut dyn Machine,
    name: &str,
    request: DeviceRequest,
    deadline: Duration,
) -> Result<Answered, Failure> {
    machine.begin_asking(name, request);
    let bytes = loop {
        if let Some(answer) = machine.device_answer() {
            break answer?;
        }
        if machine.now() >= deadline {
            return Ok(Answered::NotInTime);
        }
        machine.pause(LOOK);
    };
    let Some(bytes) = bytes else { return Ok(Answered::NoDevice) };
    AttachmentsReport::read(&bytes).map(Answered::Report).map_err(|malformed| {
        let message = format!("the control device of {name} answers something else: {malformed}");
        let advice = "use the nmrctl of the bundle that the driver came from";
        Failure::new(FailureCode::ControlDevice, message, advice)
    })
}

fn no_device(machine: &dyn Machine, name: &str) -> Failure {
    let state = machine.service(name).map(|service| service.map(|service| service.state));
    match state {
        Err(failure) => failure,
        Ok(None) => not_installed(name),
        Ok(Some(ServiceState::Running)) => {
            let message = format!("{name} runs and has no control device");
            let advice = "its declaration needs `control_device: true`; if it has that, the debugger log says why there is none";
            Failure::new(FailureCode::NoControlDevice, message, advice)
        }
        Ok(Some(_)) => {
            let message = format!("{name} does not run, so nothing is attached to it");
            Failure::new(FailureCode::NoControlDevice, message, format!("start it: `nmrctl start {name}`"))
        }
    }
}

fn blocked(name: &str, report: &AttachmentsReport, limit: Duration) -> Failure {
    let blockers = report.blockers().join("; ");
    let message = format!("{name} has not drained within {} s: {blockers}", limit.as_secs());
    let advice = "end what uses the driver; it takes no new peers until it is stopped and started again";
    Failure::new(FailureCode::TimedOut, message, advice)
}

fn silent(name: &str, limit: Duration) -> Failure {
    let message = format!("the control device of {name} has not answered within {} s", limit.as_secs());
    let advice = "a peer may hold the driver up: the debugger log tells; nothing else was done to the driver";
    Failure::new(FailureCode::TimedOut, message, advice)
}

fn taken_down(name: &str, gone: &[String]) -> Failure {
    let message = format!(
        "{name} runs, and takes no peers: a drain or a stop that did not end has taken down {}",
        gone.join(", ")
    );
    let advice = format!(
        "load it again: `nmrctl stop {name}`, then `nmrctl start {name}`; `nmrctl attachments {name}` shows who holds a stop up"
    );
    Failure::new(FailureCode::Drained, message, advice)
}

#[cfg(test)]
mod tests;
