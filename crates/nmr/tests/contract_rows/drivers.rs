//! Small drivers written with the framework, whose values tell what became of them.

#![expect(unsafe_code, reason = "loads the same storage several times, and looks at it before it is loaded")]

use crate::bent::Bent;
use core::fmt;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use nmr::host::{Host, Loaded};
use nmr::{AtMostDispatch, AtPassive, ClientBinding, Driver, MayWait, Offer, ProviderBinding, Refusal};
use nmr_sim::{Side, World};
use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

/// Adds numbers. A peer adds its own `Number` on top, so that each answer tells who gave it.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d10", version = 3)]
pub mod adder {
    pub trait Provider {
        /// # Errors
        /// The sum does not fit.
        fn add(&self, a: u32, b: u32) -> nmr::Result<u32>;
    }
    pub trait Client {
        fn told(&self, news: u32) -> u32;
    }
}

use adder::{Client as _, Provider as _};

type AttachHook = Arc<dyn Fn(&Offer<'_>) -> Result<(), Refusal> + Send + Sync>;
type Hook = Arc<dyn Fn() + Send + Sync>;

/// What a driver's bindings went through, and what a test has them do on the way.
#[derive(Default)]
pub struct Probe {
    pub attached: AtomicUsize,
    pub closing: AtomicUsize,
    pub dropped: AtomicUsize,
    pub served: AtomicUsize,
    /// Calls and `closing` that found a value that was dropped.
    pub after_drop: AtomicUsize,
    /// Set by the `start` hook, where there is one.
    pub ready: AtomicBool,
    on_attach: Mutex<Option<AttachHook>>,
    on_closing: Mutex<Option<Hook>>,
    on_served: Mutex<Option<Hook>>,
}

impl Probe {
    pub const fn new() -> Self {
        Self {
            attached: AtomicUsize::new(0),
            closing: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
            served: AtomicUsize::new(0),
            after_drop: AtomicUsize::new(0),
            ready: AtomicBool::new(false),
            on_attach: Mutex::new(None),
            on_closing: Mutex::new(None),
            on_served: Mutex::new(None),
        }
    }

    /// Decides each offer with `hook`.
    pub fn on_attach(&self, hook: impl Fn(&Offer<'_>) -> Result<(), Refusal> + Send + Sync + 'static) {
        *lock(&self.on_attach) = Some(Arc::new(hook));
    }

    /// Calls `hook` in each `closing`.
    pub fn on_closing(&self, hook: impl Fn() + Send + Sync + 'static) {
        *lock(&self.on_closing) = Some(Arc::new(hook));
    }

    /// Calls `hook` in each call from a peer.
    pub fn on_served(&self, hook: impl Fn() + Send + Sync + 'static) {
        *lock(&self.on_served) = Some(Arc::new(hook));
    }

    /// Every value that was made is gone, closed before that, and nobody met a dropped one.
    #[track_caller]
    pub fn assert_even(&self) {
        assert_eq!(count(&self.attached), count(&self.dropped), "each value is dropped once");
        assert!(count(&self.closing) <= count(&self.attached), "each binding is closed once at most");
        assert_eq!(count(&self.after_drop), 0, "no value is reached after its drop");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn count(counter: &AtomicUsize) -> usize {
    counter.load(Ordering::SeqCst)
}

fn one_more(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::SeqCst);
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").field("attached", &self.attached).finish_non_exhaustive()
    }
}

/// A driver with a probe.
pub trait Probed: Driver {
    fn probe(&self) -> &Probe;
}

/// A driver with one registration that a test is about, on one side or the other.
pub trait Subject: Probed<System = Host<Bent>> {
    const SIDE: Side;
    /// Slots in use.
    fn bindings(&'static self) -> usize;
    /// A guard on the oldest peer.
    fn hold(&'static self) -> Option<Box<dyn Any>>;
    /// One guarded call to each peer. Each is answered by the right one, or this panics.
    fn call_all(&'static self) -> usize;
    /// Whether NmrRegister* has returned and NmrWaitFor* has not.
    fn has_handle(&'static self) -> bool;
}

pub fn load<D: Driver<System = Host<Bent>>>(world: &World) -> Loaded<D> {
    load_after(world, |_| ())
}

/// Loads a driver that `prepare` has seen before.
pub fn load_after<D: Driver<System = Host<Bent>>>(
    world: &World,
    prepare: impl FnOnce(&'static D),
) -> Loaded<D> {
    let driver = Loaded::storage(Host::new(Bent::over(world)));
    prepare(driver);
    // SAFETY: fresh storage, which nobody else loads.
    unsafe { Loaded::of(driver) }.expect("nothing fails")
}

/// Unloads a driver, and loads it again in the same storage.
pub fn reload<D: Driver<System = Host<Bent>>>(loaded: Loaded<D>) -> Loaded<D> {
    let driver = loaded.driver();
    drop(loaded);
    // SAFETY: just unloaded.
    unsafe { Loaded::of(driver) }.expect("nothing fails")
}

/// Everybody has gone, nobody has broken a rule, and `driver` has let go of every value.
#[track_caller]
pub fn assert_gone<S: Subject>(world: &World, driver: &'static S) {
    driver.probe().assert_even();
    assert_eq!(driver.bindings(), 0);
    world.assert_clean();
    world.assert_unloaded();
}

/// A binding of driver `D`, on either side.
pub struct Bound<D: Probed> {
    driver: &'static D,
    /// The `Number` of the peer.
    pub peer: u32,
    alive: AtomicBool,
    of: PhantomData<fn() -> D>,
}

impl<D: Probed> Bound<D> {
    fn decide(driver: &'static D, offer: &Offer<'_>) -> Result<Self, Refusal> {
        let probe = driver.probe();
        let hook = lock(&probe.on_attach).clone();
        hook.map_or(Ok(()), |hook| hook(offer))?;
        one_more(&probe.attached);
        Ok(Self { driver, peer: offer.number(), alive: AtomicBool::new(true), of: PhantomData })
    }

    fn reached(&self) {
        if !self.alive.load(Ordering::SeqCst) {
            one_more(&self.driver.probe().after_drop);
        }
    }

    fn close(&self) {
        self.reached();
        one_more(&self.driver.probe().closing);
        let hook = lock(&self.driver.probe().on_closing).clone();
        hook.into_iter().for_each(|hook| hook());
    }

    fn serve(&self) {
        self.reached();
        one_more(&self.driver.probe().served);
        let hook = lock(&self.driver.probe().on_served).clone();
        hook.into_iter().for_each(|hook| hook());
    }
}

impl<D: Probed> Drop for Bound<D> {
    fn drop(&mut self) {
        self.reached();
        *self.alive.get_mut() = false;
        one_more(&self.driver.probe().dropped);
    }
}

impl<D: Probed> ClientBinding for Bound<D> {
    type Driver = D;
    type Npi = adder::Npi;

    fn attach(driver: &'static D, offer: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Self::decide(driver, offer)
    }

    fn closing(&self, _: &AtMostDispatch<'_>) {
        self.close();
    }
}

impl<D: Probed> ProviderBinding for Bound<D> {
    type Driver = D;
    type Npi = adder::Npi;

    fn attach(driver: &'static D, offer: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Self::decide(driver, offer)
    }

    fn closing(&self, _: &AtMostDispatch<'_>) {
        self.close();
    }
}

impl<D: Probed> adder::Provider for Bound<D> {
    fn add(&self, a: u32, b: u32) -> nmr::Result<u32> {
        self.serve();
        a.checked_add(b).ok_or(nmr::Error::INVALID_PARAMETER)
    }
}

impl<D: Probed> adder::Client for Bound<D> {
    fn told(&self, news: u32) -> u32 {
        self.serve();
        news
    }
}

/// Declares drivers, each with its probe, and says for each which registration the tests are about.
macro_rules! subjects {
    ($($(#[$doc:meta])* $name:ident = $module_id:literal $side:ident { $($registrations:tt)* })*) => {$(
        nmr::driver! {
            $(#[$doc])*
            pub driver $name {
                module_id: $module_id,
                system: Host<Bent>,
                state: Probe = Probe::new(),
                $($registrations)*
            }
        }

        impl Probed for $name {
            fn probe(&self) -> &Probe {
                &self.state
            }
        }

        subjects!(@ $side $name);
    )*};
    (@ client $name:ident) => {
        subjects!(@@ $name, Client, |guard| assert_eq!(guard.add(40, 2), Ok(42 + guard.binding().peer)));
    };
    (@ provider $name:ident) => {
        subjects!(@@ $name, Provider, |guard| assert_eq!(guard.told(42), 42 + guard.binding().peer));
    };
    (@@ $name:ident, $side:ident, |$guard:ident| $call:expr) => {
        impl Subject for $name {
            const SIDE: Side = Side::$side;

            fn bindings(&'static self) -> usize {
                self.adder.bindings()
            }

            fn hold(&'static self) -> Option<Box<dyn Any>> {
                self.adder.oldest_peer().map(|guard| Box::new(guard) as Box<dyn Any>)
            }

            fn call_all(&'static self) -> usize {
                self.adder.peers().map(|$guard| $call).count()
            }

            fn has_handle(&'static self) -> bool {
                !self.adder.raw_handle().is_null()
            }
        }
    };
}

subjects! {
    /// Client of Adder.
    Consumer = "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c10" client {
        client adder: adder::Npi as Bound<Consumer> { capacity: 6 },
    }

    /// Provider of Adder.
    Supplier = "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c11" provider {
        provider adder: adder::Npi as Bound<Supplier> { capacity: 6 },
    }

    /// Client of Adder that uses one provider at a time.
    Faithful = "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c12" client {
        client adder: adder::Npi as Bound<Faithful> { capacity: 6, policy: one },
    }

    /// Provider of Adder that serves one client at a time.
    Exclusive = "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c13" provider {
        provider adder: adder::Npi as Bound<Exclusive> { capacity: 6, policy: one },
    }

    /// Client of Adder twice over.
    Twins = "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c14" client {
        client adder: adder::Npi as Bound<Twins> { capacity: 6 },
        client second: adder::Npi as Bound<Twins> { capacity: 6 },
    }

    /// Client and provider of Adder, attached to itself.
    Hermit = "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c15" client {
        provider service: adder::Npi as Bound<Hermit> { capacity: 6, self_binding: accept },
        client adder: adder::Npi as Bound<Hermit> { capacity: 6, self_binding: accept },
    }

    /// The same with the client first.
    Recluse = "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c17" client {
        client adder: adder::Npi as Bound<Recluse> { capacity: 6, self_binding: accept },
        provider service: adder::Npi as Bound<Recluse> { capacity: 6, self_binding: accept },
    }

    /// Provider of Adder by way of the providers that it is a client of.
    Proxy = "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c19" client {
        provider service: adder::Npi as Bound<Proxy> { capacity: 6, needs: [adder] },
        client adder: adder::Npi as Bound<Proxy> { capacity: 6 },
    }

    /// Client and provider of Adder, as declared by default.
    Sociable = "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c16" client {
        provider service: adder::Npi as Bound<Sociable> { capacity: 6 },
        client adder: adder::Npi as Bound<Sociable> { capacity: 6 },
    }
}

nmr::driver! {
    /// Client of Adder that gets ready in its `start` hook.
    pub driver Prepared {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c18",
        system: Host<Bent>,
        state: Probe = Probe::new(),
        start: Prepared::start,
        client adder: adder::Npi as Bound<Prepared> { capacity: 6 },
    }
}

impl Probed for Prepared {
    fn probe(&self) -> &Probe {
        &self.state
    }
}

subjects!(@ client Prepared);

impl Prepared {
    fn start(&'static self, _: &MayWait<'_>) -> nmr::Result<()> {
        self.state.ready.store(true, Ordering::SeqCst);
        Ok(())
    }
}
