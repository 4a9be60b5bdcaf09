#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d02", version = 2, oldest = 1)]
pub mod adder {
    #[plain]
    pub enum Kind {
        Sum,
        Product,
    }

    #[plain]
    pub type Number = u32;

    pub struct ProviderCharacteristics {
        pub width: u32,
        #[since(version = 2)]
        pub carry: u32,
    }

    #[optional]
    pub trait Provider {
        #[header(none)]
        fn add(&self, a: u32, #[no_context] b: u32) -> u32;
    }
}

fn main() {}
