#![expect(unsafe_code, reason = "a promise in the wrong place")]

#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d02", version = 1)]
pub mod adder {
    pub unsafe trait Provider {
        fn add(&self, a: u32, b: u32) -> u32;
    }
}

fn main() {}
