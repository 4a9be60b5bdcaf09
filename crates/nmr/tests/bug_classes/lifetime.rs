//! Contexts, values and peers' data that are used when they are gone.

use crate::drivers::{Consumer, Subject, Supplier, assert_gone, count, load};
use crate::events::{completions, detach_answers};
use crate::seeds::{Seed, each_seed, until};
use crate::toy::{Call, Context, Fault, Script, Toy};
use nmr::Status;
use nmr_sim::{Callback, Order, Point, Side, World};
use std::sync::atomic::Ordering;
use std::thread;

/// A world in which the detach of `side` comes first, and the other side's is held up.
fn one_side_is_detached_first(side: Side, seed: &Seed) -> (World, crate::seeds::Gate) {
    let (builder, holds) = seed.builder();
    let order = if side == Side::Client { Order::ClientFirst } else { Order::ProviderFirst };
    let gate = holds.next_at(Point::Before(Callback::Detach(side.peer())));
    (builder.detach_order(order).build(), gate)
}

/// The peer calls when this side has been detached and the peer itself has not.
fn the_peer_still_calls(side: Side, script: Script) -> Vec<Fault> {
    let (world, gate) = one_side_is_detached_first(side, &Seed::new(1));
    let toy = Toy::registered(&world, side, script);
    let peer = Toy::registered(&world, side.peer(), Script::default());
    thread::scope(|scope| {
        let leaving = scope.spawn(|| peer.take_down());
        gate.reached();
        assert!(peer.contexts()[0].call_peer(1).is_some());
        gate.open();
        leaving.join().expect("no panic");
    });
    toy.take_down();
    toy.faults()
}

#[test]
fn context_freed_in_detach_in_c() {
    for side in [Side::Client, Side::Provider] {
        let script = Script::default().cleanup(|_| {}).detach(|context| {
            context.free();
            Status::SUCCESS
        });
        assert_eq!(the_peer_still_calls(side, script), [Fault::UseAfterFree]);
        assert_eq!(the_peer_still_calls(side, Script::default()), [], "a careful toy frees in cleanup");
    }
}

fn a_call_after_the_detach<S: Subject>(seed: &Seed) {
    let (world, gate) = one_side_is_detached_first(S::SIDE, seed);
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let peer = Toy::registered(&world, S::SIDE.peer(), Script::default());
    thread::scope(|scope| {
        let leaving = scope.spawn(|| peer.take_down());
        gate.reached();
        assert_eq!(detach_answers(&world, S::SIDE), [Status::SUCCESS]);
        assert_eq!(peer.contexts()[0].call_peer(1), Some(1), "it is served");
        assert_eq!((count(&driver.probe().served), count(&driver.probe().dropped)), (1, 0));
        gate.open();
        leaving.join().expect("no panic");
    });
    drop(subject);
    assert_gone(&world, driver);
}

#[test]
fn context_freed_in_detach_here() {
    each_seed(16, |seed| {
        a_call_after_the_detach::<Consumer>(seed);
        a_call_after_the_detach::<Supplier>(seed);
    });
}

/// Both sides have answered, the toy completes as the last one, and cleanup runs inside the completion.
#[test]
fn context_used_after_the_completion_in_c() {
    for careful in [false, true] {
        let world = World::new();
        let client = Toy::registered(&world, Side::Client, Script::default().detach(|_| Status::PENDING));
        let provider = Toy::registered(&world, Side::Provider, Script::default());
        assert_eq!(provider.deregister(), Status::PENDING);
        let context = client.contexts()[0];
        context.complete();
        if !careful {
            context.touch();
        }
        assert_eq!(client.faults(), vec![Fault::UseAfterFree; usize::from(!careful)]);
        assert_eq!(provider.wait(), Status::SUCCESS);
        client.take_down();
        world.assert_clean();
    }
}

/// The slot has its next binding before the completion has returned: whoever touched it now would disturb that one.
fn the_slot_is_used_again_inside_the_completion<S: Subject>(seed: &Seed) {
    let order = if S::SIDE == Side::Client { Order::ClientFirst } else { Order::ProviderFirst };
    let world = seed.builder().0.cleanup_order(order).build();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let next = Toy::new(&world, S::SIDE.peer(), Script::default().number(2));
    let script = Script::default().number(1).cleanup(|context| {
        context.free();
        assert_eq!(next.register(), Status::SUCCESS);
    });
    let peer = Toy::registered(&world, S::SIDE.peer(), script);
    let guard = driver.hold().expect("attached");
    assert_eq!(peer.deregister(), Status::PENDING);
    drop(guard);
    assert_eq!(peer.wait(), Status::SUCCESS);
    assert_eq!((driver.bindings(), driver.call_all()), (1, 1));
    next.take_down();
    assert_eq!(
        detach_answers(&world, S::SIDE),
        [Status::PENDING, Status::SUCCESS],
        "nothing is left in flight"
    );
    drop(subject);
    assert_gone(&world, driver);
}

#[test]
fn context_used_after_the_completion_here() {
    each_seed(16, |seed| {
        the_slot_is_used_again_inside_the_completion::<Consumer>(seed);
        the_slot_is_used_again_inside_the_completion::<Supplier>(seed);
    });
}

