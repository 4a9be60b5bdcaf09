//! `nmrctl start` and `nmrctl stop`: ask the service control manager, then believe only what is seen.
//!
//! A success of `ControlService` does not mean that the driver is unloaded: a driver without an unload routine answers
//! it and stays. RUNNING does not mean that the driver is well: it may have been shown before a crash, or the driver may
//! have been drained by a stop that did not end. So the state is read again after each answer, a driver with a control
//! device is asked, and the time limit holds even while manager or device are blocked in the request.

use std::time::Duration;

use crate::answer::{Action, Answer};
use crate::commands::attachments;
use crate::commands::report::driver_report;
use crate::commands::{not_installed, require_elevated, stop_pending};
use crate::failure::{Failure, FailureCode, Win32Error};
use crate::machine::{Machine, Request};
use crate::service::ServiceState;

/// How often a waiting command looks.
const POLL: Duration = Duration::from_millis(20);
/// How long the state may lag behind the success of a request.
const SETTLE: Duration = Duration::from_secs(2);

const ERROR_SERVICE_ALREADY_RUNNING: u32 = 1056;
const ERROR_SERVICE_NOT_ACTIVE: u32 = 1062;

pub(super) fn start(
    machine: &mut dyn Machine,
    name: &str,
    limit: Duration,
    answer: &mut Answer,
) -> Result<(), Failure> {
    answering(machine, name, answer, |machine| start_service(machine, name, limit))
}

pub(super) fn stop(
    machine: &mut dyn Machine,
    name: &str,
    limit: Duration,
    answer: &mut Answer,
) -> Result<(), Failure> {
    answering(machine, name, answer, |machine| stop_service(machine, name, limit))
}

/// Runs `operation` and reports the driver afterwards, whatever came of it.
fn answering(
    machine: &mut dyn Machine,
    name: &str,
    answer: &mut Answer,
    operation: impl FnOnce(&mut dyn Machine) -> Result<Action, Failure>,
) -> Result<(), Failure> {
    let facts = machine.facts()?;
    require_elevated(&facts)?;
    let begin = machine.now();
    let result = operation(machine);
    let action = *result.as_ref().unwrap_or(&Action::Failed);
    let mut report = driver_report(machine, &facts, name, action)?;
    report.milliseconds = u64::try_from((machine.now() - begin).as_millis()).ok();
    answer.drivers.push(report);
    result.map(drop)
}

/// Loads driver `name`.
fn start_service(machine: &mut dyn Machine, name: &str, limit: Duration) -> Result<Action, Failure> {
    let deadline = machine.now() + limit;
    let action = match state(machine, name)? {
        ServiceState::StopPending => return Err(stop_pending(name)),
        ServiceState::Running | ServiceState::StartPending => Action::Unchanged,
        _ => {
            machine.begin(Request::Start, name);
            if let Err(error) = wait_for_outcome(machine, deadline, || start_too_slow(name, limit))?
                && error.number != ERROR_SERVICE_ALREADY_RUNNING
            {
                let advice = "the debugger log has the reason; `nmrctl preflight` looks for the usual ones";
                return Err(Failure::windows(
                    FailureCode::StartFailed,
                    &format!("starting {name}"),
                    &error,
                    advice,
                ));
            }
            Action::Started
        }
    };
    match wait_for_state(machine, name, deadline, |state| state != ServiceState::StartPending)? {
        ServiceState::Running => attachments::require_registered(machine, name).map(|()| action),
        ServiceState::StartPending => Err(start_too_slow(name, limit)),
        other => {
            let message = format!("{name} was started and is {} now", shown(other));
            Err(Failure::new(FailureCode::StartFailed, message, "the debugger log has the reason"))
        }
    }
}

/// Unloads driver `name`.
pub(super) fn stop_service(
    machine: &mut dyn Machine,
    name: &str,
    limit: Duration,
) -> Result<Action, Failure> {
    let deadline = machine.now() + limit;
    match state(machine, name)? {
        ServiceState::Stopped => return Ok(Action::Unchanged),
        ServiceState::StopPending => {}
        state => {
            if state == ServiceState::Running {
                attachments::drain_before_stop(machine, name, deadline)?;
            }
            machine.begin(Request::Stop, name);
            if let Err(error) = wait_for_outcome(machine, deadline, || stop_too_slow(name, limit))?
                && error.number != ERROR_SERVICE_NOT_ACTIVE
            {
                let advice = "`nmrctl status` shows the state; the debugger log has the reason";
                return Err(Failure::windows(
                    FailureCode::StopFailed,
                    &format!("stopping {name}"),
                    &error,
                    advice,
                ));
            }
            let settled = deadline.min(machine.now() + SETTLE);
            let moved = |state| state != ServiceState::Running;
            if wait_for_state(machine, name, settled, moved)? == ServiceState::Running {
                let message =
                    format!("Windows reports that {name} was told to stop, and it is running still");
                let advice = "a driver without an unload routine stays until the machine is restarted";
                return Err(Failure::new(FailureCode::StopFailed, message, advice));
            }
        }
    }
    match wait_for_state(machine, name, deadline, |state| state != ServiceState::StopPending)? {
        ServiceState::Stopped => Ok(Action::Stopped),
        ServiceState::StopPending => Err(stop_too_slow(name, limit)),
        other => {
            let message = format!("{name} was told to stop and is {} now", shown(other));
            Err(Failure::new(FailureCode::StopFailed, message, "`nmrctl stop` may be tried again"))
        }
    }
}

fn state(machine: &dyn Machine, name: &str) -> Result<ServiceState, Failure> {
    machine.service(name)?.map(|service| service.state).ok_or_else(|| not_installed(name))
}

fn wait_for_outcome(
    machine: &mut dyn Machine,
    deadline: Duration,
    too_slow: impl FnOnce() -> Failure,
) -> Result<Result<(), Win32Error>, Failure> {
    loop {
        if let Some(outcome) = machine.outcome() {
            return Ok(outcome);
        }
        if machine.now() >= deadline {
            return Err(too_slow());
        }
        machine.pause(POLL);
    }
}

/// Reads the state until `wanted` or the deadline, and returns the last one read.
fn wait_for_state(
    machine: &mut dyn Machine,
    name: &str,
    deadline: Duration,
    wanted: impl Fn(ServiceState) -> bool,
) -> Result<ServiceState, Failure> {
    loop {
        let now = state(machine, name)?;
        if wanted(now) || machine.now() >= deadline {
            return Ok(now);
        }
        machine.pause(POLL);
    }
}

fn start_too_slow(name: &str, limit: Duration) -> Failure {
    let message = format!("DriverEntry of {name} has not returned within {} s", limit.as_secs());
    let advice = "nothing was taken back: the driver may still start. `nmrctl status` shows it";
    Failure::new(FailureCode::TimedOut, message, advice)
}

fn stop_too_slow(name: &str, limit: Duration) -> Failure {
    let message =
        format!("DriverUnload of {name} has not returned within {} s; it is stop-pending", limit.as_secs());
    let advice = "the debugger log names what holds the unload; do not delete the service. If it never ends, restart the machine";
    Failure::new(FailureCode::TimedOut, message, advice)
}

fn shown(state: ServiceState) -> String {
    serde_json::to_value(state).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
