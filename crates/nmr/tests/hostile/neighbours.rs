//! The drivers around the rogue: one that it is a client of, one that it serves. They behave, and come and go.

use crate::canary::{Canary, Census};
use crate::seeds::Seed;
use nmr::host::Host;
use nmr::{AtMostDispatch, AtPassive, ClientBinding, MayWait, Offer, OwnThread, ProviderBinding, Refusal};
use nmr_sim::World;
use pit::Provider as _;
use std::sync::atomic::Ordering;

/// Answers one more than it is asked.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d31", version = 1)]
pub mod pit {
    pub trait Provider {
        fn touch(&self, value: u64) -> u64;
        /// Takes its time.
        fn linger(&self, seed: u64) -> u64;
    }
    pub trait Client {
        fn poked(&self, value: u64) -> u64;
    }
}

/// The same functions under another identifier, which the rogue serves.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d32", version = 1)]
pub mod well {
    pub trait Provider {
        fn touch(&self, value: u64) -> u64;
    }
}

nmr::driver! {
    /// Provides Pit.
    pub driver Pit {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2d30",
        system: Host<World>,
        state: Census = Census::new(),

        provider pit: pit::Npi as Faller { capacity: 8, shards: 16 },
    }
}

/// A client of Pit.
#[derive(Debug)]
pub struct Faller {
    canary: Canary,
    driver: &'static Pit,
}

impl ProviderBinding for Faller {
    type Driver = Pit;
    type Npi = pit::Npi;

    fn attach(driver: &'static Pit, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        driver.state.attached.fetch_add(1, Ordering::SeqCst);
        Ok(Self { canary: Canary::new(), driver })
    }

    fn closing(&self, _: &AtMostDispatch<'_>) {
        self.canary.sings();
        self.driver.state.closed.fetch_add(1, Ordering::SeqCst);
    }
}

impl pit::Provider for Faller {
    fn touch(&self, value: u64) -> u64 {
        self.driver.state.is_loaded();
        self.canary.sings();
        self.driver.state.served.fetch_add(1, Ordering::Relaxed);
        value.wrapping_add(1)
    }

    fn linger(&self, seed: u64) -> u64 {
        self.canary.sings();
        Seed::new(seed).dawdle();
        self.canary.sings();
        self.driver.state.is_loaded();
        seed.wrapping_add(1)
    }
}

impl Drop for Faller {
    fn drop(&mut self) {
        self.driver.state.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

nmr::driver! {
    /// Client of Well.
    pub driver Guest {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2d31",
        system: Host<World>,
        state: Census = Census::new(),
        threads: 1,
        start: Guest::start,

        client well: well::Npi as Bucket { capacity: 4 },
    }
}

impl Guest {
    fn start(&'static self, at: &MayWait<'_>) -> nmr::Result<()> {
        self.threads.spawn(at, self, Self::draws)
    }

    /// Makes traffic until the end.
    fn draws(&'static self, thread: &mut OwnThread<'_, Self>) {
        while thread.goes_on() {
            for peer in self.well.peers() {
                assert_eq!(well::Provider::touch(&*peer, 7), 8);
                peer.binding().canary.sings();
            }
            std::thread::yield_now();
        }
    }
}

/// A provider of Well.
#[derive(Debug)]
pub struct Bucket {
    canary: Canary,
    driver: &'static Guest,
}

impl ClientBinding for Bucket {
    type Driver = Guest;
    type Npi = well::Npi;

    fn attach(driver: &'static Guest, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        driver.state.attached.fetch_add(1, Ordering::SeqCst);
        Ok(Self { canary: Canary::new(), driver })
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.driver.state.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

/// Calls whatever this is through a guard's functions.
pub fn touch(peer: &pit::ProviderCalls, value: u64) {
    assert_eq!(peer.touch(value), value.wrapping_add(1), "the right peer answers");
}
