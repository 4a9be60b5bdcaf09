//! Counts the instructions of each design: callgrind runs it twice, and what the longer run has more is that of its
//! additional calls.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::callgrind::{self, Profile};
use super::disassembly;
use super::figure::Measured;
use super::program::{self, Program};
use crate::context::Context;
use crate::setup::{self, Need};

/// Calls in the shorter run, and by how many more the longer one has.
const CALLS: u64 = 100_000;

/// Counts in the loop of all designs, and in what it calls.
const TOGGLE: &str = "*calls_in_a_row*";

/// What one call of a design executes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Counted {
    pub(super) design: String,
    /// Whether it is of this repository.
    pub(super) ours: bool,
    pub(super) instructions: f64,
    pub(super) locked: f64,
}

impl Counted {
    /// What `longer` executes more than `shorter`, for each call.
    fn new(name: &str, ours: bool, [shorter, longer]: &[Profile; 2], locks: &BTreeSet<u64>) -> Self {
        let per_call = |count: fn(&Profile, &BTreeSet<u64>) -> u64| {
            (count(longer, locks) as f64 - count(shorter, locks) as f64) / CALLS as f64
        };
        Self {
            design: name.to_owned(),
            ours,
            instructions: per_call(|profile, _| profile.total),
            locked: per_call(executed_locks),
        }
    }

    pub(super) fn measured(&self) -> [Measured; 2] {
        [
            Measured::new(format!("{}/instructions", self.design), self.instructions, "instructions"),
            Measured::new(format!("{}/locked", self.design), self.locked, "locked instructions"),
        ]
    }
}

fn executed_locks(profile: &Profile, locks: &BTreeSet<u64>) -> u64 {
    profile.by_address.iter().filter(|(address, _)| locks.contains(address)).map(|(_, count)| count).sum()
}

/// Counts every design that `program` has; none on a processor whose instructions are not known here.
pub(super) fn measure(program: &Program, context: &Context) -> Result<Vec<Counted>> {
    if cfg!(not(all(target_arch = "x86_64", target_os = "linux"))) {
        context.ui.warn("instructions are counted on Linux on x86_64 only");
        return Ok(Vec::new());
    }
    setup::ensure(Need::Bench, context)?;
    let folder = context.target.join("bench");
    let step = context.ui.step("instructions");
    let listing = program::tool("objdump")
        .args(["-d", "--no-show-raw-insn"])
        .arg(program.path())
        .run(&folder.join("disassembly.log"))?
        .output()?;
    let locks = disassembly::locked(&listing);
    let mut counted = Vec::new();
    for (design, ours) in program.designs(context)? {
        step.detail(&design);
        let shorter = profile(program, &design, CALLS, &folder)?;
        let longer = profile(program, &design, 2 * CALLS, &folder)?;
        counted.push(Counted::new(&design, ours, &[shorter, longer], &locks));
    }
    step.done(format!("{} designs", counted.len()));
    Ok(counted)
}

fn profile(program: &Program, design: &str, calls: u64, folder: &Path) -> Result<Profile> {
    let output = folder.join("callgrind.out");
    program::tool("valgrind")
        .args(["--tool=callgrind", "--dump-instr=yes", "--dump-line=no"])
        .args(["--compress-strings=no", "--compress-pos=no"])
        .arg(format!("--toggle-collect={TOGGLE}"))
        .arg(format!("--callgrind-out-file={}", output.display()))
        .arg(program.path())
        .args(["run", design])
        .arg(calls.to_string())
        .run(&folder.join("callgrind.log"))?;
    let text = fs::read_to_string(&output).with_context(|| format!("{} cannot be read", output.display()))?;
    callgrind::parse(&text, &program.path().display().to_string())
        .with_context(|| format!("{} was not understood", output.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(total: u64, executed: [(u64, u64); 2]) -> Profile {
        Profile { total, by_address: executed.into() }
    }

    #[test]
    fn what_happens_once_does_not_count() {
        let shorter = profile(1_000 + 31 * CALLS, [(0x10, 2 * CALLS + 5), (0x20, CALLS)]);
        let longer = profile(1_000 + 62 * CALLS, [(0x10, 4 * CALLS + 5), (0x20, 2 * CALLS)]);
        let counted = Counted::new("a", true, &[shorter, longer], &BTreeSet::from([0x10]));
        assert_eq!((counted.instructions, counted.locked), (31.0, 2.0));
    }

    #[test]
    fn both_counts_are_figures() {
        let counted = Counted { design: "a".to_owned(), ours: true, instructions: 31.0, locked: 2.0 };
        let names = counted.measured().map(|one| one.figure);
        assert_eq!(names, ["a/instructions", "a/locked"]);
    }
}
