//! What happened in a world, as the rows ask for it.

use nmr::Status;
use nmr_sim::{Rule, Side, What, World};

fn of<T>(world: &World, wanted: impl FnMut(What) -> Option<T>) -> Vec<T> {
    world.events().into_iter().map(|event| event.what).filter_map(wanted).collect()
}

/// What refused offers were answered, in order.
pub fn refusals(world: &World) -> Vec<Status> {
    of(world, |what| if let What::Refused { status, .. } = what { Some(status) } else { None })
}

/// What accepted offers were answered, in order.
pub fn acceptances(world: &World) -> Vec<Status> {
    of(world, |what| if let What::Attached { status, .. } = what { Some(status) } else { None })
}

/// What detach callbacks of `side` answered, in order.
pub fn detach_answers(world: &World, side: Side) -> Vec<Status> {
    of(world, |what| match what {
        What::DetachReturned { side: of, status, .. } if of == side => Some(status),
        _ => None,
    })
}

/// How many detaches `side` has completed.
pub fn completions(world: &World, side: Side) -> usize {
    of(world, |what| matches!(what, What::Completed { side: of, .. } if of == side).then_some(())).len()
}

/// How many registrations of `side` were deregistered.
pub fn deregistrations(world: &World, side: Side) -> usize {
    of(world, |what| matches!(what, What::Deregister { side: of, .. } if of == side).then_some(())).len()
}

/// How many waits for registrations of `side` have begun.
pub fn waits(world: &World, side: Side) -> usize {
    of(world, |what| matches!(what, What::Waiting { side: of, .. } if of == side).then_some(())).len()
}

/// The first event that is like this, by its place in the order.
pub fn place(world: &World, wanted: impl Fn(&What) -> bool) -> Option<u64> {
    world.events().into_iter().find(|event| wanted(&event.what)).map(|event| event.sequence)
}

/// The rules that were broken, in order.
pub fn rules(world: &World) -> Vec<Rule> {
    world.violations().into_iter().map(|violation| violation.rule).collect()
}
