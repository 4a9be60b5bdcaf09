//! Rundown protection whose last leaver knows that it is the last.
//!
//! Callers [`enter`](Rundown::enter) and [`leave`](Rundown::leave); closers stop new entries; one detacher asks whether
//! anything is still inside and, if so, leaves word that the last one out has to complete the detach. Nobody waits.
//!
//! A caller touches one [shard](shard) only. When a shard is closed, the callers counted in it become an entry of the
//! [central word](central), and from then on a leaver of that shard also takes itself off the central word. The central
//! word alone decides who completes.
//!
//! Callers at DISPATCH_LEVEL may do without the shard: they [look](Rundown::is_open_in) whether the rundown is open, and
//! stay on their processor until their call has returned. They are counted nowhere, so whoever closes first puts a
//! *reference* on the central word for them, and takes it off when every processor has been seen below DISPATCH_LEVEL or
//! in a DPC since: that is the [grace period](crate::grace).
//!
//! No unsafe code: the counts protect what the owner of the rundown puts beside it.

mod central;
mod shard;
#[cfg(test)]
mod tests;

use central::{CentralWord, Counted};
pub(crate) use central::{Departure, DetachAnswer};
pub(crate) use shard::{Epoch, ShardWord, Shards};

use crate::sync::{Ordering, fence};

/// Counts the calls in flight through one binding, in as many words of 64 bytes as `S` has.
#[derive(Debug)]
pub(crate) struct Rundown<S> {
    central: CentralWord,
    shards: S,
}

/// What the one who closes first learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FirstClose {
    /// Whether callers can have been inside.
    pub(crate) was_open: bool,
}

/// References on the central word, which the one who closes first takes and somebody else drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum References {
    None,
    /// One, until [`Rundown::drop_reference`].
    One,
}

/// Why an entry was refused, and what the refused caller may have become by stepping back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// A caller that steps back may turn out to have been counted by a closer; then it leaves like anyone else.
    pub(crate) departure: Departure,
}

/// The state that a shard has changed to since the entry of one who has just been counted out of it.
#[derive(Debug)]
#[must_use = "the one who leaves may be the last"]
pub(crate) struct Changed(Epoch);

impl<S: Shards> Rundown<S> {
    #[cfg(not(loom))]
    /// Unopened: entering is refused until [`Rundown::open`].
    pub(crate) const fn new() -> Self {
        Self { central: CentralWord::new(), shards: S::FRESH }
    }

    #[cfg(loom)]
    /// Unopened: entering is refused until [`Rundown::open`].
    pub(crate) fn new() -> Self {
        Self { central: CentralWord::new(), shards: S::fresh() }
    }

    /// Makes the rundown of a slot that nobody uses any more ready for its next binding: Unopened, of the next
    /// generation. Counts of callers that are about to step back are kept.
    pub(crate) fn renew(&self) {
        self.central.clear();
        for shard in self.shards.words() {
            shard.renew();
        }
    }

    /// How often the rundown has been renewed.
    pub(crate) fn generation(&self) -> u32 {
        self.shards.words()[0].epoch().generation()
    }

    /// Commits: entries succeed from now on, unless a close or a detach came first. Answers whether all shards opened.
    ///
    /// The first shard opens last, as it closes first: whoever finds it open, and then is refused by another one, knows
    /// that the rundown is closing, and has nothing to try again.
    pub(crate) fn open(&self) -> bool {
        let mut opened = true;
        for shard in self.shards.words().iter().rev() {
            opened &= shard.open();
        }
        opened
    }

    /// The epoch to enter with, if the rundown is open.
    #[inline]
    pub(crate) fn open_epoch(&self) -> Option<Epoch> {
        let epoch = self.shards.words()[0].epoch();
        epoch.is_open().then_some(epoch)
    }

    /// Whether the rundown is open and of `epoch`. A caller that cannot be interrupted by its processor's DPCs, and for
    /// whom the one who closes waits a grace period, needs no more than this.
    #[inline]
    pub(crate) fn is_open_in(&self, epoch: Epoch) -> bool {
        self.shards.words()[0].epoch() == epoch
    }

    /// Where the shards' words are in a rundown, for debuggers. Each is followed by the next after
    /// [`Rundown::SHARD_STRIDE`] bytes.
    pub(crate) const SHARDS_OFFSET: usize = core::mem::offset_of!(Self, shards);
    /// Distance from one shard's word to the next, in bytes.
    pub(crate) const SHARD_STRIDE: usize = size_of::<ShardWord>();

