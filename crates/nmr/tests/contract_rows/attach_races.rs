//! Rows 1 to 4: deregistrations and detaches that meet an attach.

use crate::drivers::{Consumer, Subject, Supplier, assert_gone, count, load, load_after};
use crate::events::{deregistrations, place, waits};
use crate::impetuous;
use crate::seeds::{Gate, Seed, each_seed, until};
use crate::toy::{Call, Script, Toy};
use nmr::Status;
use nmr_sim::{Callback, Point, Side, What};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The peer's attach callback is held up, before or after it accepts, while the driver unloads.
fn unload_meets_attach<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let (gate, early) = (Gate::default(), seed.coin());
    let stop = gate.clone();
    let script = Script::default().attach(move |offer| {
        if early {
            stop.pass();
        }
        let status = offer.accept();
        if !early {
            stop.pass();
        }
        status
    });
    let peer = Toy::new(&world, S::SIDE.peer(), script);
    let subject = load::<S>(&world);
    let driver = subject.driver();
    thread::scope(|scope| {
        let attaching = scope.spawn(|| {
            assert_eq!(peer.register(), Status::SUCCESS);
            thread::current().id()
        });
        gate.reached();
        let unloading = scope.spawn(move || drop(subject));
        until("the wait", || waits(&world, S::SIDE) == 1);
        seed.dawdle();
        assert!(driver.hold().is_none(), "no call gets through any more");
        assert!(!unloading.is_finished(), "unload waits for the attach");
        assert_eq!(peer.count(Call::Detach), 0, "no detach while the attach runs");
        gate.open();
        unloading.join().expect("no panic");
        let attacher = attaching.join().expect("no panic");
        // A provider that is asked with its door shut refuses; all others are attached, and detached by the attacher.
        let attached = usize::from(!(early && S::SIDE == Side::Provider));
        assert_eq!(peer.threads(Call::Detach), vec![attacher; attached]);
    });
    peer.take_down();
    assert_gone(&world, driver);
}

/// Nobody is held up: the driver unloads while a peer registers.
fn unload_races_attach<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let peer = Toy::new(&world, S::SIDE.peer(), Script::default());
    let parts = [seed.part(), seed.part()];
    thread::scope(|scope| {
        scope.spawn(|| {
            parts[0].dawdle();
            assert_eq!(peer.register(), Status::SUCCESS);
        });
        parts[1].dawdle();
        drop(subject);
    });
    peer.take_down();
    assert_gone(&world, driver);
}

#[test]
fn row_01_deregister_while_an_attach_is_in_progress() {
    each_seed(24, |seed| {
        unload_meets_attach::<Consumer>(seed);
        unload_meets_attach::<Supplier>(seed);
    });
}

#[test]
fn row_01_deregister_races_an_attach() {
    each_seed(150, |seed| {
        unload_races_attach::<Consumer>(seed);
        unload_races_attach::<Supplier>(seed);
    });
}

/// NMR does not do it; if it did, the binding would be born closed.
#[test]
fn row_02_detach_while_the_attach_callback_runs() {
    for cleanup_inside in [false, true] {
        impetuous::client_is_detached_inside_its_attach(cleanup_inside);
    }
    impetuous::provider_is_detached_before_the_client_knows();
}

/// The driver unloads when the provider's attach callback has returned and the client's has not.
fn unload_meets_half_an_attach<S: Subject>(seed: &Seed) {
    let (world, holds) = seed.held_world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let peer = Toy::new(&world, S::SIDE.peer(), Script::default());
    let gate = holds.next_at(Point::After(Callback::Attach(Side::Provider)));
    thread::scope(|scope| {
        let registering = scope.spawn(|| assert_eq!(peer.register(), Status::SUCCESS));
        gate.reached();
        let unloading = scope.spawn(move || drop(subject));
        until("the deregistration", || deregistrations(&world, S::SIDE) == 1);
        seed.dawdle();
        let detach = |what: &What| matches!(what, What::DetachCalled { .. });
        assert!(place(&world, detach).is_none(), "nobody is detached before the client has attached");
        gate.open();
        registering.join().expect("no panic");
        unloading.join().expect("no panic");
        let attached = place(&world, |what| matches!(what, What::Attached { .. }));
        assert!(attached.is_some() && attached < place(&world, detach), "{}", world.story());
    });
    peer.take_down();
    assert_gone(&world, driver);
}

#[test]
fn row_03_detach_before_the_client_has_finished_its_attach() {
    each_seed(24, |seed| {
        unload_meets_half_an_attach::<Consumer>(seed);
        unload_meets_half_an_attach::<Supplier>(seed);
    });
}

/// The peer is told to go while it accepts, so that NMR detaches inside the driver's own NmrRegister*.
fn detach_inside_register<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let script = Script::default().attach(|offer| {
        let status = offer.accept();
        let toy = offer.toy;
        thread::spawn(move || assert_eq!(toy.deregister(), Status::PENDING)).join().expect("no panic");
        status
    });
    let peer = Toy::registered(&world, S::SIDE.peer(), script);
    let closed_inside = Arc::new(AtomicUsize::new(0));
    let subject = load_after::<S>(&world, |driver| {
        let closed_inside = Arc::clone(&closed_inside);
        driver.probe().on_closing(move || {
            closed_inside.fetch_add(usize::from(!driver.has_handle()), Ordering::SeqCst);
        });
    });
    let driver = subject.driver();
    assert_eq!(count(&closed_inside), 1, "before NmrRegister* had returned");
    assert_eq!(driver.bindings(), 0);
    assert_eq!(peer.threads(Call::Detach), [thread::current().id()]);
    assert_eq!(peer.wait(), Status::SUCCESS);
    drop(subject);
    assert_gone(&world, driver);
}

#[test]
fn row_04_detach_right_after_attach_before_register_has_returned() {
    each_seed(16, |seed| {
        detach_inside_register::<Consumer>(seed);
        detach_inside_register::<Supplier>(seed);
    });
}
