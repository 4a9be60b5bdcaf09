#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d02", version = 1)]
pub mod adder {
    #[plain]
    pub struct Sum {
        pub sum: u32,
        #[cfg(windows)]
        pub carry: u32,
    }

    pub trait Provider {
        fn add(&self, a: u32, b: u32) -> u32;
        #[cfg(feature = "multiply")]
        fn multiply(&self, a: u32, b: u32) -> u32;
    }
}

fn main() {}
