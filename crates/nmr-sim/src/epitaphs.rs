//! How the last bindings ended, so that a completion that comes too late can be called by its name.

use crate::binding::Half;
use crate::side::Side;
use crate::sync::{Brief, OwnLines, lock};
use crate::table::{Place, SHARDS};
use std::collections::VecDeque;

/// A few hundred are remembered in each shard: a late completion comes soon, or the handle is merely stale.
const KEPT: usize = 512;

/// How the client's and the provider's half of one binding ended.
struct Epitaph {
    binding: u64,
    halves: [Half; 2],
}

/// The last halves of bindings that are gone, in the shards in which the bindings were.
#[derive(Default)]
pub(crate) struct Epitaphs {
    shards: [OwnLines<Brief<VecDeque<Epitaph>>>; SHARDS],
}

impl Epitaphs {
    /// Remembers how the client's and the provider's half of the binding that was at `place` ended.
    pub(crate) fn engrave(&self, place: Place, halves: [Half; 2]) {
        let mut shard = lock(self.shard(place));
        if shard.len() == KEPT {
            shard.pop_front();
        }
        shard.push_back(Epitaph { binding: place.number, halves });
    }

    /// How the half on `side` of the binding that was at `place` ended, if that is remembered.
    pub(crate) fn read(&self, place: Place, side: Side) -> Option<Half> {
        let shard = lock(self.shard(place));
        let [client, provider] = shard.iter().find(|epitaph| epitaph.binding == place.number)?.halves;
        Some(match side {
            Side::Client => client,
            Side::Provider => provider,
        })
    }

    fn shard(&self, place: Place) -> &Brief<VecDeque<Epitaph>> {
        &self.shards[usize::from(place.shard) % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use super::{Epitaphs, KEPT};
    use crate::side::Side;
    use crate::table::Place;

    #[test]
    fn the_oldest_are_forgotten() {
        let epitaphs = Epitaphs::default();
        let at = |number| Place { number, shard: 3 };
        for number in 0..=KEPT as u64 {
            epitaphs.engrave(at(number), Default::default());
        }
        assert!(epitaphs.read(at(0), Side::Client).is_none());
        assert!(epitaphs.read(at(1), Side::Client).is_some());
        assert!(epitaphs.read(at(KEPT as u64), Side::Provider).is_some());
        assert!(epitaphs.read(Place { number: 1, shard: 4 }, Side::Client).is_none());
    }
}
