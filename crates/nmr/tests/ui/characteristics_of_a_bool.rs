#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d06", version = 1)]
pub mod line {
    pub struct ProviderCharacteristics {
        pub fast: bool,
    }

    pub trait Provider {
        fn number(&self) -> u32;
    }
}

fn main() {}