/// The last reference completes, and frees too, though cleanup does.
#[test]
fn last_reference_with_two_owners_in_c() {
    let world = World::new();
    let release = |context: &'static Context| {
        if context.word.fetch_sub(1, Ordering::SeqCst) == 1 {
            context.complete();
            context.free();
        }
    };
    let script = Script::default().detach(move |context| {
        release(context);
        Status::PENDING
    });
    let client = Toy::registered(&world, Side::Client, script);
    let provider = Toy::registered(&world, Side::Provider, Script::default());
    let context = client.contexts()[0];
    // The binding's own reference, and the work item's.
    context.word.store(2, Ordering::SeqCst);
    assert_eq!(provider.deregister(), Status::PENDING);
    release(context);
    assert_eq!(client.faults(), [Fault::DoubleFree]);
    assert_eq!(provider.wait(), Status::SUCCESS);
    client.take_down();
}

fn the_last_reference_races_unload<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let peer = Toy::registered(&world, S::SIDE.peer(), Script::default());
    let parts = [seed.part(), seed.part()];
    thread::scope(|scope| {
        for part in &parts {
            scope.spawn(|| {
                let guard = driver.hold();
                part.dawdle();
                drop(guard);
            });
        }
        scope.spawn(|| peer.take_down());
        seed.dawdle();
        drop(subject);
    });
    assert!(completions(&world, S::SIDE) <= 1);
    assert_eq!((count(&driver.probe().attached), count(&driver.probe().closing)), (1, 1));
    assert_gone(&world, driver);
}

#[test]
fn last_reference_with_two_owners_here() {
    each_seed(80, |seed| {
        the_last_reference_races_unload::<Consumer>(seed);
        the_last_reference_races_unload::<Supplier>(seed);
    });
}

/// The client answers its detach and goes on to use what the provider gave it.
#[test]
fn provider_data_used_after_detach_in_c() {
    let world = World::new();
    let client = Toy::registered(&world, Side::Client, Script::default());
    let provider = Toy::registered(&world, Side::Provider, Script::default());
    let context = client.contexts()[0];
    assert_eq!(context.call_peer(1), Some(1));
    provider.take_down();
    context.call_peer(1);
    assert_eq!(provider.faults(), [Fault::UseAfterFree]);
    client.take_down();
}

/// Callers that never stop, and peers that come and go: no call meets a peer after its cleanup.
fn callers_and_leaving_peers<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let peers = [1, 2].map(|number| Toy::new(&world, S::SIDE.peer(), Script::default().number(number)));
    let lives = peers.map(|peer| (peer, seed.part()));
    thread::scope(|scope| {
        let living: Vec<_> = lives
            .iter()
            .map(|(peer, part)| {
                scope.spawn(|| {
                    for _ in 0..4 {
                        assert_eq!(peer.register(), Status::SUCCESS);
                        part.dawdle();
                        peer.take_down();
                    }
                })
            })
            .collect();
        scope.spawn(move || {
            while living.iter().any(|life| !life.is_finished()) {
                driver.call_all();
                thread::yield_now();
            }
        });
    });
    assert!(peers.iter().all(|peer| peer.faults().is_empty()));
    drop(subject);
    assert_gone(&world, driver);
}

#[test]
fn provider_data_used_after_detach_here() {
    each_seed(60, |seed| {
        callers_and_leaving_peers::<Consumer>(seed);
        callers_and_leaving_peers::<Supplier>(seed);
    });
}

/// Unload frees first and deregisters then: the callbacks find nothing.
#[test]
fn state_cleared_before_the_detach_has_finished_in_c() {
    let world = World::new();
    let client = Toy::registered(&world, Side::Client, Script::default());
    let provider = Toy::registered(&world, Side::Provider, Script::default());
    client.contexts().into_iter().for_each(Context::free);
    client.take_down();
    assert_eq!(client.faults(), [Fault::UseAfterFree, Fault::DoubleFree], "in detach, and in cleanup");
    provider.take_down();
}

/// While unload waits for a peer, that peer's calls and the driver's own callbacks find everything in place.
fn state_outlives_every_callback<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let script = Script::default().detach(|_| Status::PENDING);
    let peer = Toy::registered(&world, S::SIDE.peer(), script);
    thread::scope(|scope| {
        let unloading = scope.spawn(move || drop(subject));
        until("the peer's detach", || peer.count(Call::Detach) == 1);
        assert_eq!(peer.contexts()[0].call_peer(3), Some(3), "a call that was in flight");
        assert_eq!((count(&driver.probe().served), count(&driver.probe().dropped)), (1, 0));
        peer.contexts()[0].complete();
        unloading.join().expect("no panic");
    });
    peer.take_down();
    assert_gone(&world, driver);
}

#[test]
fn state_cleared_before_the_detach_has_finished_here() {
    each_seed(16, |seed| {
        state_outlives_every_callback::<Consumer>(seed);
        state_outlives_every_callback::<Supplier>(seed);
    });
}
