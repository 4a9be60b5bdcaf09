//! A driver with the default policy for failures of NMR: the lab has NMR fail, and looks for the stop.
#![cfg_attr(nmr_driver, no_std)]
#![forbid(unsafe_code)]

use echo_npi::echo;
use nmr::{AtPassive, ClientBinding, Offer, Refusal};

nmr::driver! {
    /// Stops the machine when a registration cannot be given back.
    pub driver FailureStops {
        module_id: "a4b1e6d0-6d2b-4f0e-9f3e-2f7c5f3b0afe",

        client echo: echo::Npi as EchoProvider { capacity: 1 },
    }
}

/// Never attached: nobody provides Echo where the lab loads the driver.
#[derive(Debug)]
pub struct EchoProvider;

impl ClientBinding for EchoProvider {
    type Driver = FailureStops;
    type Npi = echo::Npi;

    fn attach(_: &'static FailureStops, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}
