//! Hooks and threads that begin things when everything ends.

use crate::neighbours::{Pit, touch};
use crate::rogue::{Plan, Rogue};
use crate::seeds::each_seed;
use crate::siege::lay;
use nmr::host::{Host, Loaded};
use nmr::{Error, OwnThread};

fn breeds(rogue: &'static Rogue, thread: &mut OwnThread<'_, Rogue>) {
    rogue.seed().dawdle();
    rogue.state.census.is_loaded();
    // Until as many were started as are declared; the last ones while unload joins the first.
    while !thread.goes_on() && rogue.threads.spawn(thread.may_wait(), rogue, breeds).is_ok() {
        rogue.seed().dawdle();
    }
    rogue.pit.peers().for_each(|peer| touch(&peer, 1));
    while thread.sleep(core::time::Duration::from_micros(200)) {}
    let _ = rogue.threads.spawn(thread.may_wait(), rogue, breeds);
    rogue.state.census.is_loaded();
}

/// Threads that spawn threads when they are told to end, and in the `stop` hook.
#[test]
fn threads_are_spawned_to_the_last() {
    lay(Plan {
        stop: |rogue, at| _ = rogue.threads.spawn(at, rogue, breeds),
        threads: &[breeds, breeds],
        ..Plan::IDLE
    });
}

/// The `stop` hook takes registrations up and down and waits for them; threads go on with that until the end.
#[test]
fn stop_goes_on_as_if_nothing_were() {
    fn goes_on(rogue: &'static Rogue, thread: &mut OwnThread<'_, Rogue>) {
        loop {
            let at = thread.may_wait();
            let _ = rogue.spare.iter().map(|one| one.activate(at.at_passive())).filter(Result::is_ok).count();
            rogue.spare.iter().for_each(|one| one.deactivate(at.at_most_dispatch()));
            rogue.spare.iter().for_each(|one| one.wait_deactivated(at));
            if !thread.goes_on() {
                return;
            }
        }
    }
    lay(Plan {
        stop: |rogue, at| {
            rogue.threads.ask_to_end();
            rogue.well.deactivate(at.at_most_dispatch());
            rogue.well.wait_deactivated(at);
            let _ = rogue.well.activate(at.at_passive());
            rogue.spare.iter().for_each(|one| _ = one.activate(at.at_passive()));
            rogue.pit.deactivate(at.at_most_dispatch());
        },
        threads: &[goes_on, goes_on],
        ..Plan::IDLE
    });
}

/// A load that fails in its `start` hook or at any registration leaves nothing, whatever its threads do meanwhile.
#[test]
fn loads_that_fail_leave_nothing() {
    fn busy(rogue: &'static Rogue, thread: &mut OwnThread<'_, Rogue>) {
        while thread.goes_on() {
            let at = thread.may_wait();
            let _ = rogue.spare.activate_any(
                nmr::InstanceIdentity::new(*<Rogue as nmr::Driver>::MODULE_ID, 1),
                at.at_passive(),
            );
            rogue.pit.deactivate(at.at_most_dispatch());
            rogue.pit.peers().for_each(|peer| touch(&peer, 1));
        }
    }
    let starts = Plan { threads: &[busy, busy], ..Plan::IDLE };
    let fails = Plan { start: |_, _| Err(Error::NOT_SUPPORTED), ..starts };
    each_seed(40, |seed| {
        let world = seed.world();
        let pit = Loaded::<Pit>::new(Host::quiet(world.clone())).expect("nothing fails yet");
        assert_eq!(Rogue::load(&world, fails, seed).map(drop), Err(Error::NOT_SUPPORTED));
        world.fail_nth(world.fallible_calls() + 1 + seed.below(4));
        drop(Rogue::load(&world, starts, seed));
        drop(pit);
        world.assert_clean();
        world.assert_unloaded();
    });
}
