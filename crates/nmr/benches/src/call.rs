//! A call into a peer, guarded in several ways, and what others use for the same purpose.
//!
//! Every design runs in the same loop, calls the same function, and begins with a pointer that the compiler knows
//! nothing about.

mod arc_swap;
mod at_dispatch;
mod bare;
mod epoch;
mod guarded;
mod read_write_lock;
mod rundown_word;

use std::hint::black_box;

use anyhow::{Context as _, Result};

use crate::echo::Pair;
use crate::measurement::{Effort, Measurement};
use crate::paired::{self, Design};

/// The floor that everything is compared with.
const RAW: &str = "raw";

/// What designs call through.
#[derive(Debug)]
pub struct Stage {
    pair: Pair,
}

impl Stage {
    /// Loads the driver.
    ///
    /// # Errors
    /// The driver does not load.
    pub fn new() -> Result<Self> {
        Ok(Self { pair: Pair::load().context("the driver does not load")? })
    }

    /// The floor, and the framework's ways to call.
    pub fn own(&self) -> Vec<Design<'_>> {
        vec![
            bare::design(RAW),
            guarded::one_shard(&self.pair),
            guarded::sixteen_shards(&self.pair),
            guarded::oldest_peer(&self.pair),
            guarded::burst_of_16(&self.pair),
            guarded::held_guard(&self.pair),
            at_dispatch::design(&self.pair),
        ]
    }

    /// What others use.
    pub fn compared() -> Vec<Design<'static>> {
        vec![
            rundown_word::design(),
            read_write_lock::of_spin(),
            read_write_lock::of_std(),
            arc_swap::design(),
            epoch::design(),
        ]
    }

    /// All of them.
    pub fn designs(&self) -> Vec<Design<'_>> {
        self.own().into_iter().chain(Self::compared()).collect()
    }
}

/// The loop of every design, and the only function in which callgrind counts: it is looked for by this name.
#[inline(never)]
pub fn calls_in_a_row<P: Copy>(peer: P, count: u64, call: impl Fn(P, u64) -> u64) {
    for value in 0..count {
        black_box(call(black_box(peer), value));
    }
}

/// The ratios to the bare call, on one thread and on two.
///
/// # Errors
/// The machine cannot measure, or a driver does not load.
pub fn measure(effort: Effort, mut tell: impl FnMut(Measurement)) -> Result<usize> {
    let stage = Stage::new()?;
    let designs = stage.designs();
    let table = paired::measure(&designs, &[1, 2], effort.repetitions(5, 31))?;
    let mut figure = |name: String, value: Option<f64>, unit| {
        if let Some(value) = value {
            tell(Measurement::new(name, value, unit));
        }
    };
    for name in designs.iter().map(|design| design.name) {
        if name != RAW {
            for (threads, suffix) in [(1, "1_thread"), (2, "2_threads")] {
                figure(format!("{name}/{suffix}"), table.ratio((name, threads), (RAW, threads)), "x raw");
            }
        }
        figure(format!("{name}/scaling"), table.scaling(name, 2), "x");
    }
    Ok(table.thrown_away())
}

#[cfg(test)]
mod tests {
    use super::Stage;
    use std::collections::BTreeSet;

    #[test]
    fn every_design_runs_on_two_threads_and_has_a_name_of_its_own() {
        let stage = Stage::new().expect("the driver loads");
        let designs = stage.designs();
        for design in &designs {
            std::thread::scope(|scope| {
                scope.spawn(|| design.run(20));
                scope.spawn(|| design.run(20));
            });
        }
        let names: BTreeSet<&str> = designs.iter().map(|design| design.name).collect();
        assert_eq!(names.len(), designs.len());
    }
}
