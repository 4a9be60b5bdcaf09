#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d01", version = 1)]
pub mod adder {
    pub trait Provider {
        fn add(&self, at: &nmr::AtPassive<'_>, a: u32) -> u32;
    }
}

use adder::Provider as _;

fn add<S: nmr::System>(adder: &adder::ProviderCalls, system: &S, mut at: nmr::MayWait<'_>) -> u32 {
    at.at_dispatch(system, |raised| adder.add(raised, 1))
}

fn main() {}
