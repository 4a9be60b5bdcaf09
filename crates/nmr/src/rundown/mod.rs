//! Rundown protection whose last leaver knows that it is the last.
//!
//! Callers [`enter`](Rundown::enter) and [`leave`](Rundown::leave); closers stop new entries; one detacher asks whether
//! anything is still inside and, if so, leaves word that the last one out has to complete the detach. Nobody waits.
//!
//! A caller touches one [shard](shard) only. When a shard is closed, the callers counted in it become an entry of the
//! [central word](central), and from then on a leaver of that shard also takes itself off the central word. The central
//! word alone decides who completes.
//!
//! No unsafe code: the counts protect what the owner of the rundown puts beside it.

mod central;
mod shard;
#[cfg(test)]
mod tests;

use central::{CentralWord, Counted};
pub(crate) use central::{Departure, DetachAnswer};
pub(crate) use shard::Epoch;
use shard::ShardWord;

use crate::sync::{Ordering, const_fn_outside_loom, fence, fresh_array};

/// Counts the calls in flight through one binding, in `SHARDS` words of 64 bytes each.
#[derive(Debug)]
pub(crate) struct Rundown<const SHARDS: usize> {
    central: CentralWord,
    shards: [ShardWord; SHARDS],
}

/// Why an entry was refused, and what the refused caller may have become by stepping back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// A caller that steps back may turn out to have been counted by a closer; then it leaves like anyone else.
    pub(crate) departure: Departure,
}

impl<const SHARDS: usize> Rundown<SHARDS> {
    const_fn_outside_loom! {
        /// Unopened: entering is refused until [`Rundown::open`].
        pub(crate) fn new() -> Self {
            Self { central: CentralWord::new(), shards: fresh_array![ShardWord; SHARDS] }
        }
    }

    /// Makes the rundown of a slot that nobody uses any more ready for its next binding: Unopened, of the next
    /// generation. Counts of callers that are about to step back are kept.
    pub(crate) fn renew(&self) {
        self.central.clear();
        for shard in &self.shards {
            shard.renew();
        }
    }

    /// How often the rundown has been renewed.
    pub(crate) fn generation(&self) -> u32 {
        self.shards[0].epoch().generation()
    }

    /// Commits: entries succeed from now on, unless a close or a detach came first. Answers whether all shards opened.
    pub(crate) fn open(&self) -> bool {
        let mut opened = true;
        for shard in &self.shards {
            opened &= shard.open();
        }
        opened
    }

    /// The epoch to enter with, if the rundown is open.
    pub(crate) fn open_epoch(&self) -> Option<Epoch> {
        let epoch = self.shards[0].epoch();
        epoch.is_open().then_some(epoch)
    }

    /// Enters through `shard`, if the rundown is open and of `epoch`.
    pub(crate) fn enter(&self, epoch: Epoch, shard: usize) -> Result<(), Refused> {
        let seen = self.shards[shard].count_in();
        if seen == epoch { Ok(()) } else { Err(Refused { departure: self.leave(seen, shard) }) }
    }

    /// Leaves through the shard of the entry, whose increment saw `seen`.
    pub(crate) fn leave(&self, seen: Epoch, shard: usize) -> Departure {
        let now = self.shards[shard].count_out();
        // Another epoch means that the word changed its state since the increment. If it is a closed one now, the
        // closer found this entry in the count, and holds the central word or has carried the entry over to it.
        if now == seen || !now.is_closed() {
            return Departure::NotLast;
        }
        // Pairs with the release of the closer's change: its hold on the central word is seen below.
        fence(Ordering::Acquire);
        self.central.leave()
    }

    /// Whether `shard` has left `epoch`, that is, whether the binding of an entry made in `epoch` is closing.
    pub(crate) fn is_closing(&self, epoch: Epoch, shard: usize) -> bool {
        self.shards[shard].epoch() != epoch
    }

    /// Stops new entries; any number of times, on any number of threads. The first one calls `closing`, with the
    /// rundown held, so that no detach can be completed meanwhile.
    ///
    /// The caller must be sure that the slot is not renewed meanwhile: by an entry of its own, or because NMR waits
    /// for it.
    pub(crate) fn close(&self, closing: impl FnOnce()) -> Departure {
        if !self.central.hold() {
            return Departure::NotLast;
        }
        let counted = self.flip(closing);
        self.central.release(counted)
    }

    /// Stops new entries as [`Rundown::close`] does, and then decides, in one step, who finishes the detach.
    ///
    /// Called once for each generation, by the detach callback. On [`DetachAnswer::Pending`] the slot must not be
    /// touched again: the last leaver may have completed the detach already.
    pub(crate) fn detach(&self, closing: impl FnOnce()) -> DetachAnswer {
        if !self.central.hold() {
            return DetachAnswer::Success;
        }
        let counted = self.flip(closing);
        self.central.arm(counted)
    }

    fn flip(&self, closing: impl FnOnce()) -> Counted {
        let mut counted = Counted::default();
        let mut first = false;
        for (index, shard) in self.shards.iter().enumerate() {
            if let Some(count) = shard.close() {
                counted.add(count);
                first |= index == 0;
            }
        }
        if first {
            closing();
        }
        counted
    }
}
