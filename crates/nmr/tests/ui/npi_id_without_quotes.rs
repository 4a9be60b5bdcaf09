#[nmr::npi(id = 12, version = "1")]
pub mod adder {
    pub trait Provider {
        fn add(&self, a: u32, b: u32) -> u32;
    }
}

fn main() {}
