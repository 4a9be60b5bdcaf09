//! Where the choices of a run come from, and which were taken.

use crate::explore::Frontier;
use crate::fingerprint::Fingerprint;
use crate::sync::lock;
use std::fmt;
use std::sync::{Arc, Mutex};

/// The choices of a run: from a seed, from a list, or from an exploration.
pub struct Choices {
    source: Source,
    taken: Vec<usize>,
}

enum Source {
    Seed(u64),
    /// Given ones, then the first option each time.
    List(Vec<usize>),
    /// Given ones, then what nobody has tried.
    Frontier {
        given: Vec<usize>,
        frontier: Arc<Mutex<Frontier>>,
        known: bool,
    },
}

impl fmt::Debug for Choices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Choices").field("taken", &self.taken).finish_non_exhaustive()
    }
}

impl Choices {
    /// The choices of `seed`, always the same.
    pub const fn seeded(seed: u64) -> Self {
        Self { source: Source::Seed(seed), taken: Vec::new() }
    }

    /// These choices, and the first option each time after them. One that is too large means the last option.
    pub fn replay(choices: &[usize]) -> Self {
        Self { source: Source::List(choices.to_vec()), taken: Vec::new() }
    }

    pub(crate) fn exploring(given: Vec<usize>, frontier: Arc<Mutex<Frontier>>) -> Self {
        Self { source: Source::Frontier { given, frontier, known: false }, taken: Vec::new() }
    }

    /// What was chosen so far, for [`Self::replay`].
    pub fn taken(&self) -> &[usize] {
        &self.taken
    }

    /// One of `options`, at the moment that `state` hashes. Where there is no choice, none is noted.
    pub(crate) fn next(&mut self, options: usize, state: impl Fn(&mut Fingerprint)) -> usize {
        let last = options.saturating_sub(1);
        if last == 0 {
            return 0;
        }
        let at = self.taken.len();
        let choice = match &mut self.source {
            Source::Seed(seed) => (split_mix(seed) % options as u64) as usize,
            Source::List(given) => given.get(at).copied().unwrap_or(0).min(last),
            Source::Frontier { given, frontier, known } => match given.get(at) {
                Some(choice) => *choice,
                None if *known => 0,
                None => {
                    let mut here = Fingerprint::default();
                    state(&mut here);
                    *known = !lock(frontier).reach(here.value(), &self.taken, options);
                    0
                }
            },
        };
        self.taken.push(choice);
        choice
    }
}

/// SplitMix64.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

#[cfg(test)]
mod tests {
    use super::Choices;

    fn take(choices: &mut Choices, options: &[usize]) -> Vec<usize> {
        options.iter().map(|options| choices.next(*options, |_| {})).collect()
    }

    #[test]
    fn what_a_seed_chose_can_be_replayed() {
        let options = [2, 3, 1, 5, 2, 2, 9, 4];
        let mut seeded = Choices::seeded(11);
        let chosen = take(&mut seeded, &options);
        assert_eq!(chosen, take(&mut Choices::seeded(11), &options));
        assert_ne!(chosen, take(&mut Choices::seeded(12), &options));
        assert_eq!(seeded.taken().len(), 7, "where there is one option, nothing is noted");
        assert_eq!(chosen, take(&mut Choices::replay(seeded.taken()), &options));
    }

    #[test]
    fn a_list_that_does_not_fit_is_bent() {
        assert_eq!(take(&mut Choices::replay(&[7, 1]), &[3, 2, 4]), [2, 1, 0]);
    }
}
