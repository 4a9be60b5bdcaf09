//! The monitor and its helpers: made when a peer blocks, and only then.

use crate::drivers::{Hub, Staged, count};
use crate::faulty::Faulty;
use crate::peers::{OnDetach, Stubborn};
use crate::until;
use nmr::Driver;
use nmr::host::{Host, Loaded};
use nmr_sim::World;
use std::sync::atomic::Ordering;

/// The driver's own threads.
const OWN: usize = 2;

fn finish(world: &World, system: &Host<Faulty>) {
    world.assert_clean();
    world.assert_unloaded();
    assert_eq!(system.threads_left(), 0);
}

#[test]
fn helpers_overlap_peers_that_block() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Block);
    let hub = Hub::load(&world).expect("nothing fails");
    let system = hub.driver().system();
    std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(hub));
        until("every deregistration is inside the peer at once", || provider.blocked() == 4);
        provider.release(4);
        unloading.join().expect("no panic");
    });
    assert_eq!(provider.most_blocked(), 4);
    assert_eq!(system.spawned(), OWN + 1 + 3, "a monitor, and a helper for each registration left");
    provider.leave();
    finish(&world, system);
}

/// The stage above is down before the one below gets helpers of its own.
#[test]
fn each_stage_gets_helpers_of_its_own() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Block);
    let staged = Loaded::<Staged>::new(Host::new(Faulty::over(&world))).expect("nothing fails");
    let driver = staged.driver();
    let system = driver.system();
    std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(staged));
        until("the higher stage is inside the peer", || provider.blocked() == 2);
        assert!(driver.low.oldest_peer().is_some() && driver.low_too.oldest_peer().is_some());
        provider.release(2);
        until("the lower stage is inside the peer", || provider.detached() == 4 && provider.blocked() == 2);
        assert!(driver.high.is_idle() && driver.high_too.is_idle());
        provider.release(2);
        unloading.join().expect("no panic");
    });
    assert_eq!(system.spawned(), 3, "a monitor, and one helper for each stage");
    provider.leave();
    finish(&world, system);
}

#[test]
fn a_peer_that_does_not_block_needs_no_helper() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Pend);
    let hub = Hub::load(&world).expect("nothing fails");
    let system = hub.driver().system();
    std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(hub));
        until("all are pending at once", || provider.pending() == 4);
        // Longer than a tick of the clock, so that the monitor has had a look.
        std::thread::sleep(core::time::Duration::from_millis(60));
        provider.complete();
        unloading.join().expect("no panic");
    });
    assert_eq!(system.spawned(), OWN + 1, "a monitor and nobody else");
    provider.leave();
    finish(&world, system);
}

#[test]
fn without_a_binding_no_thread_is_made() {
    let world = World::new();
    let hub = Hub::load(&world).expect("nothing fails");
    let system = hub.driver().system();
    drop(hub);
    assert_eq!(system.spawned(), OWN);
    assert_eq!(system.dpc_flushes(), 1);
    finish(&world, system);
}

/// A slot that is taken is as good as a binding, though nobody is attached yet: its peer may block.
#[test]
fn an_attachment_on_its_way_is_watched() {
    let world = World::new();
    let hub = Hub::load(&world).expect("nothing fails");
    let system = hub.driver().system();
    let provider = Stubborn::holding_attach(&world);
    std::thread::scope(|scope| {
        let joining = scope.spawn(|| provider.join());
        until("an attach callback is inside the peer", || provider.attaching() == 1);
        let unloading = scope.spawn(|| drop(hub));
        until("a thread is made", || system.spawned() == OWN + 1);
        provider.let_attach();
        joining.join().expect("no panic");
        unloading.join().expect("no panic");
    });
    provider.leave();
    finish(&world, system);
}

/// So is an attach callback that has not even taken a slot yet: the driver is still deciding.
#[test]
fn a_decision_on_its_way_is_watched() {
    let world = World::new();
    let hub = Hub::load(&world).expect("nothing fails");
    let state = &hub.driver().state;
    let system = hub.driver().system();
    state.hold_decision.store(true, Ordering::SeqCst);
    let provider = Stubborn::unregistered(&world, OnDetach::Answer);
    std::thread::scope(|scope| {
        let joining = scope.spawn(|| provider.join());
        until("the driver decides", || count(&state.deciding) == 1);
        let unloading = scope.spawn(|| drop(hub));
        until("a thread is made", || system.spawned() == OWN + 1);
        state.hold_decision.store(false, Ordering::SeqCst);
        joining.join().expect("no panic");
        unloading.join().expect("no panic");
    });
    provider.leave();
    finish(&world, system);
}

