//! Two drivers that add numbers, one of them for the other, and what the tests tell them to do.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use nmr::host::{Host, Loaded};
use nmr::{AtMostDispatch, AtPassive, ClientBinding, MayWait, Offer, OwnThread, ProviderBinding, Refusal};
use nmr_sim::World;

/// Adds numbers.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d01", version = 3)]
pub mod adder {
    pub trait Provider {
        /// # Errors
        /// The sum does not fit.
        fn add(&self, a: u32, b: u32) -> nmr::Result<u32>;
    }
}

/// A second NPI, so that a driver has several.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d02", version = 1)]
pub mod greeter {
    pub trait Provider {
        fn greetings(&self) -> u64;
    }
    pub trait Client {
        fn greeted(&self);
    }
}

/// What a driver's bindings went through.
#[derive(Debug)]
pub struct Counters {
    pub attached: AtomicUsize,
    pub closing: AtomicUsize,
    pub dropped: AtomicUsize,
    pub greeted: AtomicUsize,
    pub started: AtomicUsize,
    pub stopped: AtomicUsize,
    pub threads_ended: AtomicUsize,
    pub refuse: AtomicBool,
}

impl Counters {
    const fn new() -> Self {
        Self {
            attached: AtomicUsize::new(0),
            closing: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
            greeted: AtomicUsize::new(0),
            started: AtomicUsize::new(0),
            stopped: AtomicUsize::new(0),
            threads_ended: AtomicUsize::new(0),
            refuse: AtomicBool::new(false),
        }
    }
}

pub fn count(counter: &AtomicUsize) -> usize {
    counter.load(Ordering::SeqCst)
}

fn one_more(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::SeqCst);
}

nmr::driver! {
    /// Client of Adder, provider of Greeter by way of it.
    pub driver Caller {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b10",
        system: Host<World>,
        state: Counters = Counters::new(),
        threads: 1,
        start: Caller::start,
        stop: Caller::stop,

        client adder: adder::Npi as Adder { capacity: 2 },
        client only: adder::Npi as OnlyAdder { capacity: 2, policy: one },
        provider greeter: greeter::Npi as Guest { capacity: 2, needs: [adder] },
        client own_greeter: greeter::Npi as OwnGreeter { capacity: 2 },
    }
}

impl Caller {
    pub fn load(world: &World) -> nmr::Result<Loaded<Self>> {
        Loaded::new(Host::new(world.clone()))
    }

    fn start(&'static self, at: &MayWait<'_>) -> nmr::Result<()> {
        one_more(&self.state.started);
        self.threads.spawn(at, self, Self::until_the_end)
    }

    fn stop(&'static self, _: &MayWait<'_>) {
        one_more(&self.state.stopped);
    }

    fn until_the_end(&'static self, thread: &mut OwnThread<'_, Self>) {
        while thread.sleep(core::time::Duration::from_secs(60)) {}
        one_more(&self.state.threads_ended);
    }
}

/// A provider of Adder.
#[derive(Debug)]
pub struct Adder {
    driver: &'static Caller,
}

impl ClientBinding for Adder {
    type Driver = Caller;
    type Npi = adder::Npi;

    fn attach(driver: &'static Caller, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        if driver.state.refuse.load(Ordering::SeqCst) {
            return Err(Refusal::because("told to"));
        }
        one_more(&driver.state.attached);
        Ok(Self { driver })
    }

    fn closing(&self, _: &AtMostDispatch<'_>) {
        one_more(&self.driver.state.closing);
    }
}

impl Drop for Adder {
    fn drop(&mut self) {
        one_more(&self.driver.state.dropped);
    }
}

/// The one provider of Adder that the second registration accepts.
#[derive(Debug)]
pub struct OnlyAdder;

impl ClientBinding for OnlyAdder {
    type Driver = Caller;
    type Npi = adder::Npi;

    fn attach(_: &'static Caller, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

/// A client of Greeter.
#[derive(Debug)]
pub struct Guest {
    driver: &'static Caller,
}

impl ProviderBinding for Guest {
    type Driver = Caller;
    type Npi = greeter::Npi;

    fn attach(driver: &'static Caller, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self { driver })
    }
}

impl greeter::Provider for Guest {
    fn greetings(&self) -> u64 {
        count(&self.driver.state.greeted) as u64
    }
}

/// The driver as a client of its own provider, which it refuses.
#[derive(Debug)]
pub struct OwnGreeter;

impl ClientBinding for OwnGreeter {
    type Driver = Caller;
    type Npi = greeter::Npi;

    fn attach(_: &'static Caller, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

impl greeter::Client for OwnGreeter {
    fn greeted(&self) {}
}

nmr::driver! {
    /// Provider of Adder.
    pub driver Server {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b11",
        system: Host<World>,
        state: Counters = Counters::new(),

        provider adder: adder::Npi as Customer { capacity: 8 },
        client greeter: greeter::Npi as Greeter { capacity: 2 },
    }
}

impl Server {
    pub fn load(world: &World) -> nmr::Result<Loaded<Self>> {
        Loaded::new(Host::new(world.clone()))
    }
}

/// A client of Adder.
#[derive(Debug)]
pub struct Customer;

impl ProviderBinding for Customer {
    type Driver = Server;
    type Npi = adder::Npi;

    fn attach(driver: &'static Server, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        if driver.state.refuse.load(Ordering::SeqCst) {
            return Err(Refusal::with(nmr::Error::NOT_SUPPORTED, "told to"));
        }
        one_more(&driver.state.attached);
        Ok(Self)
    }
}

impl adder::Provider for Customer {
    fn add(&self, a: u32, b: u32) -> nmr::Result<u32> {
        a.checked_add(b).ok_or(nmr::Error::INVALID_PARAMETER)
    }
}

/// A provider of Greeter.
#[derive(Debug)]
pub struct Greeter {
    driver: &'static Server,
}

impl ClientBinding for Greeter {
    type Driver = Server;
    type Npi = greeter::Npi;

    fn attach(driver: &'static Server, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self { driver })
    }
}

impl greeter::Client for Greeter {
    fn greeted(&self) {
        one_more(&self.driver.state.greeted);
    }
}
