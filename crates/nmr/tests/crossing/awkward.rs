//! A contract that has one of everything.

pub use awkward::*;

/// Awkward keeps entries.
///
/// It is here to be difficult: by-reference buffers, callbacks at DISPATCH_LEVEL, optional functions, two versions.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d60", version = 2, oldest = 1)]
pub mod awkward {
    use nmr::{AtDispatch, AtMostDispatch, AtPassive, Guid, Status};

    /// How many pages there are.
    pub const PAGES: u32 = 4;

    /// What sort of entry it is.
    #[plain]
    #[derive(Debug, PartialEq, Eq)]
    pub struct Kind(pub u32);

    impl Kind {
        /// A file.
        pub const FILE: Self = Self(1);
        /// A link.
        pub const LINK: Self = Self(0x2);
    }

    /// An entry.
    #[plain]
    #[derive(Debug)]
    pub struct Entry {
        /// By which it is found.
        pub key: u64,
        /// What it is.
        pub kind: Kind,
        /// Three of them.
        pub tags: [u16; 3],
    }

    /// Whether something is so; C's `BOOLEAN`.
    #[plain]
    #[derive(Debug, PartialEq, Eq)]
    pub struct Boolean(pub u8);

    impl From<bool> for Boolean {
        fn from(value: bool) -> Self {
            Self(value.into())
        }
    }

    /// What a provider of Awkward is.
    #[header(version_size, version = 1)]
    #[derive(Debug)]
    pub struct ProviderCharacteristics {
        /// Where it keeps entries.
        pub site: Guid,
        /// How many it keeps.
        pub room: u32,
        /// Four small ones.
        pub letters: [u8; 4],
    }

    /// What a provider of Awkward serves.
    pub trait Provider {
        /// Writes `data` to the page, and answers how much it was.
        ///
        /// # Errors
        /// STATUS_INVALID_PARAMETER for a page that there is not.
        fn write(&self, at: &AtPassive<'_>, page: u32, data: &[u8]) -> nmr::Result<usize>;
        /// Reads the page, as much as there is room for, and answers how much it was.
        fn read(&self, at: &AtPassive<'_>, page: u32, buffer: &mut [u8]) -> nmr::Result<usize>;
        /// Keeps an entry.
        fn put(&self, entry: &Entry) -> nmr::Result<()>;
        /// Fills in the entry with its key.
        fn look_up(&self, entry: &mut Entry) -> nmr::Result<Boolean>;
        /// The entry that was put first.
        fn first(&self) -> nmr::Result<Entry>;
        /// Makes room. A provider may be without it.
        #[optional]
        fn compact(&self, at: &AtPassive<'_>, level: u8) -> nmr::Result<u64>;
        /// The sum of the keys.
        #[since(version = 2)]
        fn sum(&self, entries: &[Entry]) -> nmr::Result<u64>;
        /// The status of the site.
        #[since(version = 2)]
        fn status(&self, site: Guid) -> nmr::Result<Status>;
    }

    /// What a client of Awkward serves.
    pub trait Client {
        /// Something has arrived; called from a DPC.
        fn arrived(&self, at: &AtDispatch<'_>, count: u32) -> nmr::Result<()>;
        /// Something has passed.
        fn passed(&self, at: &AtMostDispatch<'_>, count: u32);
        /// Names the client. A client may be without it.
        #[optional]
        fn rename(&self, name: &[u8]) -> nmr::Result<()>;
    }
}
