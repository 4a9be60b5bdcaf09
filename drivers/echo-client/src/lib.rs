//! A client of Echo and Relay that makes traffic through both, from threads of its own.
#![cfg_attr(nmr_driver, no_std)]
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use echo_npi::echo::{self, Provider as _};
use echo_npi::relay::{self, Provider as _};
use nmr::{AtPassive, ClientBinding, MayWait, Offer, OwnThread, Refusal};

nmr::driver! {
    /// The traffic maker.
    pub driver EchoClient {
        module_id: "a4b1e6d0-6d2b-4f0e-9f3e-2f7c5f3b0a03",
        state: Traffic = Traffic::new(),
        threads: 3,
        start: EchoClient::start,
        stop: EchoClient::stop,

        client echo: echo::Npi as EchoProvider { capacity: 4, shards: 16, calls_at_dispatch: allow },
        client relay: relay::Npi as RelayProvider { capacity: 4 },
    }
}

/// The calls made so far.
#[derive(Debug)]
pub struct Traffic {
    /// Calls of Echo that gave the value back.
    pub echoed: AtomicU64,
    /// Calls of Relay that gave the value back.
    pub relayed: AtomicU64,
    /// Calls of Relay that were answered with a failure.
    pub not_relayed: AtomicU64,
    /// Calls that gave something else back.
    pub wrong: AtomicU64,
}

impl Traffic {
    const fn new() -> Self {
        Self {
            echoed: AtomicU64::new(0),
            relayed: AtomicU64::new(0),
            not_relayed: AtomicU64::new(0),
            wrong: AtomicU64::new(0),
        }
    }

    fn count_echo(&self, right: bool) {
        let counter = if right { &self.echoed } else { &self.wrong };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn report(&self, when: &str) {
        nmr_wdk::println!(
            "echo-client: {when}: echoed {} relayed {} not_relayed {} wrong {}",
            self.echoed.load(Ordering::Relaxed),
            self.relayed.load(Ordering::Relaxed),
            self.not_relayed.load(Ordering::Relaxed),
            self.wrong.load(Ordering::Relaxed),
        );
    }
}

impl EchoClient {
    fn start(&'static self, at: &MayWait<'_>) -> nmr::Result<()> {
        self.threads.spawn(at, self, Self::call_echo)?;
        self.threads.spawn(at, self, Self::call_relay)?;
        self.threads.spawn(at, self, Self::report_progress)
    }

    fn stop(&'static self, _: &MayWait<'_>) {
        self.state.report("stop");
    }

    /// Stays with a provider under one guard until it goes, so that its unload meets a call in flight; between the calls
    /// under the guard there are some at DISPATCH_LEVEL, which nobody counts.
    fn call_echo(&'static self, thread: &mut OwnThread<'_, Self>) {
        while thread.sleep(Duration::from_millis(1)) {
            for provider in self.echo.peers() {
                let reference = provider.peer_ref();
                while !provider.is_closing() && thread.sleep(Duration::from_millis(1)) {
                    (0..1_000).for_each(|value| self.state.count_echo(provider.echo(value) == value));
                    thread.at_dispatch(|at| {
                        let Some(provider) = reference.enter_at_dispatch(at) else { return };
                        (0..100).for_each(|value| self.state.count_echo(provider.echo(value) == value));
                    });
                }
            }
        }
    }

    /// One guard for each call; calls fail while the provider of Relay has no Echo itself.
    fn call_relay(&'static self, thread: &mut OwnThread<'_, Self>) {
        while thread.sleep(Duration::from_millis(1)) {
            for value in 0..100 {
                let Some(provider) = self.relay.oldest_peer() else { break };
                let counter = match provider.relay(value) {
                    Ok(relayed) if relayed == value => &self.state.relayed,
                    Ok(_) => &self.state.wrong,
                    Err(_) => &self.state.not_relayed,
                };
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn report_progress(&'static self, thread: &mut OwnThread<'_, Self>) {
        while thread.sleep(Duration::from_millis(50)) {
            self.state.report("progress");
        }
    }
}

/// A provider of Echo.
#[derive(Debug)]
pub struct EchoProvider;

impl ClientBinding for EchoProvider {
    type Driver = EchoClient;
    type Npi = echo::Npi;

    fn attach(_: &'static EchoClient, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

/// A provider of Relay.
#[derive(Debug)]
pub struct RelayProvider;

impl ClientBinding for RelayProvider {
    type Driver = EchoClient;
    type Npi = relay::Npi;

    fn attach(_: &'static EchoClient, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

#[cfg(test)]
mod tests;
