//! Rows 13 to 16 and 20: when a detach is completed, how often, and what its callback answers.

use crate::drivers::{Consumer, Subject, Supplier, assert_gone, count, load};
use crate::events::{completions, detach_answers, place, rules};
use crate::seeds::{Seed, each_seed, until};
use crate::toy::{Script, Toy};
use nmr::Status;
use nmr_sim::{Callback, Point, Rule, What};
use std::any::Any;
use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

thread_local! {
    static HELD: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
}

/// The last guard is dropped inside the detach callback, by `closing`: the callback then answers SUCCESS, and nobody
/// completes.
fn the_last_guard_goes_inside_the_detach<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    driver.probe().on_closing(|| drop(HELD.take()));
    let peer = Toy::registered(&world, S::SIDE.peer(), Script::default());
    HELD.set(driver.hold());
    peer.take_down();
    assert_eq!(detach_answers(&world, S::SIDE), [Status::SUCCESS]);
    assert_eq!(completions(&world, S::SIDE), 0);
    drop(subject);
    assert_gone(&world, driver);
}

/// The peer completes its own detach inside its callback and then answers PENDING.
fn a_peer_completes_inside_its_detach<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let script = Script::default().detach(|context| {
        context.complete();
        Status::PENDING
    });
    let peer = Toy::registered(&world, S::SIDE.peer(), script);
    if seed.coin() {
        peer.take_down();
        drop(subject);
    } else {
        drop(subject);
        peer.take_down();
    }
    assert_gone(&world, driver);
}

#[test]
fn row_13_completion_inside_the_detach_callback() {
    each_seed(24, |seed| {
        the_last_guard_goes_inside_the_detach::<Consumer>(seed);
        the_last_guard_goes_inside_the_detach::<Supplier>(seed);
        a_peer_completes_inside_its_detach::<Consumer>(seed);
        a_peer_completes_inside_its_detach::<Supplier>(seed);
    });
}

/// The detach callback has decided PENDING, and NMR does not know yet, when the last guard is dropped elsewhere.
fn completion_overtakes_the_answer<S: Subject>(seed: &Seed) {
    let (world, holds) = seed.held_world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let peer = Toy::registered(&world, S::SIDE.peer(), Script::default());
    let gate = holds.next_at(Point::After(Callback::Detach(S::SIDE)));
    let guard = driver.hold().expect("attached");
    thread::scope(|scope| {
        let leaving = scope.spawn(|| peer.take_down());
        gate.reached();
        drop(guard);
        gate.open();
        leaving.join().expect("no panic");
    });
    let completed = place(&world, |what| matches!(what, What::Completed { side, .. } if *side == S::SIDE));
    let answered = place(
        &world,
        |what| matches!(what, What::DetachReturned { side, status: Status::PENDING, .. } if *side == S::SIDE),
    );
    assert!(completed.is_some() && completed < answered, "{}", world.story());
    drop(subject);
    assert_gone(&world, driver);
}

/// The peer completes on another thread before its callback has returned.
fn a_peer_s_completion_overtakes_its_answer<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let script = Script::default().detach(|context| {
        thread::spawn(|| context.complete()).join().expect("no panic");
        Status::PENDING
    });
    let peer = Toy::registered(&world, S::SIDE.peer(), script);
    drop(subject);
    peer.take_down();
    assert_gone(&world, driver);
}

#[test]
fn row_14_completion_on_another_processor_before_the_callback_has_returned() {
    each_seed(24, |seed| {
        completion_overtakes_the_answer::<Consumer>(seed);
        completion_overtakes_the_answer::<Supplier>(seed);
        a_peer_s_completion_overtakes_its_answer::<Consumer>(seed);
        a_peer_s_completion_overtakes_its_answer::<Supplier>(seed);
    });
}

/// Threads that call hold guards when a side goes: the driver, or its peer. All that is asked of a detach holds then.
fn guards_race_a_detach<S: Subject>(seed: &Seed, callers: usize) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let peer = Toy::registered(&world, S::SIDE.peer(), Script::default().number(5));
    let inside = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..callers {
            let (part, inside) = (seed.part(), &inside);
            scope.spawn(move || {
                let guard = driver.hold().expect("attached");
                inside.fetch_add(1, Ordering::SeqCst);
                part.dawdle();
                driver.call_all();
                drop(guard);
                driver.call_all();
            });
        }
        until("the callers", || count(&inside) == callers);
        seed.dawdle();
        if seed.coin() {
            peer.take_down();
            drop(subject);
        } else {
            drop(subject);
            peer.take_down();
        }
    });
    let answers = detach_answers(&world, S::SIDE);
    assert!(matches!(answers[..], [Status::SUCCESS | Status::PENDING]), "{answers:?}");
    let promised = answers.iter().filter(|answer| **answer == Status::PENDING).count();
    assert_eq!(completions(&world, S::SIDE), promised, "one completion for each PENDING, none for SUCCESS");
    let asked = place(&world, |what| matches!(what, What::DetachCalled { side, .. } if *side == S::SIDE));
    let completed = place(&world, |what| matches!(what, What::Completed { side, .. } if *side == S::SIDE));
    assert!(completed.is_none_or(|completed| Some(completed) > asked), "{}", world.story());
    assert_gone(&world, driver);
}

/// A provider as in XDP: it completes first and deregisters then.
fn a_peer_completes_first<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let peer = Toy::registered(&world, S::SIDE.peer(), Script::default().detach(|_| Status::PENDING));
    peer.contexts()[0].complete();
    peer.take_down();
    assert_eq!(rules(&world), [Rule::CompletedBeforeDetach], "the peer's, and only a warning");
    drop(subject);
    driver.probe().assert_even();
    world.assert_unloaded();
}

#[test]
fn row_15_completion_before_the_detach_callback() {
    each_seed(100, |seed| {
        guards_race_a_detach::<Consumer>(seed, 1);
        guards_race_a_detach::<Supplier>(seed, 1);
    });
    each_seed(8, |seed| {
        a_peer_completes_first::<Consumer>(seed);
        a_peer_completes_first::<Supplier>(seed);
    });
}

#[test]
fn row_16_completion_after_success_or_twice() {
    each_seed(100, |seed| {
        guards_race_a_detach::<Consumer>(seed, 4);
        guards_race_a_detach::<Supplier>(seed, 4);
    });
}

/// The peer's detach callback answers something else. What NMR does then nobody knows; the driver comes to no harm.
fn a_peer_answers_something_else<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let script = Script::default().detach(|_| Status::INVALID_PARAMETER);
    let peer = Toy::registered(&world, S::SIDE.peer(), script);
    drop(subject);
    assert_eq!(rules(&world), [Rule::DetachAnswer]);
    driver.probe().assert_even();
    peer.take_down();
    world.assert_unloaded();
}

#[test]
fn row_20_a_detach_callback_answers_success_or_pending() {
    each_seed(24, |seed| {
        guards_race_a_detach::<Consumer>(seed, 2);
        guards_race_a_detach::<Supplier>(seed, 2);
        a_peer_answers_something_else::<Consumer>(seed);
        a_peer_answers_something_else::<Supplier>(seed);
    });
}
