//! What handles lead to: numbered things, found in constant time, in shards so that threads do not meet.

use crate::number_map::NumberMap;
use crate::sync::{Brief, OwnLines, lock};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// How many shards there are of whatever is found by its place.
pub(crate) const SHARDS: usize = 16;

thread_local! {
    /// The shard of what this thread makes. Another thread that uses the thing finds it by its place.
    static OWN_SHARD: Cell<u8> = {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        Cell::new((THREADS.fetch_add(1, Ordering::Relaxed) % SHARDS) as u8)
    };
}

/// Where a numbered thing is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Counts up, and is given out once in the life of a table.
    pub(crate) number: u64,
    /// Which shard it is in.
    pub(crate) shard: u8,
}

/// Numbered things. A number is given out once in the life of a table, so that a stale one finds nothing.
pub(crate) struct Table<T> {
    last: OwnLines<AtomicU64>,
    shards: [Shard<T>; SHARDS],
}

/// One lock's share.
type Shard<T> = OwnLines<Brief<NumberMap<u64, Arc<T>>>>;

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { last: OwnLines::default(), shards: std::array::from_fn(|_| OwnLines::default()) }
    }
}

impl<T> Table<T> {
    /// A place with a number that was never given out; the first is 1.
    pub(crate) fn place(&self) -> Place {
        Place { number: self.last.fetch_add(1, Ordering::Relaxed) + 1, shard: OWN_SHARD.get() }
    }

    /// Whether `number` was given out, be the thing still there or not.
    pub(crate) fn was_issued(&self, number: u64) -> bool {
        (1..=self.last.load(Ordering::Relaxed)).contains(&number)
    }

    pub(crate) fn insert(&self, place: Place, thing: Arc<T>) {
        lock(self.shard(place)).insert(place.number, thing);
    }

    pub(crate) fn get(&self, place: Place) -> Option<Arc<T>> {
        lock(self.shard(place)).get(&place.number).cloned()
    }

    pub(crate) fn remove(&self, place: Place) -> Option<Arc<T>> {
        lock(self.shard(place)).remove(&place.number)
    }

    /// How many things there are; each shard is counted at its own moment.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// All things in the order of their numbers; each shard is read at its own moment.
    pub(crate) fn all(&self) -> Vec<Arc<T>> {
        let mut all: Vec<(u64, Arc<T>)> = Vec::new();
        for shard in &self.shards {
            all.extend(lock(shard).iter().map(|(number, thing)| (*number, Arc::clone(thing))));
        }
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, thing)| thing).collect()
    }

    /// A handle may name any shard.
    fn shard(&self, place: Place) -> &Shard<T> {
        &self.shards[usize::from(place.shard) % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use super::Table;
    use std::sync::Arc;

    #[test]
    fn a_number_is_never_given_out_again() {
        let table = Table::default();
        let first = table.place();
        table.insert(first, Arc::new("first"));
        assert!(table.remove(first).is_some());
        assert_ne!(table.place().number, first.number);
        assert!(table.get(first).is_none());
        assert!(table.was_issued(first.number) && !table.was_issued(99) && !table.was_issued(0));
    }

    #[test]
    fn all_are_listed_in_order() {
        let table = Table::default();
        for _ in 0..100 {
            let place = table.place();
            table.insert(place, Arc::new(place.number));
        }
        assert_eq!(table.len(), 100);
        assert!(table.all().iter().map(|number| **number).eq(1..=100));
    }

    #[test]
    fn what_another_thread_made_is_found_and_listed() {
        let table = Table::default();
        let made = |_| {
            let place = table.place();
            table.insert(place, Arc::new(place.number));
            place
        };
        let places = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..20).map(|thread| scope.spawn(move || made(thread))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Vec<_>>()
        });
        assert!(table.all().iter().map(|number| **number).eq(1..=20));
        for place in places {
            assert_eq!(table.get(place).as_deref(), Some(&place.number));
            assert!(table.remove(place).is_some());
        }
        assert_eq!(table.len(), 0);
    }
}
