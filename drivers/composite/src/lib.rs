//! A composite driver: client of Echo and Clock, provider of Relay, which it serves by calling through Echo.
#![cfg_attr(nmr_driver, no_std)]
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering};
use echo_npi::clock::{self, Provider as _};
use echo_npi::echo::{self, Provider as _};
use echo_npi::relay;
use nmr::{AtPassive, ClientBinding, Error, Offer, ProviderBinding, Refusal};

nmr::driver! {
    /// The composite driver.
    pub driver Composite {
        module_id: "a4b1e6d0-6d2b-4f0e-9f3e-2f7c5f3b0a02",
        control_device: true,

        client echo: echo::Npi as EchoProvider { capacity: 4 },
        client clock: clock::Npi as ClockProvider { capacity: 4 },
        provider relay: relay::Npi as RelayClient { capacity: 8, needs: [echo, clock] },
    }
}

/// A provider of Echo.
#[derive(Debug)]
pub struct EchoProvider;

impl ClientBinding for EchoProvider {
    type Driver = Composite;
    type Npi = echo::Npi;

    fn attach(_: &'static Composite, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

/// A provider of Clock, and the time that it told last.
#[derive(Debug)]
pub struct ClockProvider {
    last_told: AtomicU64,
}

impl ClientBinding for ClockProvider {
    type Driver = Composite;
    type Npi = clock::Npi;

    fn attach(_: &'static Composite, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self { last_told: AtomicU64::new(0) })
    }
}

impl clock::Client for ClockProvider {
    fn ticked(&self, ticks: u64) {
        self.last_told.fetch_max(ticks, Ordering::Relaxed);
    }
}

/// A client of Relay.
#[derive(Debug)]
pub struct RelayClient {
    driver: &'static Composite,
}

impl ProviderBinding for RelayClient {
    type Driver = Composite;
    type Npi = relay::Npi;

    fn attach(driver: &'static Composite, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self { driver })
    }
}

impl relay::Provider for RelayClient {
    fn relay(&self, value: u64) -> nmr::Result<u64> {
        let echo = self.driver.echo.oldest_peer().ok_or(Error::DEVICE_NOT_READY)?;
        if let Some(clock) = self.driver.clock.oldest_peer() {
            clock.ticks();
        }
        Ok(echo.echo(value))
    }
}

#[cfg(test)]
mod tests;
