//! What each step runs.

use std::time::Duration;

use super::Step;

/// One part of a step, with a result of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    /// What it shows, for the report.
    pub(crate) what: &'static str,
    /// What is done.
    pub(crate) action: Action,
}

/// What is done for a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A command.
    Run(Command),
    /// The unit tests of these packages, built for Windows and run in a lab machine.
    WindowsTests(&'static [&'static str]),
    /// Each mutant of the list that has this in its name, in a copy of the workspace.
    Mutants(String),
    /// The newest bundle over SSH to a lab machine, twice, and back.
    DeployRoundTrip,
}

/// A command of cargo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// Which cargo.
    pub(crate) toolchain: Toolchain,
    /// Its arguments.
    pub(crate) arguments: Vec<String>,
    /// An environment variable that is set for it.
    pub(crate) environment: Option<(&'static str, &'static str)>,
    /// A folder below the target folder for its build results, where they would disturb the others.
    pub(crate) own_target: Option<&'static str>,
    /// How long it may take.
    pub(crate) limit: Duration,
}

/// Which cargo runs a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The one that started us.
    Ours,
    /// The nightly one; Miri is there only.
    Nightly,
}

/// The tasks of `steps`, with so many rounds in the lab, and those mutants that have `mutants` in their names.
pub(crate) fn plan(steps: &[Step], rounds: u32, mutants: &str) -> Vec<Task> {
    steps.iter().flat_map(|step| tasks(*step, rounds, mutants)).collect()
}

fn tasks(step: Step, rounds: u32, mutants: &str) -> Vec<Task> {
    match step {
        Step::Host => {
            let mut tests = cargo(&["test", "--workspace"], 30);
            // Without the tools that setup installs some tests leave themselves out; here they must not.
            tests.environment = Some(("NMR_TEST_REQUIRE_TOOLS", "1"));
            vec![run("unit, integration and documentation tests", tests)]
        }
        Step::Loom => {
            let mut models = cargo(&["test", "--release", "--package", "nmr", "--lib"], 20);
            models.environment = Some(("RUSTFLAGS", "--cfg loom -C debug-assertions"));
            models.own_target = Some("loom");
            vec![run("rundown, registration and unload under every schedule (loom)", models)]
        }
        Step::Miri => vec![
            run("the models under Miri, 16 seeds", miri(&["nmr", "--lib"], SEEDS)),
            run(
                "whole drivers under Miri",
                miri(&["nmr", "--test", "lifecycle", "--test", "unload"], ITS_OWN_CLOCK),
            ),
            run(
                "the rows of the contract and the bug classes under Miri",
                miri(
                    &["nmr", "--test", "contract_rows", "--test", "bug_classes", "--test", "hostile"],
                    ONE_SEED,
                ),
            ),
            run("the simulator under Miri", miri(&["nmr-sim", "--tests"], ONE_SEED)),
        ],
        Step::Mutants => {
            let action = Action::Mutants(mutants.to_owned());
            vec![Task { what: "mutants of the framework", action }]
        }
        Step::Windows => {
            let action = Action::WindowsTests(&["wdk-build", "nmrctl"]);
            vec![Task { what: "Windows code under Wine", action }]
        }
        Step::Check => vec![run("formatting, lints, laws", xtask(&["check"], 30))],
        Step::Package => vec![
            run(
                "the unmodified upstream wdk crates, built and linked",
                xtask(&["build", "wdk-upstream-probe"], 30),
            ),
            run("a bundle is made", xtask(&["package"], 30)),
            run("its images import no heap and keep to their size", xtask(&["check", "--laws"], 5)),
            run("the bundle is verified", xtask(&["verify"], 5)),
        ],
        Step::Lab => {
            let rounds = rounds.to_string();
            vec![
                run("the lab reports what drivers do wrong", xtask(&["lab", "--probes"], 20)),
                run(
                    "drivers in the lab: rounds, held up by peers, failed by NMR",
                    xtask(&["lab", "--rounds", &rounds], 60),
                ),
            ]
        }
        Step::Deploy => vec![Task { what: "the bundle deployed over SSH", action: Action::DeployRoundTrip }],
    }
}

const SEEDS: &str = "-Zmiri-disable-isolation -Zmiri-many-seeds=0..16";
const ONE_SEED: &str = "-Zmiri-disable-isolation";
/// Miri's clock goes by what was executed: helpers and watchdog, which come with time, do not depend on the machine's load.
const ITS_OWN_CLOCK: &str = "";

fn run(what: &'static str, command: Command) -> Task {
    Task { what, action: Action::Run(command) }
}

fn cargo(arguments: &[&str], minutes: u64) -> Command {
    Command {
        toolchain: Toolchain::Ours,
        arguments: arguments.iter().map(ToString::to_string).collect(),
        environment: None,
        own_target: None,
        limit: Duration::from_secs(minutes * 60),
    }
}

/// Through cargo, because a test build may have replaced the program that is running.
fn xtask(arguments: &[&str], minutes: u64) -> Command {
    cargo(&[&["run", "--quiet", "--package", "xtask", "--"], arguments].concat(), minutes)
}

fn miri(arguments: &[&str], flags: &'static str) -> Command {
    Command {
        toolchain: Toolchain::Nightly,
        environment: Some(("MIRIFLAGS", flags)),
        own_target: Some("miri"),
        ..cargo(&[&["miri", "test", "--package"], arguments].concat(), 120)
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Step, plan};

    fn lines(steps: &[Step]) -> Vec<String> {
        let line = |action| match action {
            Action::Run(command) => command.arguments.join(" "),
            other => format!("{other:?}"),
        };
        plan(steps, 7, "").into_iter().map(|task| line(task.action)).collect()
    }

    #[test]
    fn every_step_has_something_to_do() {
        for step in Step::ALL {
            assert!(!lines(&[step]).is_empty(), "{step:?}");
        }
    }

    #[test]
    fn the_lab_does_as_many_rounds_as_asked() {
        let xtask = "run --quiet --package xtask -- lab";
        assert_eq!(lines(&[Step::Lab]), [format!("{xtask} --probes"), format!("{xtask} --rounds 7")]);
    }

    #[test]
    fn the_bundle_is_made_before_it_is_used() {
        let lines = lines(&Step::ALL);
        let at = |what: &str| lines.iter().position(|line| line.contains(what)).expect(what);
        assert!(at("-- package") < at("-- verify"));
        assert!(at("-- package") < at("-- lab"));
        assert!(at("-- package") < at("DeployRoundTrip"));
    }
}
