//! As many registrations as the driver has, with bare Nmr* calls.

use nmr::Npi as _;
use nmr_sim::World;

use super::wide::REGISTRATIONS;
use crate::echo::echo;
use crate::raw_module::{RawClient, RegisteredClient};

/// Clients of Echo without the framework.
#[derive(Debug)]
pub(super) struct Registrations(Vec<RawClient>);

impl Registrations {
    pub(super) fn new(world: &World) -> Self {
        Self((0..REGISTRATIONS).map(|_| RawClient::new(world, echo::Npi::ID)).collect())
    }

    pub(super) fn register(&self) -> Vec<RegisteredClient<'_>> {
        self.0.iter().map(RawClient::register).collect()
    }
}

/// Deregisters all, then waits for all.
pub(super) fn take_down(registered: Vec<RegisteredClient<'_>>) {
    let ending: Vec<_> = registered.into_iter().map(RegisteredClient::deregister).collect();
    for client in ending {
        client.wait();
    }
}
