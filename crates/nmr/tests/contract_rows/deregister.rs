//! Rows 11, 12, 22 and 23: what NmrDeregister* and NmrWaitFor* answer, peers that never complete, and the next life.

use crate::bent::{Bend, Bent};
use crate::drivers::{Consumer, Subject, Supplier, assert_gone, count, load, reload};
use crate::events::{deregistrations, waits};
use crate::seeds::{Seed, each_seed, until};
use crate::toy::{Call, Script, Toy};
use nmr::Status;
use nmr::host::Loaded;
use nmr_sim::{Side, What, World};
use std::any::Any;
use std::collections::HashMap;
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

fn registrar<S: Subject>(driver: &'static S) -> &'static Bent {
    driver.system().registrar()
}

/// The answer is PENDING even with no binding, and is waited for, once.
fn pending_without_a_binding<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    drop(subject);
    assert_eq!((deregistrations(&world, S::SIDE), waits(&world, S::SIDE)), (1, 1));
    assert_gone(&world, driver);
}

/// An NMR that is done at once and says so is not waited for: its handle is gone.
fn success_is_done<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let peer = Toy::registered(&world, S::SIDE.peer(), Script::default());
    registrar(driver).bend(Bend::DeregisterSucceeds);
    let subject = reload(subject);
    assert_eq!(driver.call_all(), 1, "the next life is as the first");
    drop(subject);
    assert_eq!((deregistrations(&world, S::SIDE), waits(&world, S::SIDE)), (2, 2), "the registrar's own");
    peer.take_down();
    assert_gone(&world, driver);
}

#[test]
fn row_11_deregister_answers_pending() {
    each_seed(8, |seed| {
        pending_without_a_binding::<Consumer>(seed);
        pending_without_a_binding::<Supplier>(seed);
        success_is_done::<Consumer>(seed);
        success_is_done::<Supplier>(seed);
    });
}

/// What the machine said when it stopped.
fn stopped<S: Subject>(subject: Loaded<S>) -> String {
    let panic = thread::spawn(move || drop(subject)).join().expect_err("the machine stops");
    said(&*panic)
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).expect("a message")
}

/// Neither answer leaves a way to go on: the machine stops, and a deregistration that failed is not waited for.
fn other_answers_stop<S: Subject>(seed: &Seed) {
    for answer in [Status::INVALID_PARAMETER, Status(0x8000_0005_u32 as i32), Status(0x4000_0000)] {
        let world = seed.world();
        let subject = load::<S>(&world);
        registrar(subject.driver()).bend(Bend::DeregisterFails(answer));
        let text = stopped(subject);
        assert!(text.contains("deregister") && text.contains(&answer.to_string()), "{text}");
        assert_eq!(waits(&world, S::SIDE), 0);

        let world = seed.world();
        let subject = load::<S>(&world);
        registrar(subject.driver()).bend(Bend::WaitFails(answer));
        let text = stopped(subject);
        assert!(text.contains("wait") && text.contains(&answer.to_string()), "{text}");
    }
}

#[test]
fn row_12_waiting_follows_pending_and_nothing_else() {
    each_seed(1, |seed| {
        other_answers_stop::<Consumer>(seed);
        other_answers_stop::<Supplier>(seed);
    });
}

/// Unload returns when the peer has completed, and not before.
fn a_peer_completes_late<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let (pending, held) = channel();
    let pending = Mutex::new(pending);
    let script = Script::default().detach(move |context| {
        pending.lock().unwrap_or_else(PoisonError::into_inner).send(context).expect("the test listens");
        Status::PENDING
    });
    let peer = Toy::registered(&world, S::SIDE.peer(), script);
    thread::scope(|scope| {
        let unloading = scope.spawn(move || drop(subject));
        let context = held.recv().expect("the peer is detached");
        until("the wait", || waits(&world, S::SIDE) == 1);
        seed.dawdle();
        assert!(!unloading.is_finished());
        assert_eq!(count(&driver.probe().dropped), 0, "the peer may still call");
        context.complete();
        unloading.join().expect("no panic");
    });
    peer.take_down();
    assert_gone(&world, driver);
}

/// A wait with a limit names the binding, the peer and what it owes.
fn a_peer_that_never_completes_is_named<S: Subject>() {
    let world = World::with_wait_limit(Duration::from_millis(100));
    let subject = load::<S>(&world);
    let script = Script::default().module(0xdead).detach(|_| Status::PENDING);
    Toy::registered(&world, S::SIDE.peer(), script);
    let text = stopped(subject);
    let owes = format!("{} 2 (module 00000000-0000-0000-0000-00000000dead", S::SIDE.peer());
    assert!(text.contains(&owes) && text.contains("answered STATUS_PENDING and has not completed"), "{text}");
}

#[test]
fn row_22_a_peer_that_never_completes() {
    each_seed(24, |seed| {
        a_peer_completes_late::<Consumer>(seed);
        a_peer_completes_late::<Supplier>(seed);
    });
    a_peer_that_never_completes_is_named::<Consumer>();
    a_peer_that_never_completes_is_named::<Supplier>();
}

/// The same structures are registered again when the wait has returned, and not before, whatever the peers do.
fn one_life_after_the_other<S: Subject>(seed: &Seed) {
    const LIVES: usize = 4;
    let world = seed.world();
    let peers = [(); 2].map(|()| (Toy::new(&world, S::SIDE.peer(), Script::default()), seed.part()));
    let subject = load::<S>(&world);
    let driver = subject.driver();
    thread::scope(|scope| {
        for (peer, part) in &peers {
            scope.spawn(|| {
                for _ in 0..LIVES {
                    part.dawdle();
                    assert_eq!(peer.register(), Status::SUCCESS);
                    part.dawdle();
                    peer.take_down();
                }
            });
        }
        let mut subject = subject;
        for _ in 1..LIVES {
            seed.dawdle();
            driver.call_all();
            subject = reload(subject);
        }
        drop(subject);
    });
    let mut lives = HashMap::from([(Side::Client, 0), (Side::Provider, 0)]);
    for event in world.events() {
        match event.what {
            What::Registered { side, .. } if side == S::SIDE => {
                assert_eq!(lives.insert(side, 1), Some(0), "{}", world.story());
            }
            What::Waited { side, .. } if side == S::SIDE => {
                assert_eq!(lives.insert(side, 0), Some(1), "{}", world.story());
            }
            _ => {}
        }
    }
    for (peer, _) in peers {
        assert_eq!(peer.count(Call::Detach), peer.count(Call::Cleanup));
    }
    assert_gone(&world, driver);
}

#[test]
fn row_23_registering_again_with_the_same_structures() {
    each_seed(60, |seed| {
        one_life_after_the_other::<Consumer>(seed);
        one_life_after_the_other::<Supplier>(seed);
    });
}
