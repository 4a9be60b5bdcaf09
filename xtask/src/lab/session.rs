//! A session: a fresh lab machine, the drivers installed by the bundle's own nmrctl, the rounds, the panic, the end.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use nmr_lab::{Failing, Kernel, Lab, Plan};

use super::bundle::LabBundle;
use super::checks;
use super::expectations::DRIVERS;
use super::guests;
use super::images::{self, FailureProbes, PanicProbe};
use super::orders;
use super::panic_check::{self, Panic};
use super::private_build;
use super::report::{self, Summary};
use super::rounds::Stage;
use super::tally::{Counter, Tally};
use super::wsk;
use crate::context::Context;
use crate::exit;

/// Installing or uninstalling all drivers of a bundle.
pub(super) const INSTALL_LIMIT: Duration = Duration::from_secs(120);

/// How to play.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) rounds: u32,
    pub(super) seed: Option<u64>,
    pub(super) keep: bool,
    pub(super) processors: u32,
}

/// Plays a whole session.
pub(super) fn run(context: &Context, lab_bundle: &LabBundle, options: &Options) -> Result<Summary> {
    let LabBundle { bundle, .. } = lab_bundle;
    lab_bundle.require_all()?;
    let probes = Probes {
        panic: images::panic_probe(context)?,
        failure: images::failure_probes(context)?,
        wsk_client: images::wsk_client(context)?,
        private: images::private_samples(context)?,
    };
    let begin = Instant::now();
    let seed = options.seed.unwrap_or_else(seed_from_clock);
    let lab = boot(context, lab_bundle, "lab", options.processors, checks::failure::failing())?;
    let (tally, checks, panic) = play(context, &lab, lab_bundle, &probes, options.rounds, seed)
        .map_err(|error| report::failure(&error, &lab, &format!("cargo xtask lab --seed {seed}")))?;

    let folder = lab.folder().to_owned();
    lab.shut_down();
    if !options.keep {
        fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    Ok(Summary {
        bundle: bundle.folder.clone(),
        version: bundle.manifest.version.clone(),
        seed,
        rounds: options.rounds,
        tally,
        checks,
        panic,
        seconds: begin.elapsed().as_secs_f64(),
        lab: options.keep.then_some(folder),
    })
}

/// Drivers that are not in the bundle.
struct Probes {
    panic: PanicProbe,
    failure: FailureProbes,
    wsk_client: PathBuf,
    private: [PathBuf; 2],
}

/// Boots a lab machine for the drivers of `bundle`. Several may run at once: each has a name of its own.
pub(crate) fn boot(
    context: &Context,
    bundle: &LabBundle,
    purpose: &str,
    processors: u32,
    failing: Vec<Failing>,
) -> Result<Lab> {
    let (netio, kernel) = (images::netio(context)?, images::kernel(context)?);
    let kernel = Kernel { processors, failing, ..kernel };
    let step = context.ui.step("lab machine");
    let plan = Plan {
        root: context.target.join("lab"),
        name: format!("{purpose}-{}", std::process::id()),
        netio,
        kernel: Some(kernel),
        group: bundle.group.clone(),
    };
    let lab = Lab::start(&plan).map_err(explained)?;
    step.done("booted");
    Ok(lab)
}

/// Gives the errors of the lab their exit codes.
fn explained(error: nmr_lab::LabError) -> anyhow::Error {
    match error {
        nmr_lab::LabError::Missing { .. } => exit::missing(error.to_string()),
        other => other.into(),
    }
}

fn play(
    context: &Context,
    lab: &Lab,
    lab_bundle: &LabBundle,
    probes: &Probes,
    rounds: u32,
    seed: u64,
) -> Result<(Tally, Vec<String>, Panic)> {
    let nmrctl = lab.bring_bundle(&lab_bundle.bundle.folder, "bundle")?;
    let step = context.ui.step("install");
    nmrctl.run(&["install", nmrctl.folder()], INSTALL_LIMIT)?;
    step.done("");

    let step = context.ui.step(format!("{rounds} rounds"));
    let stage = Stage { lab, nmrctl: &nmrctl };
    let mut counter = Counter::new();
    for round in 0..rounds {
        step.detail(format!("round {} of {rounds}", round + 1));
        let orders = orders::of_round(seed, round);
        let names = |order: [usize; 3]| order.map(|index| DRIVERS[index]).join(", ");
        stage.play(orders, &mut counter).with_context(|| {
            let (start, stop) = (names(orders.start), names(orders.stop));
            format!(
                "round {} of {rounds} failed; loaded in the order {start}, unloaded in the order {stop}",
                round + 1
            )
        })?;
    }
    step.done("");
    prove_calls_in_flight(&counter.tally, rounds)?;

    let mut checks: Vec<String> =
        guests::run(context, lab, &nmrctl, &lab_bundle.bundle)?.into_iter().collect();
    checks.push(private_build::run(context, lab, &nmrctl, &probes.private)?);
    checks.push(wsk::run(context, lab, &probes.wsk_client, seed)?);
    checks.extend(checks::run(context, lab, &nmrctl, &probes.failure)?);
    let step = context.ui.step("uninstall");
    nmrctl.run(&["uninstall"], INSTALL_LIMIT)?;
    step.done("");
    let step = context.ui.step("panic on purpose");
    let panic = panic_check::run(lab, &nmrctl, &probes.panic)?;
    step.done("found in the log");
    Ok((counter.tally, checks, panic))
}

/// Once every order of unloads has occurred, some detach must have met a call in flight: echo-client stays inside Echo
/// until its provider goes. If none did, the rounds say nothing about detaches that are completed later.
fn prove_calls_in_flight(tally: &Tally, rounds: u32) -> Result<()> {
    let every_order = rounds >= orders::ROUNDS_FOR_ALL;
    ensure!(
        !every_order || tally.detaches_pending > 0,
        "no detach of {} was answered STATUS_PENDING: the drivers no longer have calls in flight when they unload",
        tally.detaches
    );
    Ok(())
}

pub(super) fn seed_from_clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_without_a_call_in_flight_prove_nothing() {
        let idle = Tally::default();
        let mut busy = idle.clone();
        busy.detaches_pending = 1;
        assert!(prove_calls_in_flight(&idle, orders::ROUNDS_FOR_ALL).is_err());
        assert!(prove_calls_in_flight(&idle, orders::ROUNDS_FOR_ALL - 1).is_ok());
        assert!(prove_calls_in_flight(&busy, orders::ROUNDS_FOR_ALL).is_ok());
    }
}
