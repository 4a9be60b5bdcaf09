//! Runs the tasks, one after the other and all of them, and tells how each went.

use anyhow::Result;
use serde::Serialize;

use super::mutants;
use super::plan::{Action, Command, Task, Toolchain};
use crate::context::Context;
use crate::process::Program;

/// How a task went.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    what: &'static str,
    pub(crate) passed: bool,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

/// Runs every task, whatever fails.
pub(crate) fn all(tasks: &[Task], context: &Context) -> Vec<Outcome> {
    tasks.iter().enumerate().map(|(index, task)| one(index, task, context)).collect()
}

fn one(index: usize, task: &Task, context: &Context) -> Outcome {
    let step = context.ui.step(task.what);
    let result = match &task.action {
        Action::Run(command) => run(index, command, context),
        Action::WindowsTests(packages) => windows_tests(packages, context),
        Action::Mutants(part) => mutants::run(part, context),
        Action::DeployRoundTrip => deploy_round_trip(context),
    };
    match result {
        Ok(()) => {
            step.done("");
            Outcome { what: task.what, passed: true, failure: None }
        }
        Err(error) => {
            drop(step);
            let failure = format!("{error:#}");
            context.ui.warn(format!("{} failed: {failure}", task.what));
            Outcome { what: task.what, passed: false, failure: Some(failure) }
        }
    }
}

fn run(index: usize, command: &Command, context: &Context) -> Result<()> {
    let program = match command.toolchain {
        Toolchain::Ours => Program::new(context.cargo(), command.limit),
        // The cargo that started us is of one toolchain; only rustup's own finds another.
        Toolchain::Nightly => Program::new("cargo", command.limit)
            .arg("+nightly")
            .without_env("RUSTUP_TOOLCHAIN")
            .without_env("CARGO"),
    };
    let mut program = program.args(&command.arguments).folder(&context.workspace);
    if let Some((name, value)) = command.environment {
        program = program.env(name, value);
    }
    if let Some(folder) = command.own_target {
        program = program.env("CARGO_TARGET_DIR", context.target.join(folder));
    }
    program.run(&context.target.join("test").join(format!("{index}.log")))?;
    Ok(())
}

#[cfg(unix)]
fn windows_tests(packages: &[&str], context: &Context) -> Result<()> {
    use std::time::Duration;

    use anyhow::Context as _;
    use nmr_lab::{Lab, Plan};

    let plan = Plan {
        root: context.target.join("lab"),
        name: "windows-tests".to_owned(),
        netio: crate::lab::netio(context)?,
        kernel: None,
        group: "NmrDrivers".to_owned(),
    };
    let programs: Vec<_> = packages
        .iter()
        .map(|package| crate::build::windows_tests(context, package))
        .collect::<Result<_>>()?;
    let lab = Lab::start(&plan)?;
    for (package, program) in packages.iter().zip(programs) {
        let program = program.to_str().context("the target folder's name is not Unicode")?;
        let finished = lab.command(package, &[program], Duration::from_secs(300))?;
        finished.success().with_context(|| format!("the tests of {package} failed under Wine"))?;
    }
    lab.shut_down();
    Ok(())
}

#[cfg(unix)]
fn deploy_round_trip(context: &Context) -> Result<()> {
    crate::deploy::deploy_round_trip(context, &crate::lab::LabBundle::choose(context, None)?)
}

#[cfg(not(unix))]
fn windows_tests(_: &[&str], _: &Context) -> Result<()> {
    Err(crate::exit::missing("the lab machine is made of Wine: run this step on Linux, or `cargo test` here"))
}

#[cfg(not(unix))]
fn deploy_round_trip(_: &Context) -> Result<()> {
    Err(crate::exit::missing(
        "the lab machine is made of Wine: run this step on Linux, or deploy to a real machine",
    ))
}
