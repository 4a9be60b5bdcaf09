//! The soak: the bundle's drivers and C peers come and go in an order drawn from a seed, with calls in flight from many
//! threads, for as many cycles as asked, with every check of the lab on.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use nmr_lab::Lab;
use nmr_lab::log::Position;
use serde::Serialize;

use super::bundle::LabBundle;
use super::expectations::DRIVERS;
use super::peers;
use super::report;
use super::session::{self, INSTALL_LIMIT, Options};
use super::tally::{Counter, Tally};
use super::walk::Walk;
use crate::context::Context;

/// A cycle never takes longer on average, on a machine that does anything at all.
const CYCLE_LIMIT: Duration = Duration::from_secs(10);
/// How often the log is read.
const LOOK: Duration = Duration::from_millis(200);
/// Below so many cycles it may happen that no detach meets a call in flight.
const CYCLES_FOR_PENDING: u32 = 50;

/// How a soak that went well went.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Summary {
    /// The bundle's folder.
    bundle: PathBuf,
    /// The bundle's version.
    version: String,
    /// The seed that repeats the order.
    seed: u64,
    /// How often a driver was loaded and unloaded.
    cycles: u32,
    /// What the kernel, NMR and the drivers counted.
    #[serde(flatten)]
    tally: Tally,
    /// Violations, faults, leaks and late callbacks: none, or this would not be a summary.
    violations: u32,
    /// How long the cycles took, in seconds.
    seconds: f64,
}

impl Summary {
    /// Prints the summary, and what to do next.
    pub(super) fn tell(&self, context: &Context) {
        let Self { seed, cycles, tally, seconds, .. } = self;
        let Tally { attaches, detaches, detaches_pending, echoed, relayed, not_relayed, blocks, .. } = tally;
        let calls = echoed + relayed + not_relayed;
        for line in [
            format!(
                "{cycles} cycles (seed {seed}) in {seconds:.0} s; no fault, no leak, no violation, nothing left behind"
            ),
            format!("{attaches} attaches, {detaches} detaches, {detaches_pending} of them answered PENDING"),
            format!("{calls} calls; {blocks} pool blocks allocated and freed"),
        ] {
            context.ui.note(line);
        }
        context
            .ui
            .next_step("cargo xtask deploy --host <user>@<machine> puts the soaked bundle on a lab machine");
    }
}

/// Plays a soak.
pub(super) fn run(context: &Context, bundle: &LabBundle, cycles: u32, options: &Options) -> Result<Summary> {
    bundle.require_all()?;
    let seed = options.seed.unwrap_or_else(session::seed_from_clock);
    context.ui.note(format!("the order is drawn from seed {seed}"));
    let lab = session::boot(context, bundle, "soak", options.processors, Vec::new())?;
    let again = format!("cargo xtask lab --soak {cycles} --seed {seed}");
    let (tally, seconds) =
        play(context, &lab, bundle, cycles, seed).map_err(|error| report::failure(&error, &lab, &again))?;
    let folder = lab.folder().to_owned();
    lab.shut_down();
    if options.keep {
        context.ui.note(format!("the lab is kept in {}", folder.display()));
    } else {
        fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    let (folder, version) = (bundle.bundle.folder.clone(), bundle.bundle.manifest.version.clone());
    Ok(Summary { bundle: folder, version, seed, cycles, tally, violations: 0, seconds })
}

fn play(context: &Context, lab: &Lab, bundle: &LabBundle, cycles: u32, seed: u64) -> Result<(Tally, f64)> {
    let step = context.ui.step("drivers and peers");
    let nmrctl = lab.bring_bundle(&bundle.bundle.folder, "bundle")?;
    nmrctl.run(&["install", nmrctl.folder()], INSTALL_LIMIT)?;
    for peer in peers::SOAK {
        peer.add(context, lab)?;
    }
    let names: Vec<&str> = DRIVERS.into_iter().chain(peers::SOAK.map(|peer| peer.name)).collect();
    let walk = Walk::prepare(context, lab, "soak", (seed, &names, cycles))?;
    step.done("installed");

    let step = context.ui.step(format!("{cycles} cycles"));
    let begin = Instant::now();
    lab.mark_well();
    let mut watch =
        Watch { lab, position: lab.log().end()?, begin: lab.log().end()?, counter: Counter::new() };
    let limit = CYCLE_LIMIT * cycles + CYCLE_LIMIT;
    let ended = thread::scope(|scope| -> Result<_> {
        let running = scope.spawn(move || walk.play(limit));
        let mut shown = 0;
        let mut looked = Ok(());
        while looked.is_ok() && !running.is_finished() {
            thread::sleep(LOOK);
            looked = watch.look();
            let unloads = watch.counter.tally.unloads;
            (shown..unloads).for_each(|done| step.progress(done + 1, u64::from(cycles)));
            shown = unloads;
        }
        if looked.is_err() {
            walk.end()?;
        }
        let ended = running.join();
        looked.map(|()| ended)
    })?;
    watch.look()?;
    let finished = ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    ensure!(finished.status.success(), "{}", finished.stdout.trim());
    let seconds = begin.elapsed().as_secs_f64();
    let tally = watch.counter.tally;
    judge(&tally, cycles)?;
    step.done("no violation");
    nmrctl.run(&["uninstall"], INSTALL_LIMIT)?;
    Ok((tally, seconds))
}

/// Reads the log while the soak runs.
struct Watch<'a> {
    lab: &'a Lab,
    begin: Position,
    position: Position,
    counter: Counter,
}

