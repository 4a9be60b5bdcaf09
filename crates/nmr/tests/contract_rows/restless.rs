//! A driver that never rests: its registrations and instances come and go while it is loaded, and it calls its peers in
//! every form that there is.

#![expect(unsafe_code, reason = "makes the tokens of a test's threads, and contexts of guards")]

use crate::bent::Bent;
use crate::drivers::{Bound, Probe, Probed, Subject, adder, adder::Provider as _, load};
use crate::seeds::Seed;
use nmr::host::Host;
use nmr::{
    AtMostDispatch, AtPassive, Client, Driver, Error, Guid, HeldGuard, InstanceIdentity, MayWait, ModuleId,
    PeerRef,
};
use nmr_sim::{Side, World};
use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

nmr::driver! {
    /// Client of Adder in every form, and provider of it in two instances.
    pub driver Restless {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c21",
        system: Host<Bent>,
        state: Probe = Probe::new(),
        client adder: adder::Npi as Bound<Restless> { capacity: 6, shards: 16, calls_at_dispatch: allow },
        provider service: adder::Npi as Bound<Restless> { capacity: 6, instances: 2 },
    }
}

impl Probed for Restless {
    fn probe(&self) -> &Probe {
        &self.state
    }
}

type Peers = Client<Bound<Restless>, 16, true>;

impl Subject for Restless {
    const SIDE: Side = Side::Client;

    fn bindings(&'static self) -> usize {
        self.adder.bindings() + self.service.iter().map(nmr::Registration::bindings).sum::<usize>()
    }

    fn hold(&'static self) -> Option<Box<dyn Any>> {
        self.adder.oldest_peer().map(|guard| Box::new(guard.hold()) as Box<dyn Any>)
    }

    fn call_all(&'static self) -> usize {
        self.adder.peers().map(|guard| assert_eq!(guard.add(40, 2), Ok(42 + guard.binding().peer))).count()
    }

    fn has_handle(&'static self) -> bool {
        !self.adder.raw_handle().is_null()
    }
}

fn may_wait() -> MayWait<'static> {
    // SAFETY: a test's thread, in no callback.
    unsafe { MayWait::assume() }
}

fn at_passive() -> AtPassive<'static> {
    // SAFETY: a test's thread.
    unsafe { AtPassive::assume() }
}

fn at_most_dispatch() -> AtMostDispatch<'static> {
    // SAFETY: a test's thread.
    unsafe { AtMostDispatch::assume() }
}

/// Calls one peer in the form that the seed draws; a binding that has closed meanwhile answers nothing in any of them.
fn call(driver: &'static Restless, peer: PeerRef<Peers>, seed: &Seed) {
    match seed.below(4) {
        0 => {
            let Some(mut burst) = peer.burst(3) else { return };
            while let Some(provider) = burst.next_call() {
                provider.add(40, 2).expect("it fits");
                seed.dawdle();
            }
            let guard = burst.into_guard();
            assert_eq!(guard.add(40, 2), Ok(42 + guard.binding().peer), "also when it closes");
        }
        1 => {
            let Some(guard) = peer.enter() else { return };
            let context = guard.hold().into_raw();
            seed.dawdle();
            // SAFETY: from `into_raw`, and turned back once.
            let held: HeldGuard<Peers> = unsafe { HeldGuard::from_raw(context) };
            assert_eq!(held.add(40, 2), Ok(42 + held.binding().peer), "also when it closes");
        }
        2 => may_wait().at_dispatch(driver.system(), |at| {
            if let Some(guard) = peer.enter_at_dispatch(at) {
                assert_eq!(guard.add(40, 2), Ok(42 + guard.binding().peer));
            }
        }),
        _ => {
            let sum = peer.enter().map(|guard| (guard.add(40, 2), guard.binding().peer));
            assert!(sum.is_none_or(|(sum, number)| sum == Ok(42 + number)));
        }
    }
}

/// Calls until told to stop, also through references that it has kept for a while.
fn calls(driver: &'static Restless, seed: &Seed, still: &AtomicBool) {
    let mut kept = Vec::new();
    while still.load(Ordering::Relaxed) {
        if seed.coin() {
            kept = driver.adder.peers().map(|guard| guard.peer_ref()).collect();
        }
        seed.dawdle();
        kept.iter().for_each(|peer| call(driver, *peer, seed));
        thread::yield_now();
    }
}

/// Takes registrations down and up again until told to stop; Unload may come in between.
fn comes_and_goes(driver: &'static Restless, seed: &Seed, still: &AtomicBool) {
    let expected = |result: Result<(), Error>| {
        let fine = [Error::DEVICE_NOT_READY, Error::INVALID_DEVICE_STATE, Error::INSUFFICIENT_RESOURCES];
        assert!(result.is_ok() || result.is_err_and(|error| fine.contains(&error)), "{result:?}");
    };
    while still.load(Ordering::Relaxed) {
        seed.dawdle();
        let instance = &driver.service[seed.below(2) as usize];
        // Peers count their own number on top of a sum, and expect that of others: it has to be 0.
        let identity = InstanceIdentity::new(ModuleId::from_guid(Guid::from_u128(seed.draw().into())), 0);
        match seed.below(7) {
            0 => driver.adder.deactivate(&at_most_dispatch()),
            1 => driver.adder.wait_deactivated(&may_wait()),
            2 => expected(driver.adder.activate(&at_passive())),
            3 => instance.deactivate(&at_most_dispatch()),
            4 => instance.wait_deactivated(&may_wait()),
            5 => expected(driver.service.activate_any(identity, &at_passive()).map(|_| ())),
            _ => expected(instance.activate_as(identity, &at_passive())),
        }
    }
}

/// Comes and goes so often, and once more when it is `over`.
pub fn lives(world: &World, seed: &Seed, often: usize, over: &AtomicBool) -> &'static Restless {
    let mut loaded = load::<Restless>(world);
    let driver = loaded.driver();
    let callers = [seed.part(), seed.part()];
    let calling = AtomicBool::new(true);
    thread::scope(|scope| {
        callers.iter().for_each(|part| drop(scope.spawn(|| calls(driver, part, &calling))));
        for life in 1..=often {
            let (part, still) = (seed.part(), AtomicBool::new(true));
            let unloaded = thread::scope(|scope| {
                // It goes on over the unload; a load has to have the driver for itself.
                scope.spawn(|| comes_and_goes(driver, &part, &still));
                seed.dawdle();
                while life == often && !over.load(Ordering::SeqCst) && seed.below(4) > 0 {
                    seed.dawdle();
                }
                drop(loaded);
                still.store(false, Ordering::Relaxed);
                driver
            });
            if life == often {
                break;
            }
            // SAFETY: just unloaded, and the thread that comes and goes has ended.
            loaded = unsafe { nmr::host::Loaded::of(unloaded) }.expect("nothing fails");
        }
        calling.store(false, Ordering::Relaxed);
    });
    driver
}
