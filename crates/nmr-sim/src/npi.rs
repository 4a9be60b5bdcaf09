//! Who is registered for which NPI. Clients and providers meet here, by NPI identifier and nothing else.

use crate::number_map::NumberMap;
use crate::registration::Registration;
use crate::side::Side;
use crate::sync::{OwnLines, lock};
use nmr_abi::NpiId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const SHARDS: usize = 16;

/// The registrations of one NPI that accept offers.
#[derive(Default)]
pub(crate) struct Npi {
    members: OwnLines<Mutex<Members>>,
}

#[derive(Default)]
struct Members {
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
    /// earlier one, so that each pair is offered once.
    pub(crate) fn join(&self, registration: &Arc<Registration>) -> Vec<Arc<Registration>> {
        let side = registration.side();
        let mut members = lock(&self.members);
        members.of(side).insert(registration.number, Arc::clone(registration));
        members.of(side.peer()).values().map(Arc::clone).collect()
    }

    pub(crate) fn leave(&self, registration: &Registration) {
        lock(&self.members).of(registration.side()).remove(&registration.number);
    }
}

/// NPIs by the digits of their identifiers.
type ByIdentifier = NumberMap<u128, Arc<Npi>>;

/// Every NPI that anybody ever registered for. An NPI stays when its last module has gone: there are few.
#[derive(Default)]
pub(crate) struct Npis {
    shards: [OwnLines<Mutex<ByIdentifier>>; SHARDS],
}

impl Npis {
    pub(crate) fn get(&self, id: NpiId) -> Arc<Npi> {
        let digits = id.to_u128();
        let shard = digits ^ digits >> 64;
        let shard = &self.shards[(shard ^ shard >> 32) as usize % SHARDS];
        Arc::clone(lock(shard).entry(digits).or_default())
    }
}
