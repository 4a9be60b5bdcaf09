//! A load that fails half way leaves nothing behind.

#![expect(unsafe_code, reason = "loads a driver whose storage it wants to see afterwards")]

use crate::drivers::{Caller, Server};
use nmr::Error;
use nmr::host::{Host, Loaded};
use nmr_sim::World;

/// Fails each registration in turn, with a peer that is attached to the ones before it.
#[test]
fn each_registration_that_fails_takes_the_ones_before_it_down() {
    let fallible = {
        let world = World::new();
        world.fail_nth(0);
        let loaded = Caller::load(&world);
        drop(loaded);
        world.fallible_calls()
    };
    assert!(fallible >= 4, "four registrations at least");
    for nth in (1..=fallible).step_by(if cfg!(miri) { 3 } else { 1 }) {
        let world = World::new();
        let server = Server::load(&world).expect("nothing fails yet");
        let before = world.left();
        world.fail_nth(nth);
        match Caller::load(&world) {
            Ok(loaded) => drop(loaded),
            Err(error) => assert_eq!(error, Error::INSUFFICIENT_RESOURCES),
        }
        assert_eq!(world.left(), before, "call {nth} failed; what happened:\n{}", world.story());
        drop(server);
        world.assert_clean();
        world.assert_unloaded();
    }
}

#[test]
fn a_failed_load_runs_the_stop_hook_and_joins_the_threads() {
    let world = World::new();
    world.fail_nth(2);
    let driver = Loaded::<Caller>::storage(Host::new(world.clone()));
    // SAFETY: not loaded yet.
    let loaded = unsafe { Loaded::of(driver) };
    assert!(loaded.is_err());
    let state = &driver.state;
    assert_eq!(crate::drivers::count(&state.started), 1);
    assert_eq!(crate::drivers::count(&state.stopped), 1);
    assert_eq!(crate::drivers::count(&state.threads_ended), 1);
    world.assert_unloaded();
}
