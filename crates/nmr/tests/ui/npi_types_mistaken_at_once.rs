#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d70", version = 1)]
pub mod adder {
    pub type Numbers = [u32; 4];

    pub enum Kind {
        Plus,
    }

    #[plain]
    pub struct Sum {
        pub carry: bool,
        pub kind: Kind,
        pub name: &str,
        pub next: *mut u8,
    }

    pub trait Provider {
        fn add(&self, numbers: Numbers) -> u32;
        fn subtract(&self, numbers: [u32; 4], more: Numbers) -> u32;
        fn sum(&self, sum: &mut Sum) -> nmr::Result<bool>;
    }

    pub trait Client {
        fn told(&self, numbers: Numbers);
    }
}

fn main() {}
