//! A load that fails at any step takes back what it did, and says with which status it failed.

#![expect(unsafe_code, reason = "loads storage that it wants to see afterwards")]

use crate::drivers::{Hub, count};
use crate::peers::{OnDetach, Stubborn};
use nmr::host::Loaded;
use nmr::{Driver, Error};
use nmr_sim::World;
use std::sync::atomic::Ordering;

/// Loads `driver`, which fails with `error`, and sees that nothing is left of it.
fn fails(world: &World, driver: &'static Hub, error: Error) {
    let before = world.left();
    // SAFETY: not loaded yet.
    let loaded = unsafe { Loaded::of(driver) };
    assert_eq!(loaded.err(), Some(error));
    assert_eq!(world.left(), before, "what happened:\n{}", world.story());
    for registration in [driver.first.is_idle(), driver.second.is_idle(), driver.third.is_idle()] {
        assert!(registration);
    }
    assert_eq!(driver.system().dpc_flushes(), 1);
    // SAFETY: it failed, so it is not loaded.
    let again = unsafe { Loaded::of(driver) }.expect("nothing fails any more");
    assert!(driver.first.oldest_peer().is_some());
    drop(again);
    assert_eq!(world.left(), before);
}

#[test]
fn a_start_hook_that_fails() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Answer);
    let driver = Loaded::<Hub>::storage(Hub::system(&world));
    driver.state.fail_start.store(true, Ordering::SeqCst);
    // SAFETY: not loaded yet.
    let loaded = unsafe { Loaded::of(driver) };
    assert_eq!(loaded.err(), Some(Error::NOT_SUPPORTED));
    assert_eq!(count(&driver.state.threads_ended), 2, "threads that it started are joined");
    assert_eq!(count(&driver.state.stopped), 0, "what has not started is not stopped");
    assert_eq!(driver.first.bindings(), 0);
    provider.leave();
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn a_thread_that_cannot_be_made() {
    for nth in 1..=2 {
        let world = World::new();
        let provider = Stubborn::register(&world, OnDetach::Answer);
        let driver = Loaded::<Hub>::storage(Hub::system(&world));
        driver.system().fail_nth_spawn(nth);
        fails(&world, driver, Error::INSUFFICIENT_RESOURCES);
        assert_eq!(count(&driver.state.started), 2);
        assert_eq!(count(&driver.state.stopped), 1, "by the second, successful round");
        assert_eq!(count(&driver.state.threads_ended), nth - 1 + 2);
        provider.leave();
        world.assert_clean();
        world.assert_unloaded();
    }
}

#[test]
fn each_registration_that_fails() {
    // Each of the four registers, and attaches to the provider.
    for registration in 0..4 {
        let world = World::new();
        let provider = Stubborn::register(&world, OnDetach::Answer);
        let driver = Loaded::<Hub>::storage(Hub::system(&world));
        world.fail_nth(2 * registration + 1);
        fails(&world, driver, Error::INSUFFICIENT_RESOURCES);
        let state = &driver.state;
        assert_eq!((count(&state.started), count(&state.stopped), count(&state.threads_ended)), (2, 2, 4));
        assert_eq!(
            provider.detached() as u64,
            registration + 4,
            "the ones before were attached, and detached"
        );
        provider.leave();
        world.assert_clean();
        world.assert_unloaded();
    }
}

/// The unload of a load that failed is like any other: helpers for peers that block.
#[test]
fn a_failed_load_meets_peers_that_block() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Block);
    let driver = Loaded::<Hub>::storage(Hub::system(&world));
    world.fail_nth(7);
    std::thread::scope(|scope| {
        // SAFETY: not loaded yet.
        let loading = scope.spawn(|| unsafe { Loaded::of(driver) }.err());
        crate::until("three are inside the peer at once", || provider.blocked() == 3);
        provider.release(3);
        assert_eq!(loading.join().expect("no panic"), Some(Error::INSUFFICIENT_RESOURCES));
    });
    provider.leave();
    world.assert_clean();
    world.assert_unloaded();
}
