//! Provides Echo and Clock.
#![cfg_attr(nmr_driver, no_std)]
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering};
use echo_npi::clock::{self, Client as _};
use echo_npi::echo;
use nmr::{AtPassive, MayWait, Offer, OwnThread, ProviderBinding, Refusal};

nmr::driver! {
    /// The provider of Echo and Clock.
    pub driver EchoProvider {
        module_id: "a4b1e6d0-6d2b-4f0e-9f3e-2f7c5f3b0a01",
        state: Counters = Counters::new(),
        threads: 1,
        start: EchoProvider::start,

        provider echo: echo::Npi as EchoClient { capacity: 8 },
        provider clock: clock::Npi as ClockClient { capacity: 8 },
    }
}

/// What the driver counts.
#[derive(Debug)]
pub struct Counters {
    ticks: AtomicU64,
}

impl Counters {
    const fn new() -> Self {
        Self { ticks: AtomicU64::new(0) }
    }
}

impl EchoProvider {
    fn start(&'static self, at: &MayWait<'_>) -> nmr::Result<()> {
        self.threads.spawn(at, self, Self::tell_the_time)
    }

    /// Calls every client of Clock a hundred times a second.
    fn tell_the_time(&'static self, thread: &mut OwnThread<'_, Self>) {
        while thread.sleep(core::time::Duration::from_millis(10)) {
            let ticks = self.state.ticks.load(Ordering::Relaxed);
            for client in self.clock.peers() {
                client.ticked(ticks);
            }
        }
    }
}

/// A client of Echo.
#[derive(Debug)]
pub struct EchoClient;

impl ProviderBinding for EchoClient {
    type Driver = EchoProvider;
    type Npi = echo::Npi;

    fn attach(_: &'static EchoProvider, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

impl echo::Provider for EchoClient {
    fn echo(&self, value: u64) -> u64 {
        value
    }
}

/// A client of Clock.
#[derive(Debug)]
pub struct ClockClient {
    driver: &'static EchoProvider,
}

impl ProviderBinding for ClockClient {
    type Driver = EchoProvider;
    type Npi = clock::Npi;

    fn attach(driver: &'static EchoProvider, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self { driver })
    }
}

impl clock::Provider for ClockClient {
    fn ticks(&self) -> u64 {
        self.driver.state.ticks.fetch_add(1, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
