//! Code that waits where it must not, or for what its own thread holds up.

use crate::drivers::{Consumer, Subject, Supplier, assert_gone, count, load};
use crate::events::{completions, detach_answers, rules, waits};
use crate::seeds::{Gate, Seed, each_seed, until};
use crate::toy::{Context, Fault, Script, Toy};
use nmr::Status;
use nmr_sim::{Raised, Rule, Side, World, is_at_dispatch};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How long a wait lasts that never ends.
const FOR_EVER: Duration = Duration::from_millis(100);

/// A push lock, or anything else that may block: not to be touched at DISPATCH_LEVEL.
fn acquire_push_lock(toy: &Toy) {
    if is_at_dispatch() {
        toy.note(Fault::BlockedAtDispatch);
    }
}

/// The peer deregisters at DISPATCH_LEVEL, so that the detach callback runs there.
#[test]
fn blocking_in_a_detach_at_dispatch_in_c() {
    let world = World::new();
    let script = Script::default().detach(|context| {
        acquire_push_lock(context.toy);
        Status::SUCCESS
    });
    let provider = Toy::registered(&world, Side::Provider, script);
    for raise in [false, true] {
        let client = Toy::registered(&world, Side::Client, Script::default());
        let raised = raise.then(Raised::to_dispatch);
        assert_eq!(client.deregister(), Status::PENDING);
        drop(raised);
        assert_eq!(client.wait(), Status::SUCCESS);
        assert_eq!(provider.faults(), vec![Fault::BlockedAtDispatch; usize::from(raise)]);
    }
    provider.take_down();
}

/// The one thread that could end the call in flight is in the detach callback, at DISPATCH_LEVEL: had it to wait, it
/// would never return.
fn detached_at_dispatch<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    driver.probe().on_closing(|| assert!(is_at_dispatch()));
    let peer = Toy::registered(&world, S::SIDE.peer(), Script::default());
    let guard = driver.hold().expect("attached");
    let raised = Raised::to_dispatch();
    assert_eq!(peer.deregister(), Status::PENDING);
    assert_eq!(detach_answers(&world, S::SIDE), [Status::PENDING]);
    drop(guard);
    assert_eq!(driver.bindings(), 0, "completed and cleaned up at that level too");
    drop(raised);
    assert_eq!(peer.wait(), Status::SUCCESS);
    drop(subject);
    assert_gone(&world, driver);
}

#[test]
fn blocking_in_a_detach_at_dispatch_here() {
    each_seed(16, |seed| {
        detached_at_dispatch::<Consumer>(seed);
        detached_at_dispatch::<Supplier>(seed);
    });
}

#[test]
fn wait_at_dispatch_in_c() {
    let world = World::new();
    let client = Toy::registered(&world, Side::Client, Script::default());
    let raised = Raised::to_dispatch();
    assert_eq!(client.deregister(), Status::PENDING);
    client.wait();
    drop(raised);
    assert_eq!(rules(&world), [Rule::IrqlTooHigh]);
    assert_eq!(client.wait(), Status::SUCCESS);
}

/// Peers come and go at DISPATCH_LEVEL while the driver unloads elsewhere: it waits on the thread of Unload alone, whose
/// `MayWait` no callback has (tests/ui/token_outlives_its_call.rs).
fn unload_beside_dispatch<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let peers = [seed.part(), seed.part()]
        .map(|part| (Toy::registered(&world, S::SIDE.peer(), Script::default()), part));
    thread::scope(|scope| {
        for (peer, part) in &peers {
            scope.spawn(|| {
                part.dawdle();
                let raised = Raised::to_dispatch();
                driver.call_all();
                assert_eq!(peer.deregister(), Status::PENDING);
                drop(raised);
                assert_eq!(peer.wait(), Status::SUCCESS);
            });
        }
        seed.dawdle();
        drop(subject);
    });
    assert_eq!(waits(&world, S::SIDE), 1);
    assert_gone(&world, driver);
}

#[test]
fn wait_at_dispatch_here() {
    each_seed(40, |seed| {
        unload_beside_dispatch::<Consumer>(seed);
        unload_beside_dispatch::<Supplier>(seed);
    });
}