/// A drain is not over while a callback runs, whether it has taken a slot or not.
#[test]
#[expect(unsafe_code, reason = "makes the token of a test's thread")]
fn a_decision_on_its_way_holds_a_drain() {
    let world = World::new();
    let hub = Hub::load(&world).expect("nothing fails");
    let driver = hub.driver();
    // SAFETY: a test's thread.
    let drain = || driver.drain(&unsafe { nmr::AtMostDispatch::assume() });
    driver.state.hold_decision.store(true, Ordering::SeqCst);
    let provider = Stubborn::unregistered(&world, OnDetach::Answer);
    std::thread::scope(|scope| {
        let joining = scope.spawn(|| provider.join());
        until("the driver decides", || count(&driver.state.deciding) == 1);
        assert!(!drain(), "the callback runs");
        driver.state.hold_decision.store(false, Ordering::SeqCst);
        joining.join().expect("no panic");
        until("nothing is left", drain);
    });
    drop(hub);
    provider.leave();
    finish(&world, driver.system());
}

#[test]
fn a_monitor_that_cannot_be_made_is_logged_and_nothing_else() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Block);
    let hub = Hub::load(&world).expect("nothing fails");
    let system = hub.driver().system();
    system.fail_nth_spawn(OWN + 1);
    std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(hub));
        for nth in 1..=4 {
            until("the next one, and no other, is inside the peer", || {
                (provider.detached(), provider.blocked()) == (nth, 1)
            });
            provider.release(1);
        }
        unloading.join().expect("no panic");
    });
    assert_eq!(provider.most_blocked(), 1);
    assert_eq!(system.spawned(), OWN + 1);
    let log = system.log_lines();
    let line = "nmr: Hub: no monitor for unload: STATUS_INSUFFICIENT_RESOURCES";
    assert!(log.iter().any(|logged| logged == line), "{log:#?}");
    provider.leave();
    finish(&world, system);
}

#[test]
fn a_helper_that_cannot_be_made_leaves_the_rest_to_the_others() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Block);
    let hub = Hub::load(&world).expect("nothing fails");
    let system = hub.driver().system();
    // The second helper.
    system.fail_nth_spawn(OWN + 3);
    std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(hub));
        until("two are inside the peer", || provider.blocked() == 2);
        provider.release(4);
        unloading.join().expect("no panic");
    });
    assert_eq!(provider.most_blocked(), 2);
    provider.leave();
    finish(&world, system);
}

/// Whoever asks for a drain may be a program, which cannot be ended while it is inside the driver.
#[test]
#[expect(unsafe_code, reason = "makes the tokens of a test's threads")]
fn who_asks_for_a_drain_does_not_wait_for_peers_that_block() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Block);
    let hub = Hub::load(&world).expect("nothing fails");
    let driver = hub.driver();
    let system = driver.system();
    // SAFETY: a test's thread.
    let begin = || driver.begin_drain(&unsafe { nmr::MayWait::assume() }).expect("threads can be made");
    std::thread::scope(|scope| {
        let asking = scope.spawn(begin);
        until("who asked has an answer", || asking.is_finished());
        until("every registration is deregistered, though the first one blocks", || provider.blocked() == 4);
    });
    begin();
    assert_eq!(system.spawned(), OWN + 4, "a drainer and three helpers, once");
    provider.release(4);
    // SAFETY: a test's thread.
    until("nothing is left", || driver.drain(&unsafe { nmr::AtMostDispatch::assume() }));
    begin();
    assert_eq!(system.spawned(), OWN + 4, "nothing is left to be drained");
    drop(hub);
    provider.leave();
    finish(&world, system);
}

#[test]
#[expect(unsafe_code, reason = "makes the token of a test's thread")]
fn an_unload_in_a_drain_waits_for_the_threads_that_make_it() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Block);
    let hub = Hub::load(&world).expect("nothing fails");
    let driver = hub.driver();
    // SAFETY: a test's thread.
    driver.begin_drain(&unsafe { nmr::MayWait::assume() }).expect("threads can be made");
    until("all are inside the peer", || provider.blocked() == 4);
    std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(hub));
        until("unload has its monitor", || driver.system().spawned() == OWN + 5);
        provider.release(4);
        unloading.join().expect("no panic");
    });
    provider.leave();
    finish(&world, driver.system());
}

#[test]
#[expect(unsafe_code, reason = "makes the token of a test's thread")]
fn a_drain_that_no_thread_can_be_made_for_is_refused_and_can_be_asked_for_again() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Answer);
    let hub = Hub::load(&world).expect("nothing fails");
    let driver = hub.driver();
    driver.system().fail_nth_spawn(OWN + 1);
    // SAFETY: a test's thread.
    let begin = || driver.begin_drain(&unsafe { nmr::MayWait::assume() });
    assert!(begin().is_err());
    begin().expect("a thread can be made");
    // SAFETY: a test's thread.
    until("nothing is left", || driver.drain(&unsafe { nmr::AtMostDispatch::assume() }));
    drop(hub);
    provider.leave();
    finish(&world, driver.system());
}
