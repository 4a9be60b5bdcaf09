//! Whoever holds unload up is named, in the log and in the system's report, for as long as it lasts.

use crate::drivers::{Hooks, Hub, Staged, adder::Provider as _};
use crate::faulty::Faulty;
use crate::peers::{Curious, OnDetach, STUBBORN, Stubborn};
use crate::until;
use nmr::host::{Host, Loaded};
use nmr::{AtMostDispatch, AtPassive, Driver};
use nmr_sim::World;
use std::sync::atomic::Ordering;
use std::time::Duration;

const PERIOD: Duration = Duration::from_millis(20);

fn load(world: &World) -> Loaded<Hub> {
    Loaded::new(Hub::system(world).with_watchdog_period(PERIOD)).expect("nothing fails")
}

fn finish(world: &World) {
    world.assert_clean();
    world.assert_unloaded();
}

/// A report that has all of `parts`.
fn has(reports: &[String], parts: &[&str]) -> bool {
    reports.iter().any(|report| parts.iter().all(|part| report.contains(part)))
}

#[test]
fn a_peer_that_does_not_complete_is_named() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Pend);
    let hub = load(&world);
    let system = hub.driver().system();
    std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(hub));
        until("three reports", || system.blockers().len() >= 3);
        assert!(!unloading.is_finished(), "it never gives up waiting");
        provider.complete();
        unloading.join().expect("no panic");
    });
    let reports = system.blockers();
    let parts = [
        "Hub",
        "first (client of adder)",
        STUBBORN,
        "0 calls in flight",
        "bound for ",
        "waits for its registrations",
        "4 in all",
    ];
    assert!(has(&reports, &parts), "{reports:#?}");
    assert!(
        has(&system.log_lines(), &["unload is held up by fourth", STUBBORN]),
        "all of them are in the log"
    );
    assert!(reports.last().expect("some").contains("nothing holds it up any more"), "{reports:#?}");
    provider.leave();
    finish(&world);
}

#[test]
fn calls_in_flight_are_counted() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Answer);
    let hub = load(&world);
    let driver = hub.driver();
    let system = driver.system();
    let guards = [(); 2].map(|()| driver.third.oldest_peer().expect("attached"));
    std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(hub));
        until("a report", || has(&system.blockers(), &["third", STUBBORN, "2 calls in flight"]));
        assert_eq!(guards[0].add(1, 2), Ok(3), "the peer is still there");
        drop(guards);
        unloading.join().expect("no panic");
    });
    provider.leave();
    finish(&world);
}

#[test]
fn a_peer_that_blocks_is_named() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Block);
    let hub = load(&world);
    let system = hub.driver().system();
    std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(hub));
        until("a report", || has(&system.blockers(), &["[deregistering]", STUBBORN]));
        provider.release(4);
        unloading.join().expect("no panic");
    });
    provider.leave();
    finish(&world);
}

/// Where one registration only waits and a thread is inside NMR for another, the one line is about that one.
#[test]
fn whoever_is_inside_a_peer_is_named_before_who_waits() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::PendFirst);
    let hub = load(&world);
    let system = hub.driver().system();
    let last = std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(hub));
        until("the others are inside the peer", || provider.blocked() > 0);
        let before = system.blockers().len();
        until("two more reports", || system.blockers().len() >= before + 2);
        let last = system.blockers().pop().expect("two at least");
        provider.release(3);
        provider.complete();
        unloading.join().expect("no panic");
        last
    });
    assert!(last.contains("[deregistering]") && !last.contains("first"), "{last}");
    provider.leave();
    finish(&world);
}

/// The stage below has not been touched yet.
#[test]
fn registrations_whose_turn_has_not_come_are_not_named() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Block);
    let system = Host::new(Faulty::over(&world)).with_watchdog_period(PERIOD);
    let staged = Loaded::<Staged>::new(system).expect("nothing fails");
    let system = staged.driver().system();
    let last = std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(staged));
        until("the higher stage is inside the peer", || provider.blocked() == 2);
        let before = system.blockers().len();
        until("two more reports", || system.blockers().len() >= before + 2);
        let last = system.blockers().pop().expect("two at least");
        provider.release(4);
        unloading.join().expect("no panic");
        last
    });
    assert!(last.contains("2 in all"), "{last}");
    provider.leave();
    finish(&world);
}

#[test]
fn an_own_thread_that_does_not_end_is_named() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Answer);
    let hub = load(&world);
    let driver = hub.driver();
    driver.state.stay.store(true, Ordering::SeqCst);
    std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(hub));
        until("a report", || {
            has(&driver.system().blockers(), &["Hub", "unload waits for the driver's own threads"])
        });
        driver.state.stay.store(false, Ordering::SeqCst);
        unloading.join().expect("no panic");
    });
    provider.leave();
    finish(&world);
}

