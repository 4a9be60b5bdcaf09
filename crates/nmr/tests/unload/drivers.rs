//! The drivers of these tests.

use crate::faulty::Faulty;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use nmr::host::{Host, Loaded};
use nmr::{AtPassive, ClientBinding, MayWait, Offer, OwnThread, ProviderBinding, Refusal};
use nmr_sim::World;

/// Adds numbers.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1e01", version = 1)]
pub mod adder {
    pub trait Provider {
        /// # Errors
        /// The sum does not fit.
        fn add(&self, a: u32, b: u32) -> nmr::Result<u32>;
    }
}

/// Something of which a driver offers several.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1e02", version = 1)]
pub mod hook {
    pub trait Provider {
        fn fired(&self) -> u32;
    }
}

/// What the tests count, and what they tell the driver.
#[derive(Debug)]
pub struct State {
    pub started: AtomicUsize,
    pub stopped: AtomicUsize,
    pub threads_ended: AtomicUsize,
    pub fail_start: AtomicBool,
    pub early: AtomicBool,
    pub stay: AtomicBool,
    pub hold_stop: AtomicBool,
    pub hold_decision: AtomicBool,
    pub deciding: AtomicUsize,
    pub chain: AtomicBool,
    pub chained: AtomicUsize,
}

impl State {
    const fn new() -> Self {
        Self {
            started: AtomicUsize::new(0),
            stopped: AtomicUsize::new(0),
            threads_ended: AtomicUsize::new(0),
            fail_start: AtomicBool::new(false),
            early: AtomicBool::new(false),
            stay: AtomicBool::new(false),
            hold_stop: AtomicBool::new(false),
            hold_decision: AtomicBool::new(false),
            deciding: AtomicUsize::new(0),
            chain: AtomicBool::new(false),
            chained: AtomicUsize::new(0),
        }
    }
}

pub fn count(counter: &AtomicUsize) -> usize {
    counter.load(Ordering::SeqCst)
}

nmr::driver! {
    /// Four clients of Adder, so that one provider can hold up four deregistrations.
    pub driver Hub {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c10",
        system: Host<Faulty>,
        state: State = State::new(),
        threads: 2,
        start: Hub::start,
        stop: Hub::stop,

        client first: adder::Npi as First { capacity: 2 },
        client second: adder::Npi as Second { capacity: 2 },
        client third: adder::Npi as Third { capacity: 2 },
        client fourth: adder::Npi as Fourth { capacity: 2 },
        client later: adder::Npi as Later { capacity: 2, activate: later, number: 7 },
    }
}

nmr::driver! {
    /// Offers hooks, and would be a client of them.
    pub driver Hooks {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c11",
        system: Host<Faulty>,

        provider hook: hook::Npi as Hooked { capacity: 4, instances: 3, number: 40 },
        provider spare: hook::Npi as Spare {
            capacity: 4, instances: 2, activate: later, module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b99",
        },
        client own: hook::Npi as OwnHook { capacity: 4 },
    }
}

nmr::driver! {
    /// Stays in memory when NMR fails.
    pub driver Parked {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c12",
        system: Host<Faulty>,
        on_failure: park,

        client adder: adder::Npi as ParkedAdder { capacity: 2 },
    }
}

nmr::driver! {
    /// Two stages, each with a peer that may block.
    pub driver Staged {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c13",
        system: Host<Faulty>,

        client low: adder::Npi as Low { capacity: 2 },
        client low_too: adder::Npi as LowToo { capacity: 2 },
        client high: adder::Npi as High { capacity: 2, needs: [low, low_too] },
        client high_too: adder::Npi as HighToo { capacity: 2, needs: [low] },
    }
}

impl Hub {
    /// The system, over `world`.
    pub fn system(world: &World) -> Host<Faulty> {
        Host::new(Faulty::over(world))
    }

    pub fn load(world: &World) -> nmr::Result<Loaded<Self>> {
        Loaded::new(Self::system(world))
    }

    fn start(&'static self, at: &MayWait<'_>) -> nmr::Result<()> {
        self.state.started.fetch_add(1, Ordering::SeqCst);
        let early = self.later.activate(at.at_passive());
        assert_eq!(early, Err(nmr::Error::DEVICE_NOT_READY), "the driver has not started");
        for _ in 0..2 {
            self.threads.spawn(at, self, Self::until_the_end)?;
        }
        match self.state.fail_start.load(Ordering::SeqCst) {
            true => Err(nmr::Error::NOT_SUPPORTED),
            false => Ok(()),
        }
    }

    fn stop(&'static self, at: &MayWait<'_>) {
        self.state.stopped.fetch_add(1, Ordering::SeqCst);
        while self.state.hold_stop.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        if self.state.early.load(Ordering::SeqCst) {
            self.second.deactivate(at.at_most_dispatch());
            self.second.wait_deactivated(at);
        }
    }

    fn until_the_end(&'static self, thread: &mut OwnThread<'_, Self>) {
        while thread.sleep(core::time::Duration::from_secs(60)) {}
        while self.state.stay.load(Ordering::SeqCst) {
            std::thread::sleep(core::time::Duration::from_millis(1));
        }
        self.state.threads_ended.fetch_add(1, Ordering::SeqCst);
    }
}

macro_rules! clients {
    ($($driver:ident: $npi:ident => $($binding:ident)*;)*) => {$($(
        #[derive(Debug)]
        pub struct $binding;

        impl ClientBinding for $binding {
            type Driver = $driver;
            type Npi = $npi::Npi;

            fn attach(_: &'static $driver, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
                Ok(Self)
            }
        }
    )*)*};
}

clients! {
    Hub: adder => Second Third Later;
    Parked: adder => ParkedAdder;
    Staged: adder => Low LowToo High HighToo;
    Hooks: hook => OwnHook;
}

/// Its attach decision takes as long as it is told to.
#[derive(Debug)]
pub struct First;

impl ClientBinding for First {
    type Driver = Hub;
    type Npi = adder::Npi;

    fn attach(driver: &'static Hub, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        driver.state.deciding.fetch_add(1, Ordering::SeqCst);
        while driver.state.hold_decision.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        Ok(Self)
    }
}

/// Its attach callback activates another registration, if told to.
#[derive(Debug)]
pub struct Fourth;

impl ClientBinding for Fourth {
    type Driver = Hub;
    type Npi = adder::Npi;

    fn attach(driver: &'static Hub, _: &Offer<'_>, at: &AtPassive<'_>) -> Result<Self, Refusal> {
        if driver.state.chain.load(Ordering::SeqCst) {
            match driver.later.activate(at) {
                Ok(()) => driver.state.chained.fetch_add(1, Ordering::SeqCst),
                Err(nmr::Error::DEVICE_NOT_READY) => return Err(Refusal::because("unload has begun")),
                Err(error) => return Err(error.into()),
            };
        }
        Ok(Self)
    }
}

macro_rules! hooks {
    ($($binding:ident)*) => {$(
        #[derive(Debug)]
        pub struct $binding;

        impl ProviderBinding for $binding {
            type Driver = Hooks;
            type Npi = hook::Npi;

            fn attach(_: &'static Hooks, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
                Ok(Self)
            }
        }

        impl hook::Provider for $binding {
            fn fired(&self) -> u32 {
                1
            }
        }
    )*};
}

hooks! { Hooked Spare }
