//! A driver that panics on purpose: the lab loads it to see that the stop names the place.
#![cfg_attr(nmr_driver, no_std)]
#![forbid(unsafe_code)]

use echo_npi::echo;
use nmr::{AtPassive, ClientBinding, MayWait, Offer, Refusal};

nmr::driver! {
    /// Panics in its start hook.
    pub driver PanicProbe {
        module_id: "a4b1e6d0-6d2b-4f0e-9f3e-2f7c5f3b0aff",
        start: PanicProbe::start,

        client echo: echo::Npi as EchoProvider { capacity: 1 },
    }
}

impl PanicProbe {
    fn start(&'static self, _: &MayWait<'_>) -> nmr::Result<()> {
        panic!("on purpose, with {} bindings", self.echo.bindings());
    }
}

/// Never attached: the driver does not get that far.
#[derive(Debug)]
pub struct EchoProvider;

impl ClientBinding for EchoProvider {
    type Driver = PanicProbe;
    type Npi = echo::Npi;

    fn attach(_: &'static PanicProbe, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}
