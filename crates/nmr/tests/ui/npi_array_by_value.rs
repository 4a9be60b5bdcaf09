#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d02", version = 1)]
pub mod adder {
    pub type Numbers = [u32; 4];

    pub trait Provider {
        fn add(&self, numbers: Numbers) -> u32;
        fn first(&self) -> [u32; 4];
    }
}

fn main() {}
