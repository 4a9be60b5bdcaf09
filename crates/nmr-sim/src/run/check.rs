//! Trying a life under many choices, and telling of the smallest choices under which it fails.

use super::{Crew, Hands, Run};
use crate::choices::Choices;
use crate::shrink::shrink;
use crate::trace::on_panic::Keeping;
use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Runs `life` under each of `seeds`. `life` is given a run: it makes a world and modules, adds actions, performs the run,
/// and panics if something has gone wrong.
///
/// # Panics
/// When `life` does: with the seed, the smallest choices under which it still panics, what the actions did, and what it
/// said. [`replay`] repeats that.
///
/// ```
/// use nmr_sim::{World, check};
///
/// check(0..10, |run| {
///     let world = World::builder().schedule(run.schedule()).build();
///     // ... make modules, and add with `run.action(..)` what they may do ...
///     run.perform();
///     world.assert_clean();
///     world.assert_unloaded();
/// });
/// ```
pub fn check(seeds: Range<u64>, life: impl Fn(&Run)) {
    let crew = Crew::default();
    for seed in seeds {
        let run = Run::with_hands(Choices::seeded(seed), 2, Some(crew.hands()));
        if let Err(said) = attempt(&run, &life) {
            let smallest = smallest(run.performed().choices, 2, &crew.hands(), &life);
            panic!("{}", report(&format!("seed {seed} fails"), &smallest.unwrap_or((run, said))));
        }
    }
}

/// Runs `life` under these choices, as a failed [`check`] or [`explore`](crate::explore::explore()) has printed them.
///
/// # Panics
/// When `life` does.
pub fn replay(choices: &[usize], life: impl Fn(&Run)) {
    life(&Run::new(Choices::replay(choices)));
}

/// What `life` said when it panicked under the choices of `run`.
pub(crate) fn attempt(run: &Run, life: &impl Fn(&Run)) -> Result<(), String> {
    let keeping = Keeping::begin();
    catch_unwind(AssertUnwindSafe(|| life(run))).map_err(|panic| {
        let (said, diagram) = (text(&*panic), keeping.take());
        if diagram.is_empty() { said } else { format!("{said}\n{diagram}") }
    })
}

/// The run with the smallest choices, derived from `choices`, under which `life` fails, and what it says then; `None` if it
/// does not fail again under `choices`, because something else than choices decides.
pub(crate) fn smallest(
    choices: Vec<usize>,
    depth: usize,
    hands: &Arc<Hands>,
    life: &impl Fn(&Run),
) -> Option<(Run, String)> {
    let try_with = |choices: &[usize]| {
        let run = Run::with_hands(Choices::replay(choices), depth, Some(Arc::clone(hands)));
        attempt(&run, life).err().map(|said| (run, said))
    };
    try_with(&choices)?;
    let shrunk = shrink(choices, |choices| try_with(choices).is_some());
    try_with(&shrunk)
}

/// What a failure is told as.
pub(crate) fn report(what: &str, (run, said): &(Run, String)) -> String {
    let mut performed = run.performed();
    // Choices that are not given are 0.
    while performed.choices.last() == Some(&0) {
        performed.choices.pop();
    }
    format!("{what}; it is enough to take the {performed}{said}")
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked without a text").to_owned()
}
