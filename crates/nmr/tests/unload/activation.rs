//! Registrations that come and go while their driver is loaded.

#![expect(
    unsafe_code,
    reason = "makes the tokens of a test's thread, and loads storage that it wants to see before"
)]

use crate::drivers::{Hub, adder, adder::Provider as _, count};
use crate::peers::{OnDetach, Stubborn};
use crate::until;
use crate::watch::Watch;
use nmr::host::Loaded;
use nmr::{AtMostDispatch, AtPassive, Error, MayWait, Npi};
use nmr_sim::{Callback, Point, Side, What, World};
use std::sync::atomic::Ordering;

/// A test's thread may wait.
fn may_wait() -> MayWait<'static> {
    // SAFETY: an ordinary thread, in no callback.
    unsafe { MayWait::assume() }
}

fn at_passive() -> AtPassive<'static> {
    // SAFETY: an ordinary thread.
    unsafe { AtPassive::assume() }
}

fn at_most_dispatch() -> AtMostDispatch<'static> {
    // SAFETY: an ordinary thread.
    unsafe { AtMostDispatch::assume() }
}

fn finish(world: &World) {
    world.assert_clean();
    world.assert_unloaded();
}

/// How often something was deregistered, and how often that was waited for.
fn ends(world: &World) -> (usize, usize) {
    let events = world.events();
    let deregistered = events.iter().filter(|event| matches!(event.what, What::Deregister { .. })).count();
    let waited = events.iter().filter(|event| matches!(event.what, What::Waited { .. })).count();
    (deregistered, waited)
}

#[test]
fn what_is_activated_later_is_not_registered_at_load() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Answer);
    let hub = Hub::load(&world).expect("nothing fails");
    let later = &hub.driver().later;
    assert!(later.is_idle() && later.bindings() == 0);
    later.activate(&at_passive()).expect("idle");
    assert!(!later.is_idle());
    assert_eq!(later.oldest_peer().expect("attached").add(1, 2), Ok(3));
    let numbers = world.events().into_iter().filter_map(|event| match event.what {
        What::Registered { number, side: Side::Client, npi, .. } if npi == adder::Npi::ID => Some(number),
        _ => None,
    });
    assert_eq!(numbers.collect::<Vec<_>>(), [0, 0, 0, 0, 7], "the number of the declaration");
    drop(hub);
    assert!(later.is_idle());
    provider.leave();
    finish(&world);
}

#[test]
fn a_registration_goes_early_and_comes_back() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Answer);
    let hub = Hub::load(&world).expect("nothing fails");
    let first = &hub.driver().first;
    for _ in 0..3 {
        assert!(first.oldest_peer().is_some());
        first.deactivate(&at_most_dispatch());
        assert!(first.oldest_peer().is_none() && !first.is_idle());
        assert!(hub.driver().second.oldest_peer().is_some(), "the others stay");
        first.wait_deactivated(&may_wait());
        assert!(first.is_idle() && first.bindings() == 0 && first.raw_handle().is_null());
        first.activate(&at_passive()).expect("idle again");
    }
    assert_eq!(ends(&world), (3, 3));
    first.deactivate(&at_most_dispatch());
    drop(hub);
    assert_eq!(ends(&world), (7, 7), "unload waits for what was deactivated and not waited for");
    provider.leave();
    finish(&world);
}

#[test]
fn activation_has_its_times() {
    let world = World::new();
    let driver = Loaded::<Hub>::storage(Hub::system(&world));
    assert_eq!(
        driver.later.activate(&at_passive()),
        Err(Error::DEVICE_NOT_READY),
        "before the driver is loaded"
    );
    driver.later.deactivate(&at_most_dispatch());
    driver.later.wait_deactivated(&may_wait());
    // SAFETY: not loaded yet.
    let hub = unsafe { Loaded::of(driver) }.expect("nothing fails");
    assert_eq!(driver.first.activate(&at_passive()), Err(Error::INVALID_DEVICE_STATE), "active already");
    driver.first.deactivate(&at_most_dispatch());
    assert_eq!(driver.first.activate(&at_passive()), Err(Error::INVALID_DEVICE_STATE), "not waited for yet");
    drop(hub);
    assert_eq!(driver.later.activate(&at_passive()), Err(Error::DEVICE_NOT_READY), "after unload");
    finish(&world);
}

#[test]
fn a_failed_activation_leaves_the_registration_idle() {
    let world = World::new();
    let hub = Hub::load(&world).expect("nothing fails");
    world.fail_nth(1);
    let later = &hub.driver().later;
    assert_eq!(later.activate(&at_passive()), Err(Error::INSUFFICIENT_RESOURCES));
    assert!(later.is_idle());
    later.activate(&at_passive()).expect("nothing fails any more");
    drop(hub);
    finish(&world);
}

