//! Who is registered for which NPI. Clients and providers meet here, by NPI identifier and nothing else.

use crate::builder::Sizes;
use crate::number_map::NumberMap;
use crate::registration::Registration;
use crate::side::Side;
use crate::sync::{Brief, OwnLines, lock};
use nmr_abi::NpiId;
use std::collections::BTreeMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

const SHARDS: usize = 16;

/// The registrations of one NPI that accept offers.
#[derive(Default)]
pub(crate) struct Npi {
    members: OwnLines<Brief<Members>>,
    /// How large the things are that its modules show to each other, as far as the world was told.
    pub(crate) sizes: Sizes,
}

#[derive(Default)]
struct Members {
    /// How many registrations have their structure at an address, from their joining to the end of their wait.
    structures: NumberMap<usize, usize>,
    clients: BTreeMap<u64, Arc<Registration>>,
    providers: BTreeMap<u64, Arc<Registration>>,
}

impl Members {
    fn of(&mut self, side: Side) -> &mut BTreeMap<u64, Arc<Registration>> {
        match side {
            Side::Client => &mut self.clients,
            Side::Provider => &mut self.providers,
        }
    }
}

impl Npi {
    /// Adds `registration` and says who is on the other side. Of two that join at once the later one sees the
    /// earlier one, so that each pair is offered once. Also says whether its structure is another registration's too.
    pub(crate) fn join(&self, registration: &Arc<Registration>) -> (Vec<Arc<Registration>>, bool) {
        let side = registration.side();
        let mut members = lock(&self.members);
        let sharing = members.structures.entry(registration.module.registered().address()).or_default();
        *sharing += 1;
        let shared = *sharing > 1;
        members.of(side).insert(registration.number, Arc::clone(registration));
        (members.of(side.peer()).values().map(Arc::clone).collect(), shared)
    }

    /// Forgets the structure of `registration`, whose wait is over.
    pub(crate) fn release(&self, registration: &Registration) {
        let address = registration.module.registered().address();
        let mut members = lock(&self.members);
        if let Entry::Occupied(mut sharing) = members.structures.entry(address) {
            *sharing.get_mut() -= 1;
            if *sharing.get() == 0 {
                sharing.remove();
            }
        }
    }

    pub(crate) fn leave(&self, registration: &Registration) {
        lock(&self.members).of(registration.side()).remove(&registration.number);
    }
}

/// NPIs by the digits of their identifiers.
type ByIdentifier = NumberMap<u128, Arc<Npi>>;

/// Every NPI that anybody ever registered for. An NPI stays when its last module has gone: there are few.
pub(crate) struct Npis {
    shards: [OwnLines<Brief<ByIdentifier>>; SHARDS],
    sizes: NumberMap<u128, Sizes>,
}

impl Npis {
    pub(crate) fn new(sizes: NumberMap<u128, Sizes>) -> Self {
        Self { shards: Default::default(), sizes }
    }

    pub(crate) fn get(&self, id: NpiId) -> Arc<Npi> {
        let digits = id.to_u128();
        let shard = digits ^ digits >> 64;
        let shard = &self.shards[(shard ^ shard >> 32) as usize % SHARDS];
        let made = || {
            let sizes = self.sizes.get(&digits).copied().unwrap_or_default();
            Arc::new(Npi { members: Default::default(), sizes })
        };
        Arc::clone(lock(shard).entry(digits).or_insert_with(made))
    }
}
