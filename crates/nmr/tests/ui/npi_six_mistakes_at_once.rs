#[nmr::npi(id = "adder", version = "one")]
pub mod adder {
    #[header(size_version)]
    pub trait Provider {
        fn add(&mut self, a: u32) -> u32;
        fn name(&self, name: &str) -> nmr::Result<()>;
    }
    pub trait Client {
        #[optional]
        fn added(&self);
    }
}

fn main() {}