/// A deactivation that meets a thread inside NmrRegister* leaves the rest to that thread, and does not wait for it.
#[test]
fn deactivate_meets_registering() {
    let (world, watch) = Watch::world();
    let provider = Stubborn::register(&world, OnDetach::Answer);
    let hub = Hub::load(&world).expect("nothing fails");
    let driver = hub.driver();
    watch.at(Point::Before(Callback::Attach(Side::Client)), move || {
        let other = std::thread::spawn(move || {
            driver.later.deactivate(&at_most_dispatch());
            assert!(!driver.later.is_idle(), "the thread that registers is not there yet");
        });
        other.join().expect("deactivating does not wait");
    });
    driver.later.activate(&at_passive()).expect("it was registered, for a moment");
    assert_eq!(ends(&world), (1, 0), "deregistered before this thread came back");
    assert_eq!(driver.later.activate(&at_passive()), Err(Error::INVALID_DEVICE_STATE));
    driver.later.wait_deactivated(&may_wait());
    assert_eq!(ends(&world), (1, 1));
    assert!(driver.later.is_idle());
    drop(hub);
    provider.leave();
    finish(&world);
}

#[test]
fn two_waiters_one_wait() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Pend);
    let hub = Hub::load(&world).expect("nothing fails");
    let first = &hub.driver().first;
    first.deactivate(&at_most_dispatch());
    first.deactivate(&at_most_dispatch());
    std::thread::scope(|scope| {
        let waiters = [(); 3].map(|()| scope.spawn(|| first.wait_deactivated(&may_wait())));
        std::thread::sleep(core::time::Duration::from_millis(20));
        assert!(waiters.iter().all(|waiter| !waiter.is_finished()), "the peer has not completed");
        provider.complete();
        for waiter in waiters {
            waiter.join().expect("no panic");
        }
    });
    assert_eq!(ends(&world), (1, 1));
    std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(hub));
        until("the rest pends", || provider.pending() == 3);
        provider.complete();
        unloading.join().expect("no panic");
    });
    provider.leave();
    finish(&world);
}

#[test]
fn nothing_is_waited_for_where_nothing_ends() {
    let world = World::new();
    let hub = Hub::load(&world).expect("nothing fails");
    hub.driver().first.wait_deactivated(&may_wait());
    hub.driver().later.wait_deactivated(&may_wait());
    assert!(!hub.driver().first.is_idle());
    drop(hub);
    finish(&world);
}

#[test]
fn the_stop_hook_may_take_a_registration_down_first() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Answer);
    let hub = Hub::load(&world).expect("nothing fails");
    let driver = hub.driver();
    driver.state.early.store(true, Ordering::SeqCst);
    drop(hub);
    assert_eq!(count(&driver.state.stopped), 1);
    assert_eq!(ends(&world), (4, 4));
    let log = nmr::Driver::system(driver).log_lines();
    let place = |wanted: &str| log.iter().position(|line| line.contains(wanted)).expect("logged");
    assert!(place(": deregistered second") < place(": deregister first"), "{log:#?}");
    provider.leave();
    finish(&world);
}

/// Unload waits for a thread that is still inside a deactivation: it returns through the driver's code.
#[test]
fn unload_waits_for_whoever_deactivates() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::BlockFirst);
    let hub = Hub::load(&world).expect("nothing fails");
    let driver = hub.driver();
    std::thread::scope(|scope| {
        let deactivating = scope.spawn(|| driver.first.deactivate(&at_most_dispatch()));
        until("the deactivation is inside the peer", || provider.blocked() == 1);
        let unloading = scope.spawn(|| drop(hub));
        until("the others are down", || driver.fourth.bindings() == 0);
        assert!(!unloading.is_finished());
        provider.release(1);
        deactivating.join().expect("no panic");
        unloading.join().expect("no panic");
    });
    assert_eq!(ends(&world), (4, 4), "and nobody deregisters it twice");
    provider.leave();
    finish(&world);
}

/// Unload meets a thread that is inside NmrRegister*, and takes down what comes of it.
#[test]
fn unload_meets_registering() {
    let world = World::new();
    let hub = Hub::load(&world).expect("nothing fails");
    let driver = hub.driver();
    let provider = Stubborn::holding_attach(&world);
    std::thread::scope(|scope| {
        driver.first.deactivate(&at_most_dispatch());
        driver.second.deactivate(&at_most_dispatch());
        driver.third.deactivate(&at_most_dispatch());
        driver.fourth.deactivate(&at_most_dispatch());
        provider.join();
        let activating = scope.spawn(|| driver.later.activate(&at_passive()));
        until("the attach callback is inside the peer", || provider.attaching() == 1);
        let unloading = scope.spawn(|| drop(hub));
        until("unload has begun", || count(&driver.state.stopped) == 1);
        std::thread::sleep(core::time::Duration::from_millis(20));
        assert!(!unloading.is_finished() && ends(&world).0 == 4, "the registration is not there yet");
        provider.let_attach();
        assert_eq!(activating.join().expect("no panic"), Ok(()));
        unloading.join().expect("no panic");
    });
    assert_eq!(ends(&world), (5, 5));
    provider.leave();
    finish(&world);
}
