//! The word that callers count themselves in: generation, state and count. A rundown has one, or one for each processor.

#[cfg(loom)]
use crate::sync::fresh_array;
use crate::sync::{AtomicU64, Ordering, const_fn_outside_loom};
use core::fmt;

/// Generation and state of a shard: its word above the count. It changes with every change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch(u32);

/// How many entries a shard counts: far more than a machine has callers.
const COUNT_BITS: u32 = 31;

/// What the count carries into when there are more: no epoch of a binding has it, so nobody enters.
const OVERFLOWN: u32 = 1;
/// The state bits of an [`Epoch`]: none is Unopened, OPEN alone is Open, CLOSED is Closed whether or not it was open.
const OPEN: u32 = 2;
const CLOSED: u32 = 4;
const STATE_BITS: u32 = 3;

impl Epoch {
    pub(crate) const fn is_open(self) -> bool {
        self.0 & (OPEN | CLOSED) == OPEN
    }

    pub(crate) const fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }

    pub(crate) const fn to_bits(self) -> u32 {
        self.0
    }

    /// The epoch of these bits, which came from one.
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    pub(crate) const fn generation(self) -> u32 {
        self.0 >> STATE_BITS
    }

    const fn is_unopened(self) -> bool {
        self.0 & (OPEN | CLOSED) == 0
    }

    /// Whether the shard has counted more entries than there can be.
    pub(super) const fn is_overflown(self) -> bool {
        self.0 & OVERFLOWN != 0
    }

    const fn of(word: u64) -> Self {
        Self((word >> COUNT_BITS) as u32)
    }

    /// A word with these bits in its epoch, and no count.
    const fn word(bits: u32) -> u64 {
        (bits as u64) << COUNT_BITS
    }

    /// The epoch of a binding of `generation` that is open.
    pub(crate) const fn open_in(generation: u32) -> Self {
        Self(generation << STATE_BITS | OPEN)
    }

    const fn next_generation(self) -> Self {
        Self(self.generation().wrapping_add(1) << STATE_BITS)
    }
}

/// A shard in a cache line of its own: neighbours in one line cost each other four times the price of a call.
#[derive(Debug)]
#[repr(align(64))]
pub struct ShardWord(AtomicU64);

/// What a closer found in a shard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closed {
    /// Callers counted in, some of whom may only be on their way back.
    pub(crate) count: u64,
    pub(crate) was_open: bool,
}

/// The shards of a rundown: an array of words, as many as a power of two.
pub trait Shards: fmt::Debug + Send + Sync + 'static {
    /// How many.
    const COUNT: usize;
    /// Unopened, empty.
    #[cfg(not(loom))]
    const FRESH: Self;

    /// Unopened, empty.
    #[cfg(loom)]
    fn fresh() -> Self;

    /// The words.
    fn words(&self) -> &[ShardWord];
}

impl<const COUNT: usize> Shards for [ShardWord; COUNT] {
    const COUNT: usize = {
        assert!(COUNT.is_power_of_two(), "the number of shards is a power of two");
        COUNT
    };
    #[cfg(not(loom))]
    const FRESH: Self = [const { ShardWord::new() }; COUNT];

    #[cfg(loom)]
    fn fresh() -> Self {
        fresh_array![ShardWord, new; COUNT]
    }

    #[inline]
    fn words(&self) -> &[ShardWord] {
        self
    }
}

/// The count in a word.
const fn count_of(word: u64) -> u64 {
    word & ((1 << COUNT_BITS) - 1)
}

impl ShardWord {
    const_fn_outside_loom! {
        pub(crate) fn new() -> Self {
            Self(AtomicU64::new(0))
        }
    }

    /// A shard that has come as far as `generation`, with `entries` inside.
    #[cfg(all(test, not(loom)))]
    pub(super) const fn at(generation: u32, entries: u64) -> Self {
        Self(AtomicU64::new(Epoch::word(generation << STATE_BITS) | entries))
    }

    #[cfg(all(test, not(loom)))]
    pub(super) const LAST_GENERATION: u32 = u32::MAX >> STATE_BITS;
    #[cfg(all(test, not(loom)))]
    pub(super) const MOST_ENTRIES: u64 = (1 << COUNT_BITS) - 1;

    #[inline]
    pub(crate) fn epoch(&self) -> Epoch {
        Epoch::of(self.0.load(Ordering::Acquire))
    }

    /// Counts an entry; the answer is the epoch that it met.
    #[inline]
    pub(crate) fn count_in(&self) -> Epoch {
        Epoch::of(self.0.fetch_add(1, Ordering::Acquire))
    }

    /// Takes an entry off; the answer is the epoch that it met.
    #[inline]
    pub(crate) fn count_out(&self) -> Epoch {
        Epoch::of(self.0.fetch_sub(1, Ordering::Release))
    }

    /// Unopened to Open, keeping the count.
    pub(crate) fn open(&self) -> bool {
        let open = |word| Epoch::of(word).is_unopened().then_some(word | Epoch::word(OPEN));
        self.0.fetch_update(Ordering::Release, Ordering::Relaxed, open).is_ok()
    }

    /// To Closed, keeping the count; the answer is what was there before, unless the shard was closed already.
    pub(crate) fn close(&self) -> Option<Closed> {
        let word = self.0.fetch_or(Epoch::word(CLOSED), Ordering::AcqRel);
        let epoch = Epoch::of(word);
        (!epoch.is_closed()).then_some(Closed { count: count_of(word), was_open: epoch.is_open() })
    }

    /// The entries that have not left, whatever the state.
    pub(crate) fn entries(&self) -> u64 {
        count_of(self.0.load(Ordering::Relaxed))
    }

    /// To Unopened of the next generation, keeping the count. Only the owner of a slot that is not in use may do this,
    /// so the upper half does not change meanwhile.
    pub(crate) fn renew(&self) {
        let now = self.epoch();
        let step = now.next_generation().0.wrapping_sub(now.0);
        // The bit above the epoch takes the carry of the last generation into the first, and means nothing.
        self.0.fetch_add(Epoch::word(step), Ordering::AcqRel);
    }
}
