//! `cargo xtask test`: everything that is proved about this workspace, from unit tests to the drivers in a lab machine.
//!
//! Each step is a command that can be run by hand; the plan is made first, then run to the end, whatever fails.

mod mutants;
mod plan;
mod run;

use anyhow::Result;
use clap::ValueEnum;

use crate::context::Context;
use crate::{exit, setup, ui};

/// The arguments of `test`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask test                  everything but Miri and the mutants
  cargo xtask test --only host      one step
  cargo xtask test --loom           the model checks alone
  cargo xtask test --miri           the framework under Miri, which comes with the nightly toolchain
  cargo xtask test --mutants        small mistakes in the framework, each of which a test must see
  cargo xtask test --mutants=door   those of them that have `door` in their names")]
pub(crate) struct Args {
    /// Run these steps only.
    #[arg(long, value_name = "STEP")]
    only: Vec<Step>,
    /// Run the model checks only.
    #[arg(long)]
    loom: bool,
    /// Run the framework and the simulator under Miri only.
    #[arg(long)]
    miri: bool,
    /// Make small mistakes in a copy of the framework only, one by one: tests must see each. With a value: those with
    /// that in their names.
    #[arg(long, value_name = "PART", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    mutants: Option<String>,
    /// Load and unload the drivers this many times in the lab.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rounds: u32,
}

/// The steps, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// Unit, integration and documentation tests of every crate, drivers included, on this host.
    Host,
    /// Rundown, registration and unload under every schedule up to a bound.
    Loom,
    /// The framework and the simulator under Miri; only on request.
    Miri,
    /// The framework with a small mistake, many times over; only on request.
    Mutants,
    /// The unit tests of Windows code, under Wine.
    Windows,
    /// A bundle, made and verified.
    Package,
    /// Formatting, lints and the laws of the design.
    Check,
    /// The bundle's drivers in a lab machine: loaded and unloaded in every order with calls in flight.
    Lab,
    /// The bundle deployed to a lab machine over SSH, twice, and taken back.
    Deploy,
}

impl Step {
    const ALL: [Self; 9] = [
        Self::Host,
        Self::Loom,
        Self::Miri,
        Self::Mutants,
        Self::Windows,
        Self::Package,
        Self::Check,
        Self::Lab,
        Self::Deploy,
    ];
}

/// Steps that take too long for every day.
const ON_REQUEST: [Step; 2] = [Step::Miri, Step::Mutants];

/// Runs `test`.
pub(crate) fn run(args: Args, context: &Context) -> Result<()> {
    let steps = steps(&args);
    if steps.iter().any(|step| ![Step::Loom, Step::Miri, Step::Mutants].contains(step)) {
        setup::ensure(setup::Need::Test, context)?;
    }
    if steps.contains(&Step::Miri) {
        setup::ensure(setup::Need::Miri, context)?;
    }
    let results =
        run::all(&plan::plan(&steps, args.rounds, args.mutants.as_deref().unwrap_or_default()), context);
    let failed = results.iter().filter(|result| !result.passed).count();
    context.answer(&results)?;
    if !context.json {
        ui::print(format_args!("{} passed, {failed} failed", results.len() - failed))?;
    }
    if failed > 0 {
        return Err(failure(failed, results.len()));
    }
    context
        .ui
        .next_step("cargo xtask deploy --host <user>@<machine> puts the tested bundle on a lab machine");
    Ok(())
}

/// The answer tells the same.
fn failure(failed: usize, steps: usize) -> anyhow::Error {
    exit::wrong_as_answered(format!("{failed} of {steps} steps failed"))
}

fn steps(args: &Args) -> Vec<Step> {
    let mut asked = args.only.clone();
    asked.extend(args.loom.then_some(Step::Loom));
    asked.extend(args.miri.then_some(Step::Miri));
    asked.extend(args.mutants.as_ref().map(|_| Step::Mutants));
    let everything = asked.is_empty();
    let wanted = |step: &Step| if everything { !ON_REQUEST.contains(step) } else { asked.contains(step) };
    Step::ALL.into_iter().filter(wanted).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::{Args, Step, failure, steps};
    use crate::exit;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn the_lab_does_at_least_one_round() {
        let rounds = |count| Line::try_parse_from(["test", "--rounds", count]).map(|line| line.args.rounds);
        assert_eq!(rounds("7").unwrap(), 7);
        assert!(rounds("0").is_err() && rounds("1000001").is_err());
    }

    #[test]
    fn a_failure_is_one_document() {
        let failure = failure(2, 3);
        assert!(exit::is_answered(&failure) && exit::reason_of(&failure) == exit::Reason::Wrong);
        assert_eq!(failure.to_string(), "2 of 3 steps failed");
    }

    fn args(only: &[Step], loom: bool, miri: bool) -> Args {
        Args { only: only.to_vec(), loom, miri, mutants: None, rounds: 1 }
    }

    #[test]
    fn without_a_choice_everything_but_miri_and_the_mutants_runs() {
        let steps = steps(&args(&[], false, false));
        assert_eq!(steps.len(), Step::ALL.len() - 2);
        assert!(!steps.contains(&Step::Miri) && !steps.contains(&Step::Mutants));
    }

    #[test]
    fn mutants_may_be_chosen_by_a_part_of_their_names() {
        let of = |line: &[&str]| Line::try_parse_from(line).unwrap().args;
        let all = of(&["test", "--mutants", "--loom"]);
        assert_eq!((steps(&all), all.mutants.as_deref()), (vec![Step::Loom, Step::Mutants], Some("")));
        assert_eq!(of(&["test", "--mutants=door"]).mutants.as_deref(), Some("door"));
    }

    #[test]
    fn choices_add_up_and_keep_the_order() {
        assert_eq!(steps(&args(&[Step::Lab, Step::Host], false, false)), [Step::Host, Step::Lab]);
        assert_eq!(steps(&args(&[], true, true)), [Step::Loom, Step::Miri]);
    }
}
