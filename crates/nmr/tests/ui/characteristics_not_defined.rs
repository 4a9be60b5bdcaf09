#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d06", version = 1)]
pub mod line {
    pub struct ProviderCharacteristics {
        pub speed: u32,
    }
    
    pub trait Provider {
        fn number(&self) -> u32;
    }
}

nmr::driver! {
    pub driver Sample {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b10",
        system: nmr::host::Host<nmr_sim::World>,
        client line: line::Npi as Line { capacity: 1, characteristics: 7_u32 },
    }
}

pub struct Line;

impl nmr::ClientBinding for Line {
    type Driver = Sample;
    type Npi = line::Npi;

    fn attach(
        _: &'static Sample,
        _: &nmr::Offer<'_, line::ProviderCharacteristics>,
        _: &nmr::AtPassive<'_>,
    ) -> Result<Self, nmr::Refusal> {
        Ok(Self)
    }
}

fn main() {}
