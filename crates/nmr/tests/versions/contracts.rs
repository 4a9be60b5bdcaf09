//! One contract in two versions, as the crates of two releases have it; and one that is called in one direction only.

#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d50", version = 1)]
pub mod old {
    pub trait Provider {
        fn add(&self, a: u32, b: u32) -> u32;
    }
    pub trait Client {
        fn told(&self, value: u32) -> nmr::Result<()>;
    }
}

#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d50", version = 2, oldest = 1)]
pub mod new {
    pub trait Provider {
        fn add(&self, a: u32, b: u32) -> u32;
        #[since(version = 2)]
        fn multiply(&self, a: u32, b: u32) -> nmr::Result<u32>;
    }
    pub trait Client {
        fn told(&self, value: u32) -> nmr::Result<()>;
        #[since(version = 2)]
        fn told_more(&self, value: u32) -> nmr::Result<u32>;
    }
}

#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d51", version = 1)]
pub mod one_way_old {
    pub trait Provider {
        fn add(&self, a: u32, b: u32) -> u32;
    }
}

#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d51", version = 2, oldest = 1)]
pub mod one_way {
    pub trait Provider {
        fn add(&self, a: u32, b: u32) -> u32;
        #[since(version = 2)]
        fn multiply(&self, a: u32, b: u32) -> nmr::Result<u32>;
    }
}
