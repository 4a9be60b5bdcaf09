//! How the last bindings ended, so that a completion that comes too late can be called by its name.

use crate::binding::Half;
use crate::side::Side;
use crate::sync::lock;
use std::collections::VecDeque;
use std::sync::Mutex;

const SHARDS: usize = 16;
/// A few hundred are remembered in all: a late completion comes soon, or the handle is merely stale.
const KEPT: usize = 32;

/// How the client's and the provider's half of one binding ended.
struct Epitaph {
    binding: u64,
    halves: [Half; 2],
}

/// The last halves of bindings that are gone.
#[derive(Default)]
pub(crate) struct Epitaphs {
    shards: [Mutex<VecDeque<Epitaph>>; SHARDS],
}

impl Epitaphs {
    /// Remembers how the client's and the provider's half of `binding` ended.
    pub(crate) fn engrave(&self, binding: u64, halves: [Half; 2]) {
        let mut shard = lock(&self.shards[binding as usize % SHARDS]);
        if shard.len() == KEPT {
            shard.pop_front();
        }
        shard.push_back(Epitaph { binding, halves });
    }

    /// How the half of `binding` on `side` ended, if that is remembered.
    pub(crate) fn read(&self, binding: u64, side: Side) -> Option<Half> {
        let shard = lock(&self.shards[binding as usize % SHARDS]);
        let [client, provider] = shard.iter().find(|epitaph| epitaph.binding == binding)?.halves;
        Some(match side {
            Side::Client => client,
            Side::Provider => provider,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Epitaphs, KEPT, SHARDS};
    use crate::side::Side;

    #[test]
    fn the_oldest_are_forgotten() {
        let epitaphs = Epitaphs::default();
        for binding in 0..=(KEPT * SHARDS) as u64 {
            epitaphs.engrave(binding, Default::default());
        }
        assert!(epitaphs.read(0, Side::Client).is_none());
        assert!(epitaphs.read(1, Side::Client).is_some());
        assert!(epitaphs.read((KEPT * SHARDS) as u64, Side::Provider).is_some());
    }
}
