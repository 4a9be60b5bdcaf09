//! `nmrctl attachments` and `nmrctl drain`: ask a driver's control device.
//!
//! The device is opened for each request and closed again, because an open handle would postpone the driver's unload. A
//! drain is asked for again until nothing is left: each time the driver lets go of what it can, and answers what holds it.

use std::time::Duration;

use crate::answer::{Action, Answer};
use crate::attachments::AttachmentsReport;
use crate::commands::report::driver_report;
use crate::commands::{not_installed, require_elevated};
use crate::failure::{Failure, FailureCode};
use crate::machine::{DeviceRequest, Machine};
use crate::service::ServiceState;

/// How often a driver that is draining is asked.
const POLL: Duration = Duration::from_millis(100);

/// Reports the attachments of driver `name`.
pub(super) fn run(machine: &mut dyn Machine, name: &str, answer: &mut Answer) -> Result<(), Failure> {
    let facts = machine.facts()?;
    require_elevated(&facts)?;
    answer.drivers.push(driver_report(machine, &facts, name, Action::Reported)?);
    let report = ask(machine, name, DeviceRequest::Query)?;
    answer.attachments = Some(report.ok_or_else(|| no_device(machine, name))?);
    Ok(())
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
        Ok(Drain::Done(_) | Drain::NoDevice) | Err(_) => Ok(()),
    }
}

/// How a drain ended.
enum Drain {
    /// Nothing is left. Without a report, because the driver went away meanwhile.
    Done(Option<AttachmentsReport>),
    /// This is left when the time is over.
    Left(AttachmentsReport),
    NoDevice,
}

fn drain_until(machine: &mut dyn Machine, name: &str, deadline: Duration) -> Result<Drain, Failure> {
    let Some(mut report) = ask(machine, name, DeviceRequest::Drain)? else { return Ok(Drain::NoDevice) };
    while !report.drained {
        if machine.now() >= deadline {
            return Ok(Drain::Left(report));
        }
        machine.pause(POLL);
        match ask(machine, name, DeviceRequest::Drain)? {
            Some(next) => report = next,
            None => return Ok(Drain::Done(None)),
        }
    }
    Ok(Drain::Done(Some(report)))
}

/// The device's answer; `None` if there is no device.
fn ask(
    machine: &mut dyn Machine,
    name: &str,
    request: DeviceRequest,
) -> Result<Option<AttachmentsReport>, Failure> {
    let Some(bytes) = machine.ask_device(name, request)? else { return Ok(None) };
    AttachmentsReport::read(&bytes).map(Some).map_err(|malformed| {
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

#[cfg(test)]
mod tests;
