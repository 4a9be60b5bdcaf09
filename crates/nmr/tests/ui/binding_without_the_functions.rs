#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d01", version = 1)]
pub mod adder {
    pub trait Provider {
        fn add(&self, a: u32) -> u32;
    }
}

pub struct Client;

impl nmr::ProviderBinding for Client {
    type Driver = Sample;
    type Npi = adder::Npi;

    fn attach(_: &'static Sample, _: &nmr::Offer<'_>, _: &nmr::AtPassive<'_>) -> Result<Self, nmr::Refusal> {
        Ok(Self)
    }
}

nmr::driver! {
    pub driver Sample {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b10",
        system: nmr::host::Host<nmr_sim::World>,
        provider adder: adder::Npi as Client { capacity: 1 },
    }
}

fn main() {}
