//! What each command decides. Everything it wants done goes through a [`Machine`].

use std::path::{Path, PathBuf};

use crate::answer::Answer;
use crate::arguments::Command;
use crate::bundle::Bundle;
use crate::failure::{Failure, FailureCode};
use crate::machine::{Facts, Machine, Store};

mod attachments;
mod certificates;
mod control;
mod install;
mod origin;
mod placement;
mod preflight;
mod report;
mod uninstall;
mod verify;

/// Runs `command` on `machine`. `own_folder` is where this program lies: in a bundle, normally.
#[must_use]
pub fn run(command: &Command, machine: &mut dyn Machine, own_folder: &Path) -> Answer {
    let mut answer = Answer::new(command.name());
    let bundle_or_own = |bundle: &Option<PathBuf>| bundle.clone().unwrap_or_else(|| own_folder.to_owned());
    let result = match command {
        Command::Preflight { bundle } => preflight::run(machine, &bundle_or_own(bundle), &mut answer),
        Command::Verify { bundle } => verify::run(&bundle_or_own(bundle), &mut answer),
        Command::Install { bundle, drivers, force } => {
            install::run(machine, bundle, drivers, *force, &mut answer)
        }
        Command::Start { name, timeout } => control::start(machine, name, *timeout, &mut answer),
        Command::Stop { name, timeout } => control::stop(machine, name, *timeout, &mut answer),
        Command::Attachments { name } => attachments::run(machine, name, &mut answer),
        Command::Drain { name, timeout } => attachments::drain(machine, name, *timeout, &mut answer),
        Command::Status { name } => report::run(machine, name.as_deref(), own_folder, &mut answer),
        Command::Distrust { bundle, stores } => {
            distrust(machine, &bundle_or_own(bundle), stores, &mut answer)
        }
        Command::Uninstall { name, bundle, timeout, remove_certificate, force } => {
            let options = uninstall::Options {
                name: name.as_deref(),
                bundle: bundle.as_deref(),
                own_folder,
                timeout: *timeout,
                remove_certificate: *remove_certificate,
                force: *force,
            };
            uninstall::run(machine, &options, &mut answer)
        }
    };
    if let Err(failure) = result {
        answer.fail(failure);
    }
    answer
}

/// Without `stores`, both are meant.
fn distrust(
    machine: &mut dyn Machine,
    folder: &Path,
    stores: &[Store],
    answer: &mut Answer,
) -> Result<(), Failure> {
    require_elevated(&machine.facts()?)?;
    let stores = if stores.is_empty() { &Store::BOTH } else { stores };
    certificates::distrust(machine, &Bundle::open(folder)?, stores, &mut answer.certificates)
}

/// Refuses to change a machine without the rights to do so: half the calls would fail half way.
fn require_elevated(facts: &Facts) -> Result<(), Failure> {
    if facts.elevated {
        return Ok(());
    }
    let message = "this program runs without administrator rights";
    Err(Failure::new(
        FailureCode::NotElevated,
        message,
        "run it from an elevated prompt, or as a member of Administrators",
    ))
}

fn not_installed(name: &str) -> Failure {
    let message = format!("there is no service {name} on this machine");
    Failure::new(
        FailureCode::NotInstalled,
        message,
        format!("install it: `nmrctl install <bundle> --driver {name}`"),
    )
}

fn foreign_service(name: &str) -> Failure {
    let message = format!(
        "there is a service {name} already, with another image, and this program has no record of installing it"
    );
    let advice = "nothing was touched. If the service may go all the same, say so with --force; its image stays where it is";
    Failure::new(FailureCode::ForeignService, message, advice)
}

fn stop_pending(name: &str) -> Failure {
    let message =
        format!("{name} was told to stop and has not finished: its DriverUnload waits for something");
    let advice = "nothing was touched; the debugger log names what holds the unload. If it never ends, restart the machine";
    Failure::new(FailureCode::StopPending, message, advice)
}
