//! What handles lead to: numbered things, found in constant time, in shards so that threads rarely meet.

use crate::sync::lock;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

const SHARDS: usize = 16;

/// Numbered things. A number is given out once in the life of a table, so that a stale one finds nothing.
pub(crate) struct Table<T> {
    last: AtomicU64,
    shards: [Shard<T>; SHARDS],
}

/// One lock's share, on cache lines of its own.
#[repr(align(128))]
struct Shard<T>(Mutex<HashMap<u64, Arc<T>, BuildHasherDefault<NumberHasher>>>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            last: AtomicU64::new(0),
            shards: std::array::from_fn(|_| Shard(Mutex::new(HashMap::default()))),
        }
    }
}

impl<T> Table<T> {
    /// A number that was never given out; the first is 1.
    pub(crate) fn number(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether `number` was given out, be the thing still there or not.
    pub(crate) fn was_issued(&self, number: u64) -> bool {
        (1..=self.last.load(Ordering::Relaxed)).contains(&number)
    }

    pub(crate) fn insert(&self, number: u64, thing: Arc<T>) {
        lock(self.shard(number)).insert(number, thing);
    }

    pub(crate) fn get(&self, number: u64) -> Option<Arc<T>> {
        lock(self.shard(number)).get(&number).cloned()
    }

    pub(crate) fn remove(&self, number: u64) -> Option<Arc<T>> {
        lock(self.shard(number)).remove(&number)
    }

    /// How many things there are; each shard is counted at its own moment.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(&shard.0).len()).sum()
    }

    /// All things in the order of their numbers; each shard is read at its own moment.
    pub(crate) fn all(&self) -> Vec<Arc<T>> {
        let mut all: Vec<(u64, Arc<T>)> = Vec::new();
        for shard in &self.shards {
            all.extend(lock(&shard.0).iter().map(|(number, thing)| (*number, Arc::clone(thing))));
        }
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, thing)| thing).collect()
    }

    fn shard(&self, number: u64) -> &Mutex<HashMap<u64, Arc<T>, BuildHasherDefault<NumberHasher>>> {
        &self.shards[number as usize % SHARDS].0
    }
}

/// Spreads consecutive numbers over all bits (Fibonacci hashing); nobody outside chooses the numbers.
#[derive(Default)]
struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use super::Table;
    use std::sync::Arc;

    #[test]
    fn a_number_is_never_given_out_again() {
        let table = Table::default();
        let first = table.number();
        table.insert(first, Arc::new("first"));
        assert!(table.remove(first).is_some());
        assert_ne!(table.number(), first);
        assert!(table.get(first).is_none());
        assert!(table.was_issued(first) && !table.was_issued(99) && !table.was_issued(0));
    }

    #[test]
    fn all_are_listed_in_order() {
        let table = Table::default();
        for _ in 0..100 {
            let number = table.number();
            table.insert(number, Arc::new(number));
        }
        assert_eq!(table.len(), 100);
        assert!(table.all().iter().map(|number| **number).eq(1..=100));
    }
}
