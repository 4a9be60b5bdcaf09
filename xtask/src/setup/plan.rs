//! How a machine gets what it lacks.

use super::lacks::{Lacks, Nightly};
use super::probe::{Probe, Rights};

/// One thing to do, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Run this.
    Run(Vec<String>),
    /// Ask the person at the keyboard.
    ByHand(String),
}

impl Action {
    /// What to show: a line that can be run, or a text.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Run(words) => words.join(" "),
            Self::ByHand(text) => text.clone(),
        }
    }

    /// What to run.
    pub(super) fn command(&self) -> &[String] {
        match self {
            Self::Run(words) => words,
            Self::ByHand(_) => &[],
        }
    }

    /// What only a person can do.
    pub(super) fn by_hand(&self) -> Option<&str> {
        match self {
            Self::Run(_) => None,
            Self::ByHand(text) => Some(text),
        }
    }
}

/// The actions that give `machine` what it lacks.
pub(super) fn plan(lacks: &Lacks, machine: &impl Probe) -> Vec<Action> {
    let mut actions = Vec::new();
    if !lacks.packages.is_empty() {
        actions.extend(install(&lacks.packages, machine));
    }
    if !lacks.targets.is_empty() {
        actions.push(if machine.has_program("rustup") {
            Action::Run(words("rustup target add").chain(lacks.targets.iter().map(ToString::to_string)).collect())
        } else {
            Action::ByHand(format!(
                "the Rust toolchain lacks the targets {}: install rustup (https://rustup.rs), which adds them",
                lacks.targets.join(" and ")
            ))
        });
    }
    if let Some(nightly) = lacks.miri {
        actions.push(install_miri(nightly, machine));
    }
    actions.extend(lacks.by_hand.iter().map(|lack| Action::ByHand(lack.text.clone())));
    actions
}

fn install_miri(nightly: Nightly, machine: &impl Probe) -> Action {
    if !machine.has_program("rustup") {
        let text =
            "Miri comes with Rust's nightly toolchain: install rustup (https://rustup.rs), which adds it";
        return Action::ByHand(text.to_owned());
    }
    let line = match nightly {
        Nightly::Missing => {
            "rustup toolchain install nightly --profile minimal --component miri --component rust-src"
        }
        // What is there may be what others on this machine rely on: it is added to, not renewed.
        Nightly::WithoutMiri => "rustup component add --toolchain nightly miri rust-src",
    };
    Action::Run(words(line).collect())
}

fn install(packages: &[String], machine: &impl Probe) -> Vec<Action> {
    let names = packages.join(" ");
    if !machine.has_program("apt-get") {
        return vec![Action::ByHand(format!(
            "this machine lacks what Debian has in the packages {names}, and has no apt-get: install what your system \
             calls them, then try again"
        ))];
    }
    let prefix = match machine.rights() {
        Rights::Root => "env DEBIAN_FRONTEND=noninteractive",
        Rights::Sudo => "sudo -n env DEBIAN_FRONTEND=noninteractive",
        Rights::None => {
            return vec![Action::ByHand(format!(
                "this machine lacks packages that only root may install. Run:\n  sudo sh -c 'apt-get update && apt-get \
                 install --yes --no-install-recommends {names}'"
            ))];
        }
    };
    // A container's package lists are empty or old, and an install from them fails.
    vec![
        Action::Run(words(prefix).chain(words("apt-get update")).collect()),
        Action::Run(
            words(prefix)
                .chain(words("apt-get install --yes --no-install-recommends"))
                .chain(packages.iter().cloned())
                .collect(),
        ),
    ]
}

fn words(line: &str) -> impl Iterator<Item = String> {
    line.split(' ').map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::Need;
    use super::super::fake_machine::FakeMachine;
    use super::super::lacks::lacks;
    use super::*;

    fn lines(machine: &FakeMachine) -> Vec<String> {
        plan(&lacks(machine, Need::Package), machine).iter().map(Action::line).collect()
    }

    const NAMES: &str = "gcc-mingw-w64-x86-64-win32 libclang-common-14-dev libclang1-14 mingw-w64-x86-64-dev";

    #[test]
    fn root_updates_and_installs_without_questions() {
        assert_eq!(
            lines(&FakeMachine::debian_12()),
            [
                "env DEBIAN_FRONTEND=noninteractive apt-get update".to_owned(),
                format!(
                    "env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends {NAMES}"
                ),
                "rustup target add x86_64-pc-windows-msvc x86_64-pc-windows-gnu".to_owned(),
            ]
        );
    }

    #[test]
    fn sudo_is_used_only_without_a_password() {
        let machine = FakeMachine::debian_12().with_rights(Rights::Sudo);
        assert_eq!(lines(&machine)[0], "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get update");
    }

    #[test]
    fn without_rights_there_is_one_line_to_run() {
        let machine = FakeMachine::debian_12().with_rights(Rights::None);
        let actions = plan(&lacks(&machine, Need::Package), &machine);
        let text = actions[0].by_hand().unwrap();
        let expected =
            format!("sudo sh -c 'apt-get update && apt-get install --yes --no-install-recommends {NAMES}'");
        assert!(text.ends_with(&expected), "{text}");
    }

    #[test]
    fn other_systems_are_told_what_is_wanted() {
        let machine = FakeMachine::debian_12().without("/usr/bin/apt-get").without("/usr/bin/rustup");
        let actions = plan(&lacks(&machine, Need::Package), &machine);
        assert!(actions.iter().all(|action| action.by_hand().is_some()), "{actions:?}");
        assert!(actions[0].line().contains(NAMES) && actions[1].line().contains("rustup.rs"), "{actions:?}");
    }

    #[test]
    fn windows_gets_its_targets_and_no_debian_packages() {
        let machine = FakeMachine::debian_12().on_windows();
        assert_eq!(lines(&machine), ["rustup target add x86_64-pc-windows-msvc x86_64-pc-windows-gnu"]);
    }

    #[test]
    fn miri_comes_with_nightly_or_is_added_to_it() {
        let lines = |machine: &FakeMachine| -> Vec<String> {
            plan(&lacks(machine, Need::Miri), machine).iter().map(Action::line).collect()
        };
        let install =
            "rustup toolchain install nightly --profile minimal --component miri --component rust-src";
        assert_eq!(lines(&FakeMachine::debian_12()), [install]);
        let without = FakeMachine::complete().without("/nightly/bin/cargo-miri");
        assert_eq!(lines(&without), ["rustup component add --toolchain nightly miri rust-src"]);
        let by_hand = lines(&FakeMachine::debian_12().without("/usr/bin/rustup"));
        assert!(by_hand[0].contains("rustup.rs"), "{by_hand:?}");
    }

    #[test]
    fn a_complete_machine_is_left_alone() {
        let machine = FakeMachine::complete();
        assert!(plan(&lacks(&machine, Need::All), &machine).is_empty());
    }
}