    /// The word of `shard`. There are as many as a power of two, so that masking says nothing but that it is there.
    #[inline]
    fn word(&self, shard: usize) -> &ShardWord {
        &self.shards.words()[shard & (S::COUNT - 1)]
    }

    /// Enters through `shard`, if the rundown is open and of `epoch`.
    #[inline]
    pub(crate) fn enter(&self, epoch: Epoch, shard: usize) -> Result<(), Refused> {
        let seen = self.word(shard).count_in();
        if seen == epoch { Ok(()) } else { Err(self.step_back(seen, shard)) }
    }

    #[cold]
    #[inline(never)]
    fn step_back(&self, seen: Epoch, shard: usize) -> Refused {
        assert!(!seen.is_overflown(), "guards are forgotten and not dropped");
        Refused { departure: self.leave(seen, shard) }
    }

    /// Leaves through the shard of the entry, whose increment saw `seen`.
    pub(crate) fn leave(&self, seen: Epoch, shard: usize) -> Departure {
        self.count_out(seen, shard)
            .map_or_else(|changed| self.leave_changed(changed), |()| Departure::NotLast)
    }

    /// The first half of [`Rundown::leave`], and nearly always all of it. The other half is [`Rundown::leave_changed`],
    /// with what this answers.
    #[inline]
    pub(crate) fn count_out(&self, seen: Epoch, shard: usize) -> Result<(), Changed> {
        let now = self.word(shard).count_out();
        // Another epoch means that the word changed its state since the increment. If it is a closed one now, the
        // closer found this entry in the count, and holds the central word or has carried the entry over to it.
        if now == seen { Ok(()) } else { Err(Changed(now)) }
    }

    /// Leaves a shard that has changed its state to `now` since the entry. Out of the way of calls, whose registers it
    /// would take.
    #[cold]
    pub(crate) fn leave_changed(&self, Changed(now): Changed) -> Departure {
        if !now.is_closed() {
            return Departure::NotLast;
        }
        // Pairs with the release of the closer's change: its hold on the central word is seen below.
        fence(Ordering::Acquire);
        self.central.leave()
    }

    /// Whether `shard` has left `epoch`, that is, whether the binding of an entry made in `epoch` is closing.
    pub(crate) fn is_closing(&self, epoch: Epoch, shard: usize) -> bool {
        self.word(shard).epoch() != epoch
    }

    /// Stops new entries; any number of times, on any number of threads. The first one calls `first`, with the
    /// rundown held, so that no detach can be completed meanwhile; what it answers stays on the central word until
    /// [`Rundown::drop_reference`], which may come before this returns.
    ///
    /// The caller must be sure that the slot is not renewed meanwhile: by an entry of its own, or because NMR waits
    /// for it.
    pub(crate) fn close(&self, first: impl FnOnce(FirstClose) -> References) -> Departure {
        if !self.central.hold() {
            return Departure::NotLast;
        }
        let counted = self.flip(first);
        self.central.release(counted)
    }

    /// Stops new entries as [`Rundown::close`] does, and then decides, in one step, who finishes the detach.
    ///
    /// Called once for each generation, by the detach callback. On [`DetachAnswer::Pending`] the slot must not be
    /// touched again: the last leaver may have completed the detach already.
    pub(crate) fn detach(&self, first: impl FnOnce(FirstClose) -> References) -> DetachAnswer {
        if !self.central.hold() {
            return DetachAnswer::Success;
        }
        let counted = self.flip(first);
        self.central.arm(counted)
    }

    /// Drops the reference that the one who closed first has taken.
    pub(crate) fn drop_reference(&self) -> Departure {
        self.central.leave()
    }

    /// Calls in flight at this moment, as far as they are counted: closing a shard leaves its count in place. For people
    /// who look; it may be out of date already.
    pub(crate) fn in_flight(&self) -> u64 {
        self.shards.words().iter().map(ShardWord::entries).sum()
    }

    fn flip(&self, first: impl FnOnce(FirstClose) -> References) -> Counted {
        let mut counted = Counted::default();
        let mut first_close = None;
        for (index, shard) in self.shards.words().iter().enumerate() {
            if let Some(closed) = shard.close() {
                counted.add(closed.count);
                if index == 0 {
                    first_close = Some(FirstClose { was_open: closed.was_open });
                }
            }
        }
        match first_close.map(first) {
            Some(References::One) => counted.add(1),
            Some(References::None) | None => (),
        }
        counted
    }
}