/// With no peer there is no monitor either.
#[test]
fn an_own_thread_that_does_not_end_is_named_without_a_monitor() {
    let world = World::new();
    let hub = load(&world);
    let driver = hub.driver();
    let system = driver.system();
    let made = system.spawned();
    driver.state.stay.store(true, Ordering::SeqCst);
    std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(hub));
        until("a report", || has(&system.blockers(), &["Hub", "unload waits for the driver's own threads"]));
        driver.state.stay.store(false, Ordering::SeqCst);
        unloading.join().expect("no panic");
    });
    assert_eq!(system.spawned(), made);
    finish(&world);
}

#[test]
fn a_stop_hook_that_does_not_return_is_named() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Answer);
    let hub = load(&world);
    let driver = hub.driver();
    driver.state.hold_stop.store(true, Ordering::SeqCst);
    std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(hub));
        until("a report", || {
            has(&driver.system().blockers(), &["Hub", "unload waits for the driver's stop hook"])
        });
        driver.state.hold_stop.store(false, Ordering::SeqCst);
        unloading.join().expect("no panic");
    });
    provider.leave();
    finish(&world);
}

/// The client has been offered the provider, which has not heard of it: no binding, and no callback of the driver.
#[test]
fn a_client_that_has_not_decided_yet_is_waited_for_and_named() {
    let world = World::new();
    let system = Host::new(Faulty::over(&world)).with_watchdog_period(PERIOD);
    let hooks = Loaded::<Hooks>::new(system).expect("nothing fails");
    let system = hooks.driver().system();
    let client = Curious::holding_attach(&world);
    std::thread::scope(|scope| {
        let joining = scope.spawn(|| client.join());
        until("the client decides", || client.offered().len() == 1);
        let unloading = scope.spawn(|| drop(hooks));
        until("a report", || {
            has(&system.blockers(), &["Hooks", "hook", "[waiting for NMR]", "0 callbacks running"])
        });
        client.let_attach();
        joining.join().expect("no panic");
        unloading.join().expect("no panic");
    });
    client.leave();
    finish(&world);
}

/// Nothing is taken down before, so there is no monitor yet: Unload's own thread says it.
#[test]
#[expect(unsafe_code, reason = "makes the token of a test's thread")]
fn a_thread_that_activates_is_waited_for_and_named() {
    let world = World::new();
    let provider = Stubborn::holding_attach(&world);
    let hub = load(&world);
    let driver = hub.driver();
    let system = driver.system();
    // SAFETY: a test's thread.
    let at = unsafe { AtMostDispatch::assume() };
    driver.first.deactivate(&at);
    driver.second.deactivate(&at);
    driver.third.deactivate(&at);
    driver.fourth.deactivate(&at);
    provider.join();
    std::thread::scope(|scope| {
        // SAFETY: a test's thread.
        let activating = scope.spawn(|| driver.later.activate(&unsafe { AtPassive::assume() }));
        until("the attach callback is inside the peer", || provider.attaching() == 1);
        let unloading = scope.spawn(|| drop(hub));
        let parts =
            ["later", "[registering]", STUBBORN, "unload waits for threads that activate a registration"];
        until("a report", || has(&system.blockers(), &parts));
        provider.let_attach();
        assert_eq!(activating.join().expect("no panic"), Ok(()));
        unloading.join().expect("no panic");
    });
    provider.leave();
    finish(&world);
}

/// Without a monitor Unload's own thread does what it can: here it waits for another thread's NmrDeregister*.
#[test]
#[expect(unsafe_code, reason = "makes the token of a test's thread")]
fn without_a_monitor_unload_names_whom_it_waits_for() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::BlockFirst);
    let hub = load(&world);
    let driver = hub.driver();
    let system = driver.system();
    system.fail_nth_spawn(3);
    std::thread::scope(|scope| {
        let deactivating = scope.spawn(|| {
            // SAFETY: a test's thread.
            driver.first.deactivate(&unsafe { AtMostDispatch::assume() });
        });
        until("the deactivation is inside the peer", || provider.blocked() == 1);
        let unloading = scope.spawn(|| drop(hub));
        until("a report", || has(&system.blockers(), &["first", "[deregistering]", STUBBORN]));
        provider.release(1);
        deactivating.join().expect("no panic");
        unloading.join().expect("no panic");
    });
    provider.leave();
    finish(&world);
}

#[test]
fn nobody_is_named_who_holds_nothing_up() {
    let world = World::new();
    let provider = Stubborn::register(&world, OnDetach::Answer);
    let hub = Hub::load(&world).expect("nothing fails");
    let system = hub.driver().system();
    drop(hub);
    assert_eq!(system.blockers(), [""; 0]);
    provider.leave();
    finish(&world);
}
