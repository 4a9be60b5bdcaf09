//! The forms of a call: references, held guards, bursts, and calls at DISPATCH_LEVEL.

#![expect(
    unsafe_code,
    reason = "turns a held guard into a context and back, as a C completion routine would"
)]

#[cfg(debug_assertions)]
mod misuse;
mod processors;

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use nmr::host::{Host, Loaded, critical_regions};
use nmr::{AtPassive, ClientBinding, HeldGuard, MayWait, Offer, OwnThread, ProviderBinding, Refusal};
use nmr_sim::World;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// A gate that keeps callers for as long as a test wants.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d05", version = 1)]
pub mod gate {
    pub trait Provider {
        /// The provider's number.
        fn number(&self) -> u64;
        /// How many critical regions the thread is in meanwhile.
        fn critical_regions(&self) -> u64;
        /// Answers when the test lets it.
        fn pass(&self);
    }
}
use gate::Provider as _;

/// What the driver of a gate is told, and tells.
#[derive(Debug)]
pub struct GateState {
    number: AtomicUsize,
    /// Callers that are inside `pass` say so, and wait for an answer.
    inside: Mutex<Option<(Sender<()>, Receiver<()>)>>,
    gone: AtomicBool,
}

nmr::driver! {
    /// Provides Gate.
    pub driver Gatekeeper {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b20",
        system: Host<World>,
        state: GateState = GateState {
            number: AtomicUsize::new(0),
            inside: Mutex::new(None),
            gone: AtomicBool::new(false),
        },

        provider gate: gate::Npi as Passenger { capacity: 4, shards: 16 },
    }
}

impl Gatekeeper {
    fn load(world: &World, number: usize) -> Loaded<Self> {
        let gatekeeper = Loaded::<Self>::new(Host::new(world.clone())).expect("nothing fails");
        gatekeeper.driver().state.number.store(number, Ordering::SeqCst);
        gatekeeper
    }

    /// Who calls `pass` from now on is announced, and waits.
    fn keep_shut(&self) -> (Receiver<()>, Sender<()>) {
        let (announce, announced) = channel();
        let (answer, answered) = channel();
        *self.state.inside.lock().expect("no panic") = Some((announce, answered));
        (announced, answer)
    }
}

/// A client of Gate.
#[derive(Debug)]
pub struct Passenger(&'static Gatekeeper);

impl ProviderBinding for Passenger {
    type Driver = Gatekeeper;
    type Npi = gate::Npi;

    fn attach(driver: &'static Gatekeeper, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self(driver))
    }
}

impl gate::Provider for Passenger {
    fn number(&self) -> u64 {
        assert!(!self.0.state.gone.load(Ordering::SeqCst), "called after the provider has been unloaded");
        self.0.state.number.load(Ordering::SeqCst) as u64
    }

    fn critical_regions(&self) -> u64 {
        critical_regions() as u64
    }

    fn pass(&self) {
        let inside = self.0.state.inside.lock().expect("no panic").take();
        if let Some((announce, answered)) = inside {
            announce.send(()).expect("the test listens");
            answered.recv().expect("the test answers");
        }
    }
}

nmr::driver! {
    /// Goes through gates.
    pub driver Traveller {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b21",
        system: Host<World>,
        state: AtomicUsize = AtomicUsize::new(0),
        threads: 2,

        client gate: gate::Npi as Gate { capacity: 4, policy: first_of, shards: 16, calls_at_dispatch: allow },
        client plain: gate::Npi as PlainGate { capacity: 4 },
    }
}

impl Traveller {
    fn load(world: &World) -> Loaded<Self> {
        Loaded::new(Host::new(world.clone())).expect("nothing fails")
    }
}

macro_rules! gates {
    ($($name:ident)*) => {$(
        /// A provider of Gate.
        #[derive(Debug)]
        pub struct $name;

        impl ClientBinding for $name {
            type Driver = Traveller;
            type Npi = gate::Npi;

            fn attach(_: &'static Traveller, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
                Ok(Self)
            }
        }
    )*};
}
gates! { Gate PlainGate }

/// Unloads the gatekeeper on another thread, and sees whether that has returned.
struct Unloading {
    thread: thread::JoinHandle<()>,
    driver: &'static Gatekeeper,
}

impl Unloading {
    fn begin(gatekeeper: Loaded<Gatekeeper>) -> Self {
        let driver = gatekeeper.driver();
        let thread = thread::spawn(move || {
            drop(gatekeeper);
            driver.state.gone.store(true, Ordering::SeqCst);
        });
        Self { thread, driver }
    }

    /// Waits until the traveller has seen that the peer goes.
    fn seen_by(&self, is_closing: impl Fn() -> bool) {
        while !is_closing() {
            thread::yield_now();
        }
        assert!(!self.driver.state.gone.load(Ordering::SeqCst), "a call is in flight");
    }

    fn finish(self) {
        self.thread.join().expect("no panic");
    }
}

/// The calling thread, at PASSIVE_LEVEL and outside any callback.
fn may_wait() -> MayWait<'static> {
    // SAFETY: an ordinary thread of the test.
    unsafe { MayWait::assume() }
}

