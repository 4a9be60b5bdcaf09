//! Pointers that are taken before they are protected, and used before they are tested.

use crate::drivers::{Consumer, Subject, Supplier, assert_gone, load};
use crate::seeds::{Seed, each_seed};
use crate::toy::{Fault, Offer, Script, Toy};
use nmr::Status;
use nmr_sim::{Side, World};
use std::sync::{Arc, Mutex};

/// A1: the pointer is taken from the list, the lock is released, and only then is the binding protected.
#[test]
fn pointer_first_protection_second_in_c() {
    let world = World::new();
    let client = Toy::registered(&world, Side::Client, Script::default());
    let provider = Toy::registered(&world, Side::Provider, Script::default());
    let list = Mutex::new(client.contexts());
    let pointer = list.lock().expect("no panic")[0];
    provider.take_down();
    // Entering its rundown is the first use.
    pointer.touch();
    assert_eq!(client.faults(), [Fault::UseAfterFree]);
    client.take_down();
}

/// A walk over the peers enters each as it comes to it; one that has gone is not met, and one that has taken its slot is
/// met as itself.
fn a_walk_meets_who_is_there<S: Subject>(
    seed: &Seed,
    walk: impl Fn(&'static S) -> Box<dyn Iterator<Item = u32>>,
) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let [first, second, third] =
        [1, 2, 3].map(|number| Toy::new(&world, S::SIDE.peer(), Script::default().number(number)));
    assert_eq!((first.register(), second.register()), (Status::SUCCESS, Status::SUCCESS));
    let mut peers = walk(driver);
    assert_eq!(peers.next(), Some(43));
    second.take_down();
    if seed.coin() {
        assert_eq!(third.register(), Status::SUCCESS);
        assert_eq!(peers.next(), Some(45));
        third.take_down();
    }
    assert_eq!(peers.next(), None);
    first.take_down();
    assert!([first, second, third].iter().all(|peer| peer.faults().is_empty()));
    drop(subject);
    assert_gone(&world, driver);
}

#[test]
fn pointer_first_protection_second_here() {
    use crate::drivers::adder::{Client as _, Provider as _};
    each_seed(16, |seed| {
        a_walk_meets_who_is_there::<Consumer>(seed, |driver| {
            Box::new(driver.adder.peers().map(|guard| guard.add(40, 2).expect("it fits")))
        });
        a_walk_meets_who_is_there::<Supplier>(seed, |driver| {
            Box::new(driver.adder.peers().map(|guard| guard.told(42)))
        });
    });
}

/// A6: the context is used, and tested for NULL then. NMR does call with NULL contexts, if that is what it was given.
#[test]
fn null_test_after_use_in_c() {
    let world = World::new();
    let before = crate::toy::null_uses();
    let script = Script::default().attach(Offer::accept_without_context);
    let client = Toy::registered(&world, Side::Client, script);
    let provider = Toy::registered(&world, Side::Provider, Script::default());
    provider.take_down();
    client.take_down();
    assert_eq!(crate::toy::null_uses() - before, 2, "in detach and in cleanup");
}

fn contexts_are_never_null<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let contexts = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..3 {
        let seen = Arc::clone(&contexts);
        let script = Script::default().cleanup(move |context| {
            seen.lock().expect("no panic").push(context.has_peer_context());
            context.free();
        });
        Toy::registered(&world, S::SIDE.peer(), script).take_down();
    }
    assert_eq!(*contexts.lock().expect("no panic"), [true; 3]);
    drop(subject);
    assert_gone(&world, driver);
}

#[test]
fn null_test_after_use_here() {
    each_seed(4, |seed| {
        contexts_are_never_null::<Consumer>(seed);
        contexts_are_never_null::<Supplier>(seed);
    });
}
