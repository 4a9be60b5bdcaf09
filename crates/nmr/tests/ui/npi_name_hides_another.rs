#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d72", version = 1)]
pub mod lister {
    #[plain]
    pub struct Guid(pub u64);

    pub trait Provider {
        fn list(&self, of: Guid) -> u32;
    }
}

#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d73", version = 1)]
pub mod finder {
    use super::lister::Guid;

    #[plain]
    pub struct Entry {
        pub of: Guid,
    }

    pub trait Provider {
        fn find(&self, of: Guid) -> nmr::Result<Entry>;
    }
}

fn main() {}
