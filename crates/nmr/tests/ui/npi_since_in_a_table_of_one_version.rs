#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d01", version = 2, oldest = 1)]
pub mod adder {
    #[header(version_reserved, version = 1)]
    pub trait Provider {
        fn add(&self, a: u32) -> u32;
        #[since(version = 2)]
        fn multiply(&self, a: u32) -> nmr::Result<u32>;
    }
}

fn main() {}
