//! A driver with `on_failure: park`: the lab has NMR fail, and sees that Unload does not return and says why.
#![cfg_attr(nmr_driver, no_std)]
#![forbid(unsafe_code)]

use echo_npi::echo;
use nmr::{AtPassive, ClientBinding, Offer, Refusal};

nmr::driver! {
    /// Stays in Unload for ever when a registration cannot be given back.
    pub driver FailureParks {
        module_id: "a4b1e6d0-6d2b-4f0e-9f3e-2f7c5f3b0afd",
        on_failure: park,

        client echo: echo::Npi as EchoProvider { capacity: 1 },
    }
}

/// Never attached: nobody provides Echo where the lab loads the driver.
#[derive(Debug)]
pub struct EchoProvider;

impl ClientBinding for EchoProvider {
    type Driver = FailureParks;
    type Npi = echo::Npi;

    fn attach(_: &'static FailureParks, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}
