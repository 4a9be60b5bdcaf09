//! `cargo xtask bench`: what the framework costs, against its targets and against what others use for the same.
//!
//! The package `nmr-benches` measures; here it is built, run and judged. Times depend on the machine and are only
//! reported; counts of instructions do not, and a count that has grown is a failure.

mod baseline;
mod callgrind;
mod count;
mod criterion;
mod disassembly;
mod figure;
mod program;
mod repackage;
mod size;
mod target;

use anyhow::Result;
use clap::ValueEnum;

use crate::context::Context;
use crate::exit;

use baseline::{Baseline, Change};
use figure::{Figure, Measured};
use program::Program;

/// The arguments of `bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask bench                          every group but `package`
  cargo xtask bench sim                      the simulator only
  cargo xtask bench --quick call             a short run of one group
  cargo xtask bench count --bless            accept the counts as they are now

With --json each figure is one line: {\"group\",\"figure\",\"value\",\"unit\",\"target\",\"ok\"}. A figure that could not be measured is
absent. The exit code is 1 if a count of instructions has grown; a target that is missed is reported and nothing else.")]
pub(crate) struct Args {
    /// Measure these groups only.
    #[arg(value_name = "GROUP")]
    groups: Vec<Group>,
    /// Measure this group too; the same as its name alone.
    #[arg(long, value_name = "GROUP")]
    group: Vec<Group>,
    /// A short run: good for seeing that it works, not for quoting.
    #[arg(long)]
    quick: bool,
    /// Take the counts of instructions as the new baseline, and say what changed.
    #[arg(long)]
    bless: bool,
}

/// What is measured together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Group {
    /// Guarded calls against the bare call, and what others use.
    Call,
    /// Instructions and locked instructions of each call.
    Count,
    /// Unload against its longest drain, and its cost with nothing in flight.
    Unload,
    /// The simulator.
    Sim,
    /// The size of the composite sample in the newest bundle, and what it imports.
    Size,
    /// How long `cargo xtask package` takes when nothing has changed; only on request.
    Package,
}

impl Group {
    const ALL: [Self; 6] = [Self::Call, Self::Count, Self::Unload, Self::Sim, Self::Size, Self::Package];

    /// As on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Count => "count",
            Self::Unload => "unload",
            Self::Sim => "sim",
            Self::Size => "size",
            Self::Package => "package",
        }
    }
}

/// Runs `bench`.
pub(crate) fn run(args: Args, context: &Context) -> Result<()> {
    let groups = groups(&args);
    if args.bless && !groups.contains(&Group::Count) {
        return Err(exit::usage("--bless takes over counts, and the group `count` was not asked for"));
    }
    let mut bench = Bench { quick: args.quick, bless: args.bless, context, program: None };
    let mut grown = Vec::new();
    for group in groups {
        let figures = match group {
            Group::Call | Group::Unload | Group::Sim => bench.times(group)?,
            Group::Count => bench.counts(&mut grown)?,
            Group::Size => target::judge(group, &size::measure(context)?),
            Group::Package => target::judge(group, &repackage::measure(context)?),
        };
        figure::show(&figures, context.json)?;
    }
    verdict(&grown)
}

/// Only a count that has grown is a failure. The figures on standard output say the rest.
fn verdict(grown: &[Change]) -> Result<()> {
    if grown.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = grown.iter().map(ToString::to_string).collect();
    Err(exit::wrong_as_answered(format!(
        "counts have grown over {}:\n  {}\nFind out why; if it is worth it, run `cargo xtask bench count --bless`",
        baseline::FILE,
        lines.join("\n  ")
    )))
}

/// What was asked for, each group once, in its order.
fn groups(args: &Args) -> Vec<Group> {
    let chosen: Vec<Group> = args.groups.iter().chain(&args.group).copied().collect();
    let wanted =
        |group: &Group| if chosen.is_empty() { *group != Group::Package } else { chosen.contains(group) };
    Group::ALL.into_iter().filter(wanted).collect()
}

/// A run, with what it has built so far.
struct Bench<'a> {
    quick: bool,
    bless: bool,
    context: &'a Context,
    program: Option<Program>,
}

impl Bench<'_> {
    fn program(&mut self) -> Result<&Program> {
        match &mut self.program {
            Some(program) => Ok(program),
            place @ None => Ok(place.insert(Program::build(self.context)?)),
        }
    }

    fn times(&mut self, group: Group) -> Result<Vec<Figure>> {
        let (quick, context) = (self.quick, self.context);
        let program = self.program()?;
        let mut measured = program.measure(group, quick, context)?;
        if matches!(group, Group::Call | Group::Sim) {
            measured.extend(criterion::measure(program, group, quick, context)?);
        }
        Ok(target::judge(group, &measured))
    }

    fn counts(&mut self, grown: &mut Vec<Change>) -> Result<Vec<Figure>> {
        let (bless, context) = (self.bless, self.context);
        let counts = count::measure(self.program()?, context)?;
        let baseline = Baseline::read(context)?;
        let now = Baseline::of(&counts);
        let changes = baseline.changes(&now);
        let measured: Vec<Measured> = counts.iter().flat_map(count::Counted::measured).collect();
        let mut figures = target::judge(Group::Count, &measured);
        if bless {
            now.write(context)?;
            let lines = changes.iter().map(ToString::to_string);
            lines.for_each(|line| context.ui.note(format!("blessed: {line}")));
            if changes.is_empty() {
                context.ui.note("nothing to bless: the counts are those of the baseline");
            }
        } else {
            for change in changes {
                if let Some(recorded) = change.outgrown() {
                    figure::fail(&mut figures, &change.figure(), recorded);
                    grown.push(change);
                } else {
                    context.ui.note(format!("{change}; `--bless` takes it over"));
                }
            }
        }
        Ok(figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(group: &[Group]) -> Args {
        Args { groups: group.to_vec(), group: Vec::new(), quick: false, bless: false }
    }

    #[test]
    fn without_a_choice_everything_but_package_is_measured() {
        let groups = groups(&args(&[]));
        assert_eq!(groups.len(), Group::ALL.len() - 1);
        assert!(!groups.contains(&Group::Package));
    }

    #[test]
    fn groups_come_once_and_in_order() {
        assert_eq!(groups(&args(&[Group::Package, Group::Call, Group::Call])), [Group::Call, Group::Package]);
    }

    #[test]
    fn a_group_is_chosen_with_or_without_its_flag() {
        let both = Args { group: vec![Group::Size], ..args(&[Group::Sim]) };
        assert_eq!(groups(&both), [Group::Sim, Group::Size]);
    }

    #[test]
    fn a_group_is_called_the_same_everywhere() {
        for group in Group::ALL {
            assert_eq!(group.to_possible_value().unwrap().get_name(), group.name());
        }
    }

    #[test]
    fn only_a_grown_count_fails_the_run_and_says_nothing_on_standard_output() {
        assert!(verdict(&[]).is_ok());
        let grown = Change::new("a", "locked", Some(2.0), Some(3.0));
        let error = verdict(&[grown]).unwrap_err();
        assert_eq!(exit::reason_of(&error), exit::Reason::Wrong);
        assert!(exit::is_answered(&error), "an error document would be no figure");
        assert!(error.to_string().contains("a/locked: 2 -> 3"), "{error}");
    }
}
