//! A8: a simulator that is kinder than the kernel. What ours does not forgive, or hide, on toys alone.

use crate::events::{acceptances, refusals};
use crate::toy::{Call, Offer, Script, Toy, null_uses};
use nmr::Status;
use nmr_sim::{Side, World};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Deregistering is never complete at once, even with no binding, and a wait is called for.
#[test]
fn deregistering_answers_pending_without_a_binding() {
    for side in [Side::Client, Side::Provider] {
        let world = World::new();
        Toy::registered(&world, side, Script::default()).take_down();
        world.assert_clean();
    }
}

/// Cleanup callbacks run with no lock held: they may register and deregister.
#[test]
fn cleanup_may_call_back() {
    let world = World::new();
    let other = Toy::new(&world, Side::Client, Script::default());
    let script = Script::default().cleanup(move |context| {
        context.free();
        assert_eq!((other.register(), other.deregister()), (Status::SUCCESS, Status::PENDING));
    });
    let client = Toy::registered(&world, Side::Client, script);
    let provider = Toy::registered(&world, Side::Provider, Script::default());
    client.take_down();
    provider.take_down();
    assert_eq!(other.wait(), Status::SUCCESS);
    assert_eq!(other.count(Call::Cleanup), 1, "it was attached and went again");
    world.assert_clean();
}

/// A NULL context is a context: its callbacks are called.
#[test]
fn null_contexts_are_detached_and_cleaned_up() {
    let world = World::new();
    let before = null_uses();
    let script = || Script::default().attach(Offer::accept_without_context);
    let client = Toy::registered(&world, Side::Client, script());
    let provider = Toy::registered(&world, Side::Provider, script());
    client.take_down();
    provider.take_down();
    assert_eq!(null_uses() - before, 4, "a detach and a cleanup for each side");
}

/// An attach that fails is followed by nothing: who freed its context in cleanup leaks it here as there.
#[test]
fn no_cleanup_follows_a_failed_attach() {
    let world = World::new();
    let provider = Toy::registered(&world, Side::Provider, Script::default().attach(|_| Status::NOINTERFACE));
    let client = Toy::registered(&world, Side::Client, Script::default());
    client.take_down();
    provider.take_down();
    assert_eq!((acceptances(&world), refusals(&world)), (vec![], vec![Status::NOINTERFACE]));
    assert_eq!((client.count(Call::Cleanup), provider.count(Call::Cleanup)), (0, 0));
}

/// Peers see the module's own structure, not a copy that outlives it.
#[test]
fn peers_see_the_modules_own_structure() {
    let world = World::new();
    let seen = Arc::new(AtomicUsize::new(0));
    let by = Arc::clone(&seen);
    let script = Script::default().attach(move |offer| {
        by.store(offer.instance.addr(), Ordering::SeqCst);
        offer.accept()
    });
    let client = Toy::registered(&world, Side::Client, script);
    let provider = Toy::registered(&world, Side::Provider, Script::default());
    assert_eq!(seen.load(Ordering::SeqCst), provider.instance().addr());
    client.take_down();
    provider.take_down();
}

/// A completion may overtake the return of its detach callback, and cleanup with it.
#[test]
fn a_completion_may_overtake_its_callback() {
    let world = World::new();
    let script = Script::default().detach(|context| {
        std::thread::spawn(|| context.complete()).join().expect("no panic");
        Status::PENDING
    });
    let client = Toy::registered(&world, Side::Client, script);
    let provider = Toy::registered(&world, Side::Provider, Script::default());
    provider.take_down();
    client.take_down();
    world.assert_clean();
}
