//! Drivers that never stop: what holds them, and who.

use crate::drivers::{Consumer, Subject, Supplier, assert_gone, count, load, load_after};
use crate::seeds::{Gate, Seed, each_seed};
use crate::toy::{Call, Fault, Script, Toy};
use nmr::Status;
use nmr_sim::{Side, World};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How long a wait lasts that never ends.
const FOR_EVER: Duration = Duration::from_millis(100);

/// A world in which a wait that hangs says what holds it.
fn impatient() -> World {
    World::with_wait_limit(FOR_EVER)
}

/// Deregisters and waits; answers what the wait said when it hung.
fn hangs(toy: &Toy) -> String {
    assert_eq!(toy.deregister(), Status::PENDING);
    let panic = catch_unwind(AssertUnwindSafe(|| toy.wait())).expect_err("the wait does not return");
    said(&*panic)
}

fn said(panic: &(dyn Any + Send)) -> String {
    panic.downcast_ref::<String>().cloned().expect("a message")
}

/// The toy is inside an epoch while it registers; the peer leaves meanwhile, so that the detach runs inside the
/// registration, and waits for the epoch to end.
#[test]
fn epoch_held_over_register_in_c() {
    let world = World::new();
    let epoch = Arc::new(Mutex::new(()));
    let waits_for = Arc::clone(&epoch);
    let script = Script::default().detach(move |context| {
        // C would wait here, and for ever: the epoch is this very thread's.
        if waits_for.try_lock().is_err() {
            context.toy.note(Fault::Hung);
        }
        Status::SUCCESS
    });
    let provider = Toy::registered(&world, Side::Provider, Script::default().attach(accept_and_leave));
    let client = Toy::new(&world, Side::Client, script);
    let inside = epoch.lock().expect("no panic");
    assert_eq!(client.register(), Status::SUCCESS);
    drop(inside);
    assert_eq!(client.faults(), [Fault::Hung]);
    assert_eq!(provider.wait(), Status::SUCCESS);
    client.take_down();
}

fn accept_and_leave(offer: &crate::toy::Offer) -> Status {
    let status = offer.accept();
    let toy = offer.toy;
    thread::spawn(move || assert_eq!(toy.deregister(), Status::PENDING)).join().expect("no panic");
    status
}

fn detached_inside_register<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let peer = Toy::registered(&world, S::SIDE.peer(), Script::default().attach(accept_and_leave));
    let subject = load_after::<S>(&world, |driver| {
        // The framework's locks are all free: the driver looks at its registration while it closes.
        driver.probe().on_closing(|| assert!(driver.bindings() == 1 && driver.hold().is_none()));
    });
    let driver = subject.driver();
    assert_eq!((peer.count(Call::Detach), driver.bindings()), (1, 0), "before NmrRegister* returned");
    assert_eq!(peer.wait(), Status::SUCCESS);
    drop(subject);
    assert_gone(&world, driver);
}

#[test]
fn epoch_held_over_register_here() {
    each_seed(16, |seed| {
        detached_inside_register::<Consumer>(seed);
        detached_inside_register::<Supplier>(seed);
    });
}

/// Nothing can be done about a peer that never completes but to say which one it is.
#[test]
fn peers_that_hold_unload_in_c() {
    let world = impatient();
    let client = Toy::registered(&world, Side::Client, Script::default());
    Toy::registered(&world, Side::Provider, Script::default().module(0xdead).detach(|_| Status::PENDING));
    let text = hangs(client);
    assert!(
        text.contains("dead") && text.contains("answered STATUS_PENDING and has not completed"),
        "{text}"
    );
}

/// The driver is held by its peers, never by its own calls or its own detaches.
fn held_by_the_peer_alone<S: Subject>(seed: &Seed) {
    let world = impatient();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    Toy::registered(&world, S::SIDE.peer(), Script::default().module(0xdead).detach(|_| Status::PENDING));
    assert_eq!(driver.call_all(), 1);
    seed.dawdle();
    let panic = thread::spawn(move || drop(subject)).join().expect_err("the wait does not return");
    let text = said(&*panic);
    let of = |side: Side| {
        text.lines().find(|line| line.contains("binding")).and_then(|line| {
            line.split("; ").find(|half| half.contains(&side.to_string())).map(ToString::to_string)
        })
    };
    assert!(of(S::SIDE).is_some_and(|half| half.ends_with("is detached")), "{text}");
    let peer = of(S::SIDE.peer()).expect("the peer is named");
    assert!(peer.contains("dead") && peer.ends_with("has not completed"), "{text}");
}

#[test]
fn peers_that_hold_unload_here() {
    each_seed(1, |seed| {
        held_by_the_peer_alone::<Consumer>(seed);
        held_by_the_peer_alone::<Supplier>(seed);
    });
}

/// The rundown is made ready when the peer can call already: a call that came first takes the count below zero.
#[test]
fn rundown_initialised_after_the_attach_in_c() {
    let world = impatient();
    let (inside, go) = (Gate::default(), Gate::default());
    let (entered, goes) = (inside.clone(), go.clone());
    let script = Script::default().serve(move |context, _| {
        context.word.fetch_add(1, Ordering::SeqCst);
        entered.open();
        entered.pass();
        goes.pass();
        context.word.fetch_sub(1, Ordering::SeqCst);
        Status::SUCCESS
    });
    let script = script.attach(move |offer| {
        let context = offer.context();
        let status = offer.exchange(context, offer.table());
        inside.reached();
        context.word.store(0, Ordering::SeqCst);
        go.open();
        status
    });
    let script = script.detach(|context| match context.word.load(Ordering::SeqCst) {
        0 => Status::SUCCESS,
        _ => Status::PENDING,
    });
    let client = Toy::registered(&world, Side::Client, script);
    let calling = Arc::new(Mutex::new(None));
    let caller = Arc::clone(&calling);
    let provider = Script::default().attach(move |offer| {
        let status = offer.accept();
        let context = offer.toy.contexts()[0];
        *caller.lock().expect("no panic") = Some(thread::spawn(|| context.call_peer(1)));
        status
    });
    Toy::registered(&world, Side::Provider, provider);
    let calling = calling.lock().expect("no panic").take().expect("the provider calls");
    assert_eq!(calling.join().expect("no panic"), Some(1));
    assert_eq!(client.contexts()[0].word.load(Ordering::SeqCst), usize::MAX, "one below zero");
    let text = hangs(client);
    assert!(text.contains("answered STATUS_PENDING and has not completed"), "{text}");
}

/// Callers try to get in from before the attach to after the unload: the count is right from the start, and nobody gets
/// in before the binding is committed.
fn callers_before_the_attach<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    driver.probe().on_attach(|_| {
        assert!(driver.hold().is_none(), "nothing is committed yet");
        Ok(())
    });
    let peer = Toy::new(&world, S::SIDE.peer(), Script::default());
    let over = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while count(&over) == 0 {
                    drop(driver.hold());
                    driver.call_all();
                }
            });
        }
        seed.dawdle();
        assert_eq!(peer.register(), Status::SUCCESS);
        seed.dawdle();
        peer.take_down();
        drop(subject);
        over.store(1, Ordering::SeqCst);
    });
    assert_gone(&world, driver);
}

#[test]
fn rundown_initialised_after_the_attach_here() {
    each_seed(60, |seed| {
        callers_before_the_attach::<Consumer>(seed);
        callers_before_the_attach::<Supplier>(seed);
    });
}
