//! Exhaustive exploration: every choice of a small run is taken both ways.
//!
//! A run is repeated with other choices until there are none that lead to a state nobody has seen. [`SmallWorld`] has
//! the modules and the properties ready:
//!
//! ```
//! use nmr_sim::explore::SmallWorld;
//!
//! let explored = SmallWorld::new(1, 1).explore();
//! println!("{explored}");
//! assert!(explored.states > 50);
//! ```

mod board;
mod puppet;
mod small_world;
mod view;

pub use small_world::{Answers, SmallWorld};

use crate::choices::Choices;
use crate::run::{Crew, Run, attempt, report, smallest};
use crate::sync::lock;
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex};

/// What an exploration has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Explored {
    /// Different states at which there was something to choose.
    pub states: usize,
    /// Ways from one of them to another.
    pub transitions: usize,
    /// How many runs that took.
    pub runs: usize,
    /// The most choices that one run made.
    pub longest: usize,
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { states, transitions, runs, longest } = self;
        write!(f, "{states} states, {transitions} transitions, {runs} runs, at most {longest} choices in one")
    }
}

/// The states that were reached, and the choices that nobody has tried.
#[derive(Default)]
pub(crate) struct Frontier {
    reached: HashSet<u128>,
    transitions: usize,
    open: Vec<Vec<usize>>,
}

impl Frontier {
    /// A run has come to `state` by the choices in `path` and has `options` there; it takes the first. Answers whether
    /// nobody was there before; the run only ends then, and looks at nothing new.
    pub(crate) fn reach(&mut self, state: u128, path: &[usize], options: usize) -> bool {
        let new = self.reached.insert(state);
        if new {
            self.transitions += options;
            self.open.extend((1..options).map(|option| [path, &[option]].concat()));
        }
        new
    }
}

/// Runs `life` with every list of choices that leads to a state which the ones before have not reached, and counts the
/// states. `life` is given a run under such choices: it makes a world and modules, adds actions, says through
/// [`Run::observe`] how everything stands, performs the run, and panics if it has gone wrong.
///
/// # Panics
/// When `life` does: with the smallest choices under which it still panics, what the actions did, and what it said.
pub fn explore(depth: usize, life: impl Fn(&Run)) -> Explored {
    let frontier: Arc<Mutex<Frontier>> = Arc::default();
    let (mut runs, mut longest) = (0, 0);
    let mut next = Some(Vec::new());
    let crew = Crew::default();
    while let Some(given) = next {
        let choices = Choices::exploring(given, Arc::clone(&frontier));
        let run = Run::with_hands(choices, depth, Some(crew.hands()));
        if let Err(said) = attempt(&run, &life) {
            let smallest = smallest(run.performed().choices, depth, &crew.hands(), &life);
            panic!("{}", report("a run fails", &smallest.unwrap_or((run, said))));
        }
        runs += 1;
        longest = longest.max(run.performed().choices.len());
        next = lock(&frontier).open.pop();
    }
    let frontier = lock(&frontier);
    Explored { states: frontier.reached.len(), transitions: frontier.transitions, runs, longest }
}
