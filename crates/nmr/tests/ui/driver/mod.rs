//! What the cases share: a contract, and bindings of both roles.

#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d01", version = 1)]
pub mod adder {
    pub trait Provider {
        fn add(&self, a: u32, b: u32) -> nmr::Result<u32>;
    }
}

pub struct Provider;

impl nmr::ClientBinding for Provider {
    type Driver = crate::Sample;
    type Npi = adder::Npi;

    fn attach(_: &'static crate::Sample, _: &nmr::Offer<'_>, _: &nmr::AtPassive<'_>) -> Result<Self, nmr::Refusal> {
        Ok(Self)
    }
}

pub struct Client;

impl nmr::ProviderBinding for Client {
    type Driver = crate::Sample;
    type Npi = adder::Npi;

    fn attach(_: &'static crate::Sample, _: &nmr::Offer<'_>, _: &nmr::AtPassive<'_>) -> Result<Self, nmr::Refusal> {
        Ok(Self)
    }
}

impl adder::Provider for Client {
    fn add(&self, a: u32, b: u32) -> nmr::Result<u32> {
        Ok(a + b)
    }
}
