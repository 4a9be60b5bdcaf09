//! Rows 9, 10 and 19: calls of NMR's functions from inside its callbacks.

use crate::drivers::{Consumer, Subject, Supplier, assert_gone, count, load};
use crate::events::{completions, detach_answers, refusals};
use crate::seeds::{Seed, each_seed};
use crate::toy::{Call, Script, Toy};
use nmr::{Refusal, Status};
use nmr_sim::Side;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// The driver's attach decision brings another peer, and its `closing` sends that one away: neither happens under a lock.
fn peers_come_and_go_inside_callbacks<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let other = Toy::new(&world, S::SIDE.peer(), Script::default().number(2));
    let (came, went) = (AtomicBool::new(false), AtomicBool::new(false));
    driver.probe().on_attach(move |_| {
        if !came.swap(true, Ordering::SeqCst) {
            assert_eq!(other.register(), Status::SUCCESS);
        }
        Ok(())
    });
    driver.probe().on_closing(move || {
        if !went.swap(true, Ordering::SeqCst) {
            assert_eq!(other.deregister(), Status::PENDING);
        }
    });
    let peer = Toy::registered(&world, S::SIDE.peer(), Script::default().number(1));
    assert_eq!((driver.bindings(), driver.call_all()), (2, 2));
    if seed.coin() {
        peer.take_down();
        assert_eq!(driver.bindings(), 0, "the other one left inside");
        drop(subject);
    } else {
        drop(subject);
        peer.take_down();
    }
    assert_eq!(other.wait(), Status::SUCCESS);
    assert_gone(&world, driver);
}

/// The same from the peer's callbacks, which NMR calls inside the driver's.
fn a_peer_brings_another<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let other = Toy::new(&world, S::SIDE.peer(), Script::default().number(2));
    let script = Script::default().number(1).attach(move |offer| {
        assert_eq!(other.register(), Status::SUCCESS);
        offer.accept()
    });
    let script = script.detach(move |_| {
        assert_eq!(other.deregister(), Status::PENDING);
        Status::SUCCESS
    });
    let peer = Toy::registered(&world, S::SIDE.peer(), script);
    assert_eq!((driver.bindings(), driver.call_all()), (2, 2));
    peer.take_down();
    assert_eq!(other.wait(), Status::SUCCESS);
    drop(subject);
    assert_gone(&world, driver);
}

#[test]
fn row_09_no_lock_is_held_during_callbacks() {
    each_seed(24, |seed| {
        peers_come_and_go_inside_callbacks::<Consumer>(seed);
        peers_come_and_go_inside_callbacks::<Supplier>(seed);
        a_peer_brings_another::<Consumer>(seed);
        a_peer_brings_another::<Supplier>(seed);
    });
}

/// The peer deregisters itself inside the driver's guarded call: the detach meets the guard of its own thread, so it
/// must neither wait nor answer SUCCESS.
fn a_peer_leaves_inside_a_call<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let script = Script::default().serve(|context, _| {
        assert_eq!(context.toy.deregister(), Status::PENDING);
        Status::SUCCESS
    });
    let peer = Toy::registered(&world, S::SIDE.peer(), script);
    assert_eq!(driver.call_all(), 1);
    assert_eq!(detach_answers(&world, S::SIDE), [Status::PENDING]);
    assert_eq!(completions(&world, S::SIDE), 1, "by the guard's drop");
    assert_eq!(peer.wait(), Status::SUCCESS);
    drop(subject);
    assert_gone(&world, driver);
}

/// The peer deregisters its own registration inside its detach callback, while the driver unloads.
fn a_peer_leaves_inside_its_detach<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let script = Script::default().detach(|context| {
        assert_eq!(context.toy.deregister(), Status::PENDING);
        Status::SUCCESS
    });
    let peer = Toy::registered(&world, S::SIDE.peer(), script);
    assert_eq!(driver.bindings(), 1);
    drop(subject);
    assert_eq!(peer.wait(), Status::SUCCESS);
    assert_gone(&world, driver);
}

/// The driver itself cannot wait there: waiting takes `MayWait`, which no callback gets (tests/ui/token_outlives_its_call.rs); a wait inside a callback would be a violation here.
#[test]
fn row_10_deregistering_inside_a_callback() {
    each_seed(24, |seed| {
        a_peer_leaves_inside_a_call::<Consumer>(seed);
        a_peer_leaves_inside_a_call::<Supplier>(seed);
        a_peer_leaves_inside_its_detach::<Consumer>(seed);
        a_peer_leaves_inside_its_detach::<Supplier>(seed);
    });
}

/// A client calls NmrClientAttachProvider on the thread of its attach callback and once; the simulator reports any other.
#[test]
fn row_19_nmr_client_attach_provider_is_called_inside_the_callback_only() {
    each_seed(24, |seed| {
        let world = seed.world();
        let consumer = load::<Consumer>(&world);
        let driver = consumer.driver();
        let peers = [1, 2, 3]
            .map(|number| (Toy::new(&world, Side::Provider, Script::default().number(number)), seed.part()));
        thread::scope(|scope| {
            for (peer, part) in &peers {
                scope.spawn(|| {
                    part.dawdle();
                    assert_eq!(peer.register(), Status::SUCCESS);
                    assert_eq!(peer.threads(Call::Attach), [thread::current().id()]);
                });
            }
        });
        assert_eq!(driver.call_all(), 3);
        peers.iter().for_each(|(peer, _)| peer.take_down());
        drop(consumer);
        assert_gone(&world, driver);
    });
}

/// A client may try again inside the callback, with another table: the provider is asked again, from scratch.
#[test]
fn row_19_a_client_that_tries_again_in_the_same_callback() {
    each_seed(8, |seed| {
        let world = seed.world();
        let supplier = load::<Supplier>(&world);
        let driver = supplier.driver();
        let tries = AtomicUsize::new(0);
        driver.state.on_attach(move |_| match tries.fetch_add(1, Ordering::SeqCst) {
            0 => Err(Refusal::because("not yet")),
            _ => Ok(()),
        });
        let script = Script::default().attach(|offer| {
            assert_eq!(offer.accept(), Status::NOINTERFACE);
            offer.accept()
        });
        let client = Toy::registered(&world, Side::Client, script);
        assert_eq!((driver.call_all(), count(&driver.state.attached), refusals(&world).len()), (1, 1, 0));
        client.take_down();
        drop(supplier);
        assert_gone(&world, driver);
    });
}
