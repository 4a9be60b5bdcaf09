//! A provider and a client of Awkward.

use super::awkward::{self, Boolean, Entry};
use nmr::host::Host;
use nmr::{
    AtDispatch, AtMostDispatch, AtPassive, ClientBinding, Error, Guid, Offer, ProviderBinding, Refusal,
    Result, Status, System,
};
use nmr_sim::World;
use std::sync::Mutex;

nmr::driver! {
    /// Keeps pages and entries.
    pub driver Keeper {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b51",
        system: Host<World>,
        state: Store = Store::new(),

        provider awkward: awkward::Npi as Customer {
            capacity: 2,
            characteristics: awkward::ProviderCharacteristics { site: Guid::from_u128(3), room: 4, letters: *b"abcd" },
        },
    }
}

/// What the provider keeps.
#[derive(Debug)]
pub struct Store {
    pages: Mutex<[Vec<u8>; 4]>,
    entries: Mutex<Vec<Entry>>,
}

impl Store {
    const fn new() -> Self {
        Self { pages: Mutex::new([const { Vec::new() }; 4]), entries: Mutex::new(Vec::new()) }
    }
}

/// Whoever asks for this site is wrong.
pub const FORBIDDEN: Guid = Guid::from_u128(0xf0);

/// A client of the keeper.
#[derive(Debug)]
pub struct Customer {
    store: &'static Store,
}

impl ProviderBinding for Customer {
    type Driver = Keeper;
    type Npi = awkward::Npi;

    fn attach(driver: &'static Keeper, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self { store: &driver.state })
    }
}

impl awkward::Provider for Customer {
    fn write(&self, _: &AtPassive<'_>, page: u32, data: &[u8]) -> Result<usize> {
        let mut pages = self.store.pages.lock().expect("no panics");
        if let Some(page) = pages.get_mut(page as usize)
            && !data.is_empty()
        {
            *page = data.to_vec();
        }
        match (page as usize) < pages.len() {
            true => Ok(data.len()),
            false => Err(Error::INVALID_PARAMETER),
        }
    }

    fn read(&self, _: &AtPassive<'_>, page: u32, buffer: &mut [u8]) -> Result<usize> {
        let pages = self.store.pages.lock().expect("no panics");
        let page = pages.get(page as usize).ok_or(Error::INVALID_PARAMETER)?;
        let length = page.len().min(buffer.len());
        buffer[..length].copy_from_slice(&page[..length]);
        Ok(length)
    }

    fn put(&self, entry: &Entry) -> Result<()> {
        self.store.entries.lock().expect("no panics").push(*entry);
        Ok(())
    }

    fn look_up(&self, entry: &mut Entry) -> Result<Boolean> {
        let entries = self.store.entries.lock().expect("no panics");
        let found = entries.iter().find(|found| found.key == entry.key);
        if let Some(found) = found {
            *entry = *found;
        }
        Ok(found.is_some().into())
    }

    fn first(&self) -> Result<Entry> {
        self.store.entries.lock().expect("no panics").first().copied().ok_or(Error::UNSUCCESSFUL)
    }

    fn sum(&self, entries: &[Entry]) -> Result<u64> {
        Ok(entries.iter().map(|entry| entry.key).sum())
    }

    fn status(&self, site: Guid) -> Result<Status> {
        assert!(site != FORBIDDEN, "nobody asks for this site");
        Ok(Status::PENDING)
    }
}

nmr::driver! {
    /// Visits a keeper.
    pub driver Visitor {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b52",
        system: Host<World>,
        state: Calls = Calls { levels: Mutex::new(Vec::new()) },

        client awkward: awkward::Npi as Shop { capacity: 2 },
    }
}

/// The calls that have come.
#[derive(Debug)]
pub struct Calls {
    levels: Mutex<Vec<u8>>,
}

impl Calls {
    fn note(&self) {
        self.levels.lock().expect("no panics").push(Host::<World>::irql());
    }

    pub fn levels(&self) -> Vec<u8> {
        self.levels.lock().expect("no panics").clone()
    }
}

/// A keeper.
#[derive(Debug)]
pub struct Shop {
    calls: &'static Calls,
}

impl ClientBinding for Shop {
    type Driver = Visitor;
    type Npi = awkward::Npi;

    fn attach(
        driver: &'static Visitor,
        keeper: &Offer<'_, awkward::ProviderCharacteristics>,
        _: &AtPassive<'_>,
    ) -> Result<Self, Refusal> {
        match keeper.characteristics()?.letters == *b"abcd" {
            true => Ok(Self { calls: &driver.state }),
            false => Err(Refusal::because("other letters")),
        }
    }
}

impl awkward::Client for Shop {
    fn arrived(&self, _: &AtDispatch<'_>, _: u32) -> Result<()> {
        self.calls.note();
        Ok(())
    }

    fn passed(&self, _: &AtMostDispatch<'_>, _: u32) {
        self.calls.note();
    }
}