impl Watch<'_> {
    /// Counts what is new in the log. A violation or a crash is an error.
    fn look(&mut self) -> Result<()> {
        let (lines, next) = self.lab.log().since(self.position)?;
        let violations = self.counter.count(&lines);
        if !violations.is_empty() {
            bail!("a rule was broken:\n    {}", violations.join("\n    "));
        }
        let signs = self.lab.crash_signs(self.position.max(self.begin))?;
        if let [first, ..] = signs.as_slice() {
            bail!("the machine crashed: {first}");
        }
        self.position = next;
        Ok(())
    }
}

/// What must be true of the counts when everything is unloaded.
fn judge(tally: &Tally, cycles: u32) -> Result<()> {
    let Tally { loads, unloads, wrong, detaches, detaches_pending, blocks, .. } = tally;
    ensure!(*wrong == 0, "{wrong} calls or contexts were not what they should be");
    ensure!(
        [*loads, *unloads] == [u64::from(cycles); 2],
        "{loads} loads and {unloads} unloads were seen, and not {cycles}"
    );
    let left = tally.left;
    let (registrations, bindings) = (left.registrations, left.bindings);
    ensure!(
        registrations == 0 && bindings == 0,
        "all drivers are unloaded, and NMR still has {registrations} registrations and {bindings} bindings"
    );
    let enough = cycles >= CYCLES_FOR_PENDING;
    ensure!(
        !enough || *detaches_pending > 0,
        "no detach of {detaches} was answered STATUS_PENDING: nothing was in flight"
    );
    ensure!(!enough || *blocks > 0, "no pool block was allocated: the peers did not attach");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tally::Left;
    use super::*;

    #[test]
    fn counts_that_show_nothing_are_refused() {
        let good =
            Tally { loads: 60, unloads: 60, detaches: 9, detaches_pending: 1, blocks: 5, ..Tally::default() };
        judge(&good, 60).unwrap();
        let wrong = [
            Tally { unloads: 59, ..good.clone() },
            Tally { wrong: 1, ..good.clone() },
            Tally { left: Left { registrations: 0, bindings: 1 }, ..good.clone() },
            Tally { detaches_pending: 0, ..good.clone() },
            Tally { blocks: 0, ..good.clone() },
        ];
        for tally in wrong {
            assert!(judge(&tally, 60).is_err(), "{tally:?}");
        }
        judge(&Tally { loads: 1, unloads: 1, ..Tally::default() }, 1).unwrap();
    }
}
