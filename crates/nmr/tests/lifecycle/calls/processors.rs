//! Which processor a call is made on: it chooses the shard, and what a grace period has to wait for.

#![expect(unsafe_code, reason = "turns a held guard into a context and back")]

use super::gate::Provider as _;
use super::{Gate, Gatekeeper, Traveller, Unloading, may_wait};
use nmr::host::{Host, above_dispatch};
use nmr::{AtDispatch, HeldGuard, System};
use nmr_sim::World;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

type HeldGate = HeldGuard<nmr::Client<Gate, 16, true>>;

/// How long it takes, at the least and more than ever, until a DPC has gone from one processor to the next.
const AGES: Duration = Duration::from_millis(if cfg!(miri) { 2000 } else { 40 });

/// Runs `body` on a new thread of `processor`: a host's threads are spread over them.
fn on<T: Send + 'static>(processor: usize, body: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let mut body = Some(body);
    loop {
        let (take, taken) = channel();
        let (here, is_here) = channel();
        let thread = thread::spawn(move || {
            here.send(Host::<World>::processor() == processor).expect("somebody listens");
            taken.recv().ok().map(|body: Box<dyn FnOnce() -> T + Send>| body())
        });
        if is_here.recv().expect("it answers") {
            take.send(Box::new(body.take().expect("once"))).expect("it waits");
            return thread::spawn(move || {
                thread.join().expect("no panic").expect("it was given something to do")
            });
        }
    }
}

/// A thread that is at DISPATCH_LEVEL on a processor, in a call or in none, until it is let go.
struct Busy {
    let_go: std::sync::mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

impl Busy {
    fn on(
        processor: usize,
        driver: &'static Traveller,
        body: impl FnOnce(&AtDispatch<'_>, &dyn Fn()) + Send + 'static,
    ) -> Self {
        let (let_go, end) = channel();
        let (begun, begins) = channel();
        let thread = on(processor, move || {
            may_wait().at_dispatch(driver.host(), |at| {
                body(at, &|| {
                    begun.send(()).expect("the test waits");
                    end.recv().expect("the test lets it go");
                });
            });
        });
        begins.recv().expect("it begins");
        Self { let_go, thread }
    }

    fn ends(self) {
        self.let_go.send(()).expect("it waits");
        self.thread.join().expect("no panic");
    }
}

fn gone(driver: &'static Gatekeeper) -> bool {
    driver.state.gone.load(Ordering::SeqCst)
}

fn within(limit: Duration, there: impl Fn() -> bool) -> bool {
    let begin = Instant::now();
    while !there() && begin.elapsed() < limit {
        thread::yield_now();
    }
    there()
}

#[test]
fn a_context_of_a_held_guard_leaves_through_the_shard_of_its_entry() {
    let world = World::new();
    let traveller = Traveller::load(&world);
    let gatekeeper = Gatekeeper::load(&world, 7);
    let gate = &traveller.driver().gate;
    for processor in 0..4 {
        on(processor, || {
            let context = gate.oldest_peer().expect("attached").hold().into_raw();
            // SAFETY: from `into_raw`, and turned back once.
            let held = unsafe { HeldGate::from_raw(context) };
            assert_eq!((held.number(), gate.calls_in_flight()), (7, 1));
            drop(held);
            assert_eq!(gate.calls_in_flight(), 0);
        })
        .join()
        .expect("no panic");
    }
    drop((gatekeeper, traveller));
    world.assert_clean();
    world.assert_unloaded();
}

/// As of any guard.
#[cfg(debug_assertions)]
#[test]
fn a_held_guard_dropped_above_dispatch_is_reported() {
    let world = World::new();
    let gatekeeper = Gatekeeper::load(&world, 7);
    let traveller = Traveller::load(&world);
    let held = traveller.driver().plain.oldest_peer().expect("attached").hold();
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| above_dispatch(|| drop(held))));
    let panic = dropped.expect_err("above DISPATCH_LEVEL");
    let message = panic.downcast_ref::<String>().expect("a message with arguments");
    assert!(message.contains("IRQL 3"), "{message}");
    // In the kernel the machine has stopped; here the guard is lost, and nothing can be unloaded any more.
    core::mem::forget((traveller, gatekeeper));
}

