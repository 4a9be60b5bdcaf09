//! In which order a soak loads and unloads drivers: a walk drawn from a seed.

use std::fmt::Write as _;

use super::orders::mix;

/// The longest pause between two commands, in milliseconds: long enough for some calls, short enough for many cycles.
const LONGEST_PAUSE: u64 = 25;

/// Draws numbers from a seed.
#[derive(Clone, Debug)]
struct Lots {
    seed: u64,
    drawn: u64,
}

impl Lots {
    /// A number below `limit`.
    fn draw(&mut self, limit: u64) -> u64 {
        self.drawn += 1;
        mix(self.seed ^ mix(self.drawn)) % limit
    }
}

/// What `scm.exe` does: each of `drivers` is loaded and unloaded, `cycles` times together. Which is next is drawn each
/// time, so that they come and go in every order; in the end all are unloaded.
pub(super) fn walk(seed: u64, drivers: &[&str], cycles: u32) -> String {
    let mut lots = Lots { seed, drawn: 0 };
    let mut loaded = vec![false; drivers.len()];
    let (mut text, mut loads) = (String::new(), 0);
    while loads < cycles || loaded.contains(&true) {
        let may_move = |index: &usize| loaded[*index] || loads < cycles;
        let candidates: Vec<usize> = (0..drivers.len()).filter(may_move).collect();
        let index = candidates[usize::try_from(lots.draw(candidates.len() as u64)).unwrap_or(0)];
        let verb = if loaded[index] { "stop" } else { "start" };
        loads += u32::from(!loaded[index]);
        loaded[index] = !loaded[index];
        let _ = writeln!(text, "{verb} {}\npause {}", drivers[index], lots.draw(LONGEST_PAUSE + 1));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRIVERS: [&str; 3] = ["a", "b", "c"];

    /// Plays the script, and answers how often each driver was loaded.
    fn play(script: &str) -> [u32; 3] {
        let (mut loaded, mut loads) = ([false; 3], [0; 3]);
        for line in script.lines() {
            let (verb, name) = line.split_once(' ').unwrap();
            let Some(index) = DRIVERS.iter().position(|driver| *driver == name) else {
                assert!(verb == "pause" && name.parse::<u64>().unwrap() <= LONGEST_PAUSE, "{line}");
                continue;
            };
            assert_eq!(loaded[index], verb == "stop", "{line}");
            loaded[index] = !loaded[index];
            loads[index] += u32::from(loaded[index]);
        }
        assert_eq!(loaded, [false; 3], "all are unloaded in the end");
        loads
    }

    #[test]
    fn every_cycle_loads_and_unloads_once() {
        for seed in 0..20 {
            let loads = play(&walk(seed, &DRIVERS, 100));
            assert_eq!(loads.iter().sum::<u32>(), 100);
            assert!(loads.iter().all(|loads| *loads > 10), "{loads:?}");
        }
        assert_eq!(play(&walk(1, &DRIVERS, 1)).iter().sum::<u32>(), 1);
    }

    #[test]
    fn a_walk_can_be_repeated() {
        assert_eq!(walk(7, &DRIVERS, 50), walk(7, &DRIVERS, 50));
        assert_ne!(walk(7, &DRIVERS, 50), walk(8, &DRIVERS, 50));
    }
}
