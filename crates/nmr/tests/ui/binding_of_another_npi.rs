mod driver;

use nmr::{AtPassive, ClientBinding, Offer, Refusal};

#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d02", version = 1)]
pub mod subtractor {
    pub trait Provider {
        fn subtract(&self, a: u32, b: u32) -> nmr::Result<u32>;
    }
}

nmr::driver! {
    pub driver Sample {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b10",
        system: nmr::host::Host<nmr_sim::World>,
        client subtractor: subtractor::Npi as AdderProvider { capacity: 4 },
    }
}

#[derive(Debug)]
pub struct AdderProvider;

impl ClientBinding for AdderProvider {
    type Driver = Sample;
    type Npi = driver::adder::Npi;

    fn attach(_: &'static Sample, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

fn main() {}
