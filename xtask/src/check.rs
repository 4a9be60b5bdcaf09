//! `cargo xtask check`: the laws of the design, licences, formatting and lints, for the host and for the kernel.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use crate::build::{DriverSettings, Packages, Target};
use crate::context::Context;
use crate::exit;
use crate::licence::Rule;
use crate::process::Program;

mod context_tokens;
mod contract_names;
mod desk;
mod finding;
mod hazards;
mod images;
mod kernel_dependencies;
mod kernel_names;
mod licences;
mod locks;
mod oracle;
mod owners;
#[cfg(test)]
mod sample;
mod source;
mod storage;
mod tidy;
mod tokens;
mod tree;
mod unsafe_code;

use finding::Finding;
pub(crate) use images::heap_imports;
pub(crate) use tidy::EMPTY_NAMES;
use tree::Tree;

/// The arguments of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cargo xtask check\n  cargo xtask check --laws")]
pub(crate) struct Args {
    /// Check the laws of the design only: no compiler, a second or two.
    #[arg(long)]
    laws: bool,
}

/// The laws of ARCHITECTURE.md, in their order, its map, hazards, locks, and tidiness.
const LAWS: [fn(&Tree) -> Vec<Finding>; 11] = [
    kernel_names::check,
    oracle::check,
    unsafe_code::check,
    storage::check,
    context_tokens::check,
    owners::check,
    contract_names::check,
    kernel_dependencies::check,
    hazards::check,
    locks::check,
    tidy::check,
];

/// Every finding of every law, in the order of the laws.
fn findings(tree: &Tree) -> Vec<Finding> {
    LAWS.iter().flat_map(|law| law(tree)).collect()
}

/// What `check` answers.
#[derive(Serialize)]
struct Answer {
    findings: Vec<Finding>,
    failed: Vec<String>,
}

/// Runs `check`.
pub(crate) fn run(args: Args, context: &Context) -> Result<()> {
    let step = context.ui.step("laws of the design");
    let tree = Tree::read(context)?;
    let mut findings = findings(&tree);
    findings.extend(images::check(context, &Packages::read(context)?)?);
    let mut failed = Vec::new();
    if findings.is_empty() {
        step.done(format!("{} files", tree.files().len()));
    } else {
        drop(step);
        for finding in &findings {
            context.ui.warn(finding.to_string());
        }
        failed.push(format!("{} findings against the laws", findings.len()));
    }
    if !args.laws {
        let step = context.ui.step("licences of dependencies");
        match licences(context, &mut findings) {
            Ok(done) => step.done(done),
            Err(error) => {
                drop(step);
                context.ui.warn(format!("{error:#}"));
                failed.push("licences of dependencies".to_owned());
            }
        }
        for tool in tools(context)? {
            let step = context.ui.step(tool.name);
            match tool.program.run(&context.target.join("check").join(tool.log)) {
                Ok(_) => step.done(""),
                Err(error) => {
                    drop(step);
                    context.ui.warn(format!("{error:#}"));
                    failed.push(tool.name.to_owned());
                }
            }
        }
    }
    if failed.is_empty() {
        return context.answer(&Answer { findings, failed });
    }
    let failure = failure(&failed);
    context.answer(&Answer { findings, failed })?;
    Err(failure)
}

/// Adds what is wrong with licences to `findings`; answers how many packages were judged, or what to show the user.
fn licences(context: &Context, findings: &mut Vec<Finding>) -> Result<String> {
    let graph = licences::Graph::read(context)?;
    let found = licences::check(&graph, &Rule::read(&context.workspace)?);
    if found.is_empty() {
        return Ok(format!("{} packages", graph.packages()));
    }
    let lines = found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    findings.extend(found);
    bail!("{lines}")
}

/// The answer tells the same.
fn failure(failed: &[String]) -> anyhow::Error {
    exit::wrong_as_answered(format!("check failed: {}", failed.join(", ")))
}

/// A program that checks something.
struct Tool {
    name: &'static str,
    log: &'static str,
    program: Program,
}

/// Time for a cold clippy of everything on a slow machine.
const LIMIT: Duration = Duration::from_secs(3600);

fn tools(context: &Context) -> Result<Vec<Tool>> {
    let cargo = |words: &[&str]| {
        let program = Program::new(context.cargo(), LIMIT).args(words).folder(&context.workspace);
        program.env("CARGO_TARGET_DIR", &context.target)
    };
    let mut tools = vec![
        Tool { name: "formatting", log: "fmt.log", program: cargo(&["fmt", "--all", "--check"]) },
        Tool {
            name: "lints",
            log: "clippy.log",
            program: cargo(&["clippy", "--locked", "--all-targets", "--", "-D", "warnings"]),
        },
    ];
    if !can_build_drivers(context)? {
        context.ui.note("lints of the kernel build are left out: `cargo xtask setup --for package` installs what they need");
        return Ok(tools);
    }
    let packages = Packages::read(context)?;
    let settings = DriverSettings::read(context, &packages, Target::X64)?;
    let mut words = vec!["clippy"];
    words.extend(Target::X64.driver_arguments());
    let drivers = packages.shipped();
    for driver in &drivers {
        words.extend(["--package", &driver.name]);
    }
    words.extend(["--package", "nmr-wdk", "--", "-D", "warnings"]);
    let program =
        settings.environment().iter().fold(cargo(&words), |program, (name, value)| program.env(name, value));
    tools.push(Tool { name: "lints of the kernel build", log: "clippy-kernel.log", program });
    Ok(tools)
}

/// Whether this machine has what a driver build needs: `setup` would have nothing to do. Nothing is installed.
fn can_build_drivers(context: &Context) -> Result<bool> {
    let own = std::env::current_exe().context("the path of this program is not known")?;
    let asked =
        Program::new(own, LIMIT).args(["setup", "--for", "package", "--print"]).folder(&context.workspace);
    let answer = asked.status(&context.target.join("check").join("setup.log"))?;
    Ok(answer.status.success() && answer.output()?.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_document() {
        let failure = failure(&["lints".to_owned()]);
        assert!(exit::is_answered(&failure) && exit::reason_of(&failure) == exit::Reason::Wrong);
        assert_eq!(failure.to_string(), "check failed: lints");
    }

    /// Tidiness is a test, so that `cargo test` alone holds the laws.
    #[test]
    fn this_workspace_keeps_the_laws() {
        let tree = Tree::read(&Context::new(false).unwrap()).unwrap();
        let findings: Vec<String> = findings(&tree).iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "\n{}", findings.join("\n"));
    }
}
