//! `nmrctl install`: all of the drivers asked for, or none.

use std::path::Path;
use std::time::Duration;

use crate::answer::{Action, Answer};
use crate::bundle::{self, Bundle};
use crate::commands::placement::Placement;
use crate::commands::report::driver_report;
use crate::commands::{certificates, foreign_service, origin, require_elevated, stop_pending};
use crate::failure::{Failure, FailureCode};
use crate::machine::{Facts, Machine, Record};
use crate::service::ServiceState;

/// What has to be done about one driver.
#[derive(Debug)]
enum Step<'a> {
    /// It is installed already, from the very same image.
    Keep(Placement<'a>),
    /// There is no service of that name.
    New(Placement<'a>),
    /// Another image is installed; the record says where it came from, if that is known.
    Replace(Placement<'a>, Option<Record>),
}

impl<'a> Step<'a> {
    fn placement(&self) -> &Placement<'a> {
        match self {
            Self::Keep(placement) | Self::New(placement) | Self::Replace(placement, _) => placement,
        }
    }
}

pub(super) fn run(
    machine: &mut dyn Machine,
    folder: &Path,
    names: &[String],
    force: bool,
    answer: &mut Answer,
) -> Result<(), Failure> {
    let facts = machine.facts()?;
    require_elevated(&facts)?;
    let bundle = Bundle::open(folder)?;
    let report = bundle.examine();
    let damage = (!report.damage.is_empty()).then(|| bundle::damaged(&report));
    answer.bundle = Some(report);
    if let Some(failure) = damage {
        return Err(failure);
    }
    bundle.require_fitting(&facts)?;
    let steps = plan(machine, &facts, &bundle, names, force)?;

    let mut done: Vec<&Step<'_>> = Vec::new();
    let result = certificates::trust(machine, &bundle, &mut answer.certificates).and_then(|()| {
        for step in &steps {
            // A step that failed half way is taken back too, so it counts from its beginning.
            done.push(step);
            let begin = machine.now();
            carry_out(machine, step)?;
            report_step(machine, &facts, step, begin, answer)?;
        }
        Ok(())
    });
    result.inspect_err(|_| undo(machine, &facts, &bundle, &done, answer))
}

/// Looks at every driver and refuses before anything was touched.
fn plan<'a>(
    machine: &dyn Machine,
    facts: &'a Facts,
    bundle: &'a Bundle,
    names: &[String],
    force: bool,
) -> Result<Vec<Step<'a>>, Failure> {
    let mut steps = Vec::new();
    for driver in bundle.select(names)? {
        let placement = Placement::new(facts, bundle, driver)?;
        let name = placement.name();
        let step = match machine.service(name)?.map(|service| service.state) {
            None => Step::New(placement),
            Some(ServiceState::StopPending) => return Err(stop_pending(name)),
            Some(_) if placement.defect(machine)?.is_none() => Step::Keep(placement),
            Some(_) if !force && machine.record(name)?.is_none() => return Err(foreign_service(name)),
            Some(ServiceState::Stopped) => Step::Replace(placement, machine.record(name)?),
            Some(_) => {
                let message = format!("{name} is loaded from another image than the bundle's");
                let advice = format!("stop it first: `nmrctl stop {name}`");
                return Err(Failure::new(FailureCode::DriverRunning, message, advice));
            }
        };
        steps.push(step);
    }
    Ok(steps)
}

fn carry_out(machine: &mut dyn Machine, step: &Step<'_>) -> Result<(), Failure> {
    match step {
        Step::Keep(_) => Ok(()),
        Step::New(placement) | Step::Replace(placement, _) => placement.install(machine),
    }
}

fn report_step(
    machine: &dyn Machine,
    facts: &Facts,
    step: &Step<'_>,
    begin: Duration,
    answer: &mut Answer,
) -> Result<(), Failure> {
    let action = match step {
        Step::Keep(_) => Action::Unchanged,
        Step::New(_) => Action::Installed,
        Step::Replace(..) => Action::Replaced,
    };
    let mut report = driver_report(machine, facts, step.placement().name(), action)?;
    report.milliseconds = u64::try_from((machine.now() - begin).as_millis()).ok();
    answer.drivers.push(report);
    Ok(())
}

/// Takes back what this run did, newest first. What cannot be taken back is said, not hidden.
fn undo(machine: &mut dyn Machine, facts: &Facts, bundle: &Bundle, done: &[&Step<'_>], answer: &mut Answer) {
    for step in done.iter().rev() {
        let name = step.placement().name();
        let said = match step {
            Step::Keep(_) => continue,
            Step::New(placement) => match placement.remove(machine) {
                Ok(()) => format!("{name}: uninstalled again"),
                Err(failure) => format!("{name}: could not be uninstalled again: {failure}"),
            },
            Step::Replace(_, Some(record)) => match bring_back(machine, facts, record, name) {
                Ok(()) => format!("{name}: version {} brought back from {}", record.version, record.bundle),
                Err(failure) => {
                    format!("{name}: version {} could not be brought back: {failure}", record.version)
                }
            },
            Step::Replace(_, None) => {
                format!("{name}: was not installed by this program, so it could not be brought back")
            }
        };
        answer.undone.push(said);
    }
    match certificates::take_back(machine, bundle, &mut answer.certificates) {
        Ok(stores) => answer
            .undone
            .extend(stores.iter().map(|store| format!("certificate: removed from {store} again"))),
        Err(failure) => answer.undone.push(format!("certificate: could not be removed again: {failure}")),
    }
    // The reports were true when they were made; what was taken back is not installed any more.
    for report in &mut answer.drivers {
        if let Ok(now) = driver_report(machine, facts, &report.name, Action::Reported) {
            *report = now;
        }
    }
}

fn bring_back(machine: &mut dyn Machine, facts: &Facts, record: &Record, name: &str) -> Result<(), Failure> {
    let bundle = origin::bundle_of(record)?;
    Placement::new(facts, &bundle, bundle.driver(name)?)?.install(machine)
}

#[cfg(test)]
mod tests;
