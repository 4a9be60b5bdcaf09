//! `cargo xtask setup`: gets what a command needs onto this machine.

use std::time::Duration;

use anyhow::Result;

use crate::build::Target;
use crate::context::Context;
use crate::exit;
use crate::process::Program;
use crate::ui;

mod arm64;
#[cfg(test)]
mod fake_machine;
mod lacks;
mod plan;
mod probe;

use lacks::lacks;
use plan::{Action, plan};
use probe::Machine;

/// The arguments of `setup`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cargo xtask setup\n  cargo xtask setup --for package --print")]
pub(crate) struct Args {
    /// For which commands this machine shall be ready.
    #[arg(long = "for", value_enum, default_value_t = Need::All)]
    need: Need,
    /// Show what would be done, and do nothing.
    #[arg(long)]
    print: bool,
}

/// What a command needs of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Need {
    /// Building and packaging drivers.
    Package,
    /// That, and the lab machine, the second opinion on signatures, and a loopback ssh server.
    Test,
    /// Building and packaging drivers for ARM64, which takes a Windows kit.
    PackageArm64,
    /// Counting instructions.
    Bench,
    /// Running tests under Miri.
    Miri,
    /// Everything but Miri, which brings a toolchain of its own.
    All,
}

impl Need {
    /// What packaging for `target` needs.
    pub(crate) fn to_package(target: Target) -> Self {
        match target {
            Target::X64 => Self::Package,
            Target::Arm64 => Self::PackageArm64,
        }
    }
}

/// Runs `setup`.
pub(crate) fn run(args: Args, context: &Context) -> Result<()> {
    if args.print {
        let machine = Machine::probe(context);
        let actions = plan(&lacks(&machine, args.need), &machine);
        if context.json {
            return context.answer(&to_do(&actions));
        }
        for action in actions {
            ui::print(action.line())?;
        }
        return Ok(());
    }
    let done = make_ready(args.need, context)?;
    if done.is_empty() {
        context.ui.note("nothing to do: everything is there");
    }
    context.answer(&serde_json::json!({ "done": done.iter().map(Action::line).collect::<Vec<_>>() }))
}

/// What `--print --json` answers.
fn to_do(actions: &[Action]) -> serde_json::Value {
    serde_json::json!({ "to_do": actions.iter().map(Action::line).collect::<Vec<_>>() })
}

/// Makes sure that this machine has what `need` says. When it has, this takes a millisecond and says nothing.
pub(crate) fn ensure(need: Need, context: &Context) -> Result<()> {
    make_ready(need, context).map(drop)
}

/// Does what has to be done, and answers what that was.
fn make_ready(need: Need, context: &Context) -> Result<Vec<Action>> {
    let machine = Machine::probe(context);
    let actions = plan(&lacks(&machine, need), &machine);
    if actions.is_empty() {
        return Ok(actions);
    }
    carry_out(&actions, context)?;
    let still = lacks(&machine, need);
    if !still.is_empty() {
        return Err(exit::missing(format!(
            "after the installation this machine still lacks what comes with {}",
            still.names().join(", ")
        )));
    }
    Ok(actions)
}

/// Time for a download of a few hundred megabytes over a slow line.
const LIMIT: Duration = Duration::from_secs(3600);

fn carry_out(actions: &[Action], context: &Context) -> Result<()> {
    // What has to be done by hand is said before anything is done, so that nothing is left half ready.
    let by_hand: Vec<&str> = actions.iter().filter_map(Action::by_hand).collect();
    if !by_hand.is_empty() {
        return Err(exit::missing(by_hand.join("\n")));
    }
    for (number, action) in actions.iter().enumerate() {
        let step = context.ui.step(action.line());
        let log = context.target.join("setup").join(format!("{number}.log"));
        let [name, arguments @ ..] = action.command() else { continue };
        Program::new(name, LIMIT).args(arguments).folder(&context.workspace).run(&log)?;
        step.done("");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_do_is_one_document() {
        let actions = [Action::Run(vec!["a".to_owned(), "b".to_owned()]), Action::ByHand("c".to_owned())];
        assert_eq!(to_do(&actions).to_string(), r#"{"to_do":["a b","c"]}"#);
        assert_eq!(to_do(&[]).to_string(), r#"{"to_do":[]}"#);
    }
}