/// A grace period that is under way has passed some processors: a binding that closes now waits for the next one.
#[test]
fn a_binding_that_closes_within_a_grace_period_waits_for_the_next() {
    let told_apart = (0..5).any(|_| closes_within_a_grace_period());
    assert!(told_apart, "the first period was never late enough");
}

/// Answers whether the first period had passed processor 0 when the call there began.
fn closes_within_a_grace_period() -> bool {
    let world = World::new();
    let traveller = Traveller::load(&world);
    let driver = traveller.driver();
    let [first, second] = [1, 2].map(|number| Gatekeeper::load(&world, number));
    let (first_driver, second_driver) = (first.driver(), second.driver());
    let reference = |number| {
        let peer = driver.gate.peers().find(|gate| gate.number() == number);
        peer.expect("attached").peer_ref()
    };
    let (to_first, to_second) = (reference(1), reference(2));
    // The period of the first binding gets as far as processor 2.
    let held_up = Busy::on(2, driver, |_, wait| wait());
    let first = Unloading::begin(first);
    first.seen_by(|| to_first.enter().is_none());
    thread::sleep(AGES);
    // A call to the second on a processor that the period has passed.
    let call = Busy::on(0, driver, move |at, wait| {
        let number = to_second.call_at_dispatch(at, |gate| {
            wait();
            gate.number()
        });
        assert_eq!(number, Some(2), "the peer is still there");
    });
    let second = Unloading::begin(second);
    second.seen_by(|| to_second.enter().is_none());
    assert!(!gone(first_driver), "its period is held up");
    held_up.ends();
    let told_apart = within(100 * AGES, || gone(first_driver));
    thread::sleep(AGES);
    assert!(!gone(second_driver), "a call is under way on processor 0");
    call.ends();
    first.finish();
    second.finish();
    drop(traveller);
    world.assert_clean();
    world.assert_unloaded();
    told_apart
}

/// Whoever enters through an old reference is counted until it has stepped back, and a binding that closes in between
/// waits for it: then it is the one that completes the detach.
#[test]
fn a_caller_that_steps_back_may_be_the_last_one_inside() {
    let world = World::new();
    let traveller = Traveller::load(&world);
    let gatekeeper = Gatekeeper::load(&world, 0);
    let stale = traveller.driver().plain.oldest_peer().expect("attached").peer_ref();
    drop(gatekeeper);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    assert!(stale.enter().is_none());
                }
            });
        }
        for number in 1..if cfg!(miri) { 3 } else { 400 } {
            drop(Gatekeeper::load(&world, number));
        }
        over.store(true, Ordering::Relaxed);
    });
    drop(traveller);
    world.assert_clean();
    world.assert_unloaded();
}

/// The one that is remembered is found in its own slot, though another one is used as often.
#[test]
fn the_oldest_peer_is_remembered_where_it_is() {
    let world = World::new();
    let traveller = Traveller::load(&world);
    let number = || traveller.driver().gate.oldest_peer().map(|gate| gate.number());
    let first = Gatekeeper::load(&world, 1);
    drop(Gatekeeper::load(&world, 2));
    let third = Gatekeeper::load(&world, 3);
    drop(first);
    assert_eq!(number(), Some(3), "its slot is used for the second time");
    let fourth = Gatekeeper::load(&world, 4);
    assert_eq!((number(), number()), (Some(3), Some(3)), "and now so is that of the first");
    drop((third, fourth));
    assert_eq!(number(), None);
    drop(traveller);
    world.assert_clean();
    world.assert_unloaded();
}