/// `ExWaitForRundownProtectionRelease`: waits until no call is in flight; here not for ever.
fn wait_for_rundown(context: &Context) {
    let end = Instant::now() + FOR_EVER;
    while context.word.load(Ordering::SeqCst) > 0 {
        if Instant::now() > end {
            return context.toy.note(Fault::Hung);
        }
        thread::yield_now();
    }
}

/// The peer deregisters inside a call of the toy's: the detach waits for the call that it is inside of.
#[test]
fn blocking_rundown_in_a_detach_in_c() {
    let world = World::new();
    let script = Script::default().detach(|context| {
        wait_for_rundown(context);
        Status::SUCCESS
    });
    let client = Toy::registered(&world, Side::Client, script);
    let leaves = Script::default().serve(|context, _| context.toy.deregister());
    let provider = Toy::registered(&world, Side::Provider, leaves);
    let context = client.contexts()[0];
    context.word.fetch_add(1, Ordering::SeqCst);
    context.call_peer(1);
    context.word.fetch_sub(1, Ordering::SeqCst);
    assert_eq!(client.faults(), [Fault::Hung]);
    assert_eq!(provider.wait(), Status::SUCCESS);
    client.take_down();
}

fn a_peer_leaves_inside_a_call<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let leaves = Script::default().serve(|context, _| {
        assert_eq!(context.toy.deregister(), Status::PENDING);
        Status::SUCCESS
    });
    let peer = Toy::registered(&world, S::SIDE.peer(), leaves);
    assert_eq!(driver.call_all(), 1);
    assert_eq!(completions(&world, S::SIDE), 1);
    assert_eq!(peer.wait(), Status::SUCCESS);
    drop(subject);
    assert_gone(&world, driver);
}

#[test]
fn blocking_rundown_in_a_detach_here() {
    each_seed(16, |seed| {
        a_peer_leaves_inside_a_call::<Consumer>(seed);
        a_peer_leaves_inside_a_call::<Supplier>(seed);
    });
}

/// A7: a work item whose only purpose is to wait on a rundown; one thread is tied up for each binding that drains.
#[test]
fn a_thread_that_only_waits_in_c() {
    static WAITING: AtomicUsize = AtomicUsize::new(0);
    let world = World::new();
    let script = Script::default().detach(|context| {
        thread::spawn(|| {
            WAITING.fetch_add(1, Ordering::SeqCst);
            until("the last call", || context.word.load(Ordering::SeqCst) == 0);
            WAITING.fetch_sub(1, Ordering::SeqCst);
            context.complete();
        });
        Status::PENDING
    });
    let client = Toy::registered(&world, Side::Client, script);
    let providers = [(); 3].map(|()| Toy::registered(&world, Side::Provider, Script::default()));
    let contexts = client.contexts();
    contexts.iter().for_each(|context| context.word.store(1, Ordering::SeqCst));
    assert_eq!(client.deregister(), Status::PENDING);
    until("a thread for each", || count(&WAITING) == 3);
    contexts.iter().for_each(|context| context.word.store(0, Ordering::SeqCst));
    assert_eq!(client.wait(), Status::SUCCESS);
    providers.into_iter().for_each(Toy::take_down);
    world.assert_clean();
}

/// Whoever drops the last guard completes, and cleanup runs on that thread: no other is needed.
fn the_last_caller_completes<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let cleaned = Arc::new(Mutex::new(Vec::new()));
    let by = Arc::clone(&cleaned);
    let script = Script::default().cleanup(move |context| {
        by.lock().expect("no panic").push(thread::current().id());
        context.free();
    });
    let peer = Toy::registered(&world, S::SIDE.peer(), script);
    let (inside, go) = (Gate::default(), Gate::default());
    let caller = thread::scope(|scope| {
        let caller = scope.spawn(|| {
            let guard = driver.hold().expect("attached");
            inside.open();
            inside.pass();
            go.pass();
            drop(guard);
            thread::current().id()
        });
        inside.reached();
        assert_eq!(peer.deregister(), Status::PENDING);
        go.open();
        caller.join().expect("no panic")
    });
    assert_eq!(*cleaned.lock().expect("no panic"), [caller]);
    assert_eq!(peer.wait(), Status::SUCCESS);
    drop(subject);
    assert_gone(&world, driver);
}

#[test]
fn a_thread_that_only_waits_here() {
    each_seed(16, |seed| {
        the_last_caller_completes::<Consumer>(seed);
        the_last_caller_completes::<Supplier>(seed);
    });
}