#[test]
fn a_reference_enters_its_own_binding_and_no_later_one() {
    let world = World::new();
    let traveller = Traveller::load(&world);
    let gate = &traveller.driver().gate;
    let mut references = Vec::new();
    for number in 0..if cfg!(miri) { 3 } else { 10 } {
        let gatekeeper = Gatekeeper::load(&world, number);
        let reference = gate.oldest_peer().expect("attached").peer_ref();
        assert_eq!(reference.call(gate::Provider::number), Some(number as u64));
        assert!(!references.contains(&reference), "each binding has a reference of its own");
        for stale in &references {
            assert!(stale.enter().is_none() && stale.burst(1).is_none());
            assert!(
                may_wait().at_dispatch(traveller.driver().host(), |at| stale.enter_at_dispatch(at).is_none())
            );
        }
        drop(gatekeeper);
        references.push(reference);
    }
    drop(traveller);
    world.assert_clean();
    world.assert_unloaded();
}

impl Traveller {
    fn host(&self) -> &Host<World> {
        nmr::Driver::system(self)
    }
}

#[test]
fn a_held_guard_outlives_its_call_and_works_while_the_binding_closes() {
    let world = World::new();
    let traveller = Traveller::load(&world);
    let gatekeeper = Gatekeeper::load(&world, 7);
    let driver = traveller.driver();
    let held = driver.gate.oldest_peer().expect("attached").hold();
    let reference = held.peer_ref();
    let unloading = Unloading::begin(gatekeeper);
    unloading.seen_by(|| held.is_closing());
    assert!(reference.enter().is_none(), "closed for new calls");
    let context = held.into_raw();
    assert_eq!(driver.gate.calls_in_flight(), 1, "a context counts as a call");
    // SAFETY: from `into_raw` above, and turned back once.
    let held: HeldGuard<nmr::Client<Gate, 16, true>> = unsafe { HeldGuard::from_raw(context) };
    assert_eq!((held.number(), held.peer_ref() == reference), (7, true));
    thread::spawn(move || drop(held)).join().expect("no panic");
    unloading.finish();
    drop(traveller);
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn a_burst_ends_when_its_calls_are_used_up_or_the_binding_closes() {
    let world = World::new();
    let traveller = Traveller::load(&world);
    let gatekeeper = Gatekeeper::load(&world, 7);
    let reference = traveller.driver().plain.oldest_peer().expect("attached").peer_ref();
    let mut burst = reference.burst(3).expect("open");
    let mut calls = 0;
    while let Some(gate) = burst.next_call() {
        assert_eq!(gate.number(), 7);
        calls += 1;
    }
    assert_eq!(calls, 3);
    drop(burst);
    let mut burst = reference.burst(usize::MAX).expect("open");
    assert!(burst.next_call().is_some());
    let unloading = Unloading::begin(gatekeeper);
    unloading.seen_by(|| reference.enter().is_none());
    assert!(burst.next_call().is_none(), "the binding closes");
    assert_eq!(burst.into_guard().number(), 7, "what is inside stays inside");
    unloading.finish();
    drop(traveller);
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn a_detach_waits_for_a_call_at_dispatch_that_is_counted_nowhere() {
    let world = World::new();
    let traveller = Traveller::load(&world);
    let gatekeeper = Gatekeeper::load(&world, 7);
    let (announced, answer) = gatekeeper.driver().keep_shut();
    let driver = traveller.driver();
    let reference = driver.gate.oldest_peer().expect("attached").peer_ref();
    let caller = thread::spawn(move || {
        may_wait().at_dispatch(driver.host(), |at| {
            reference.call_at_dispatch(at, |gate| {
                gate.pass();
                gate.number()
            })
        })
    });
    announced.recv().expect("the caller is inside");
    let unloading = Unloading::begin(gatekeeper);
    unloading.seen_by(|| reference.enter().is_none());
    thread::sleep(Duration::from_millis(20));
    assert!(!unloading.driver.state.gone.load(Ordering::SeqCst), "the caller is still inside");
    answer.send(()).expect("the caller waits");
    assert_eq!(caller.join().expect("no panic"), Some(7));
    unloading.finish();
    drop(traveller);
    world.assert_clean();
    world.assert_unloaded();
}

/// Calls at DISPATCH_LEVEL and counted ones from several threads, while providers come and go, and one engine serves the
/// grace periods of all.
#[test]
fn calls_of_all_forms_while_providers_come_and_go() {
    let rounds = if cfg!(miri) { 1 } else { 60 };
    let world = World::new();
    let traveller = Traveller::load(&world);
    let driver = traveller.driver();
    let end = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..3)
        .map(|form| {
            let end = end.clone();
            thread::spawn(move || {
                let mut calls = 0_u64;
                while !end.load(Ordering::Relaxed) {
                    for peer in driver.gate.peers().map(|guard| guard.peer_ref()).collect::<Vec<_>>() {
                        let number = match form {
                            0 => peer.call(gate::Provider::number),
                            1 => may_wait().at_dispatch(driver.host(), |at| {
                                peer.call_at_dispatch(at, gate::Provider::number)
                            }),
                            _ => peer
                                .burst(4)
                                .and_then(|mut burst| burst.next_call().map(gate::Provider::number)),
                        };
                        calls += u64::from(number.is_some());
                    }
                    thread::yield_now();
                }
                calls
            })
        })
        .collect();
    for round in 0..rounds {
        let gatekeepers = [0, 1, 2].map(|number| Gatekeeper::load(&world, number));
        if round % 2 == 0 {
            thread::sleep(Duration::from_millis(1));
        }
        for gatekeeper in gatekeepers {
            Unloading::begin(gatekeeper).finish();
        }
    }
    end.store(true, Ordering::Relaxed);
    let calls: u64 = callers.into_iter().map(|caller| caller.join().expect("no panic")).sum();
    assert!(calls > 0 || cfg!(miri), "no call met a provider");
    drop(traveller);
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn peers_are_served_in_a_critical_region_except_at_dispatch() {
    let world = World::new();
    let traveller = Traveller::load(&world);
    let gatekeeper = Gatekeeper::load(&world, 7);
    let driver = traveller.driver();
    let reference = driver.gate.oldest_peer().expect("attached").peer_ref();
    assert_eq!(reference.call(gate::Provider::critical_regions), Some(1));
    assert_eq!(critical_regions(), 0, "left again");
    let at_dispatch = may_wait()
        .at_dispatch(driver.host(), |at| reference.call_at_dispatch(at, gate::Provider::critical_regions));
    assert_eq!(at_dispatch, Some(0));
    drop(gatekeeper);
    drop(traveller);
    world.assert_clean();
}

#[test]
fn own_threads_raise_and_come_back() {
    let world = World::new();
    let gatekeeper = Gatekeeper::load(&world, 7);
    let traveller = Traveller::load(&world);
    let driver = traveller.driver();
    let body = |driver: &'static Traveller, thread: &mut OwnThread<'_, Traveller>| {
        let reference = driver.gate.oldest_peer().expect("attached").peer_ref();
        let number = thread.at_dispatch(|at| reference.call_at_dispatch(at, gate::Provider::number));
        assert_eq!(critical_regions(), 0);
        assert!(reference.call(gate::Provider::critical_regions) == Some(1), "below DISPATCH_LEVEL again");
        // Last: the test unloads both drivers once it sees it.
        driver.state.store(number.expect("open") as usize, Ordering::SeqCst);
    };
    driver.threads.spawn(&may_wait(), driver, body).expect("nothing fails");
    while driver.state.load(Ordering::SeqCst) == 0 {
        thread::yield_now();
    }
    drop(traveller);
    assert_eq!(driver.state.load(Ordering::SeqCst), 7);
    drop(gatekeeper);
    world.assert_clean();
}

#[test]
fn the_first_of_several_is_used_and_the_next_takes_over() {
    let world = World::new();
    let traveller = Traveller::load(&world);
    let gate = &traveller.driver().gate;
    let number = || gate.oldest_peer().map(|gate| gate.number());
    let [first, second, third] = [1, 2, 3].map(|number| Gatekeeper::load(&world, number));
    assert_eq!((gate.bindings(), number(), number()), (3, Some(1), Some(1)));
    drop(second);
    assert_eq!(number(), Some(1));
    drop(first);
    assert_eq!((number(), number()), (Some(3), Some(3)));
    let fourth = Gatekeeper::load(&world, 4);
    assert_eq!(number(), Some(3), "a newer one waits its turn, whichever slot it has");
    drop(third);
    assert_eq!(number(), Some(4));
    drop(fourth);
    assert_eq!(number(), None);
    drop(traveller);
    world.assert_clean();
    world.assert_unloaded();
}
