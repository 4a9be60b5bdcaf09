//! The word that decides who completes a detach.

use crate::sync::{AtomicU64, Ordering, const_fn_outside_loom};

/// Set by a detach that found something in flight: whoever brings the count to zero completes.
const ARMED: u64 = 1 << 63;
/// The detach is decided: answered SUCCESS, or handed to a completer. Final until the slot is renewed.
const DONE: u64 = 1 << 62;
const COUNT: u64 = DONE - 1;
/// What a closer adds while it walks the shards. Leavers of shards that it has closed take themselves off before it
/// has carried them over; this keeps the count above zero meanwhile.
const HOLD: u64 = 1 << 32;

/// Entries that a closer found in the shards it closed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted(u64);

impl Counted {
    pub(crate) fn add(&mut self, entries: u64) {
        self.0 += entries;
    }
}

/// What taking something off the central word made of the one who did it.
#[must_use = "the last one out has to complete the detach"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Departure {
    /// Somebody else is still inside, or no detach has asked yet.
    NotLast,
    /// The detach callback has answered, or will answer, STATUS_PENDING, and the one who got this completes it.
    CompletesDetach,
}

/// What the detach callback answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DetachAnswer {
    /// Nothing was in flight; nobody will ever complete.
    Success,
    /// The last leaver completes, perhaps before this answer has reached NMR.
    Pending,
}

#[derive(Debug)]
pub(crate) struct CentralWord(AtomicU64);

impl CentralWord {
    const_fn_outside_loom! {
        pub(crate) fn new() -> Self {
            Self(AtomicU64::new(0))
        }
    }

    pub(crate) fn clear(&self) {
        self.0.store(0, Ordering::Release);
    }

    /// Holds the word above zero; false if the detach is decided and there is nothing left to hold.
    pub(crate) fn hold(&self) -> bool {
        let held = |word| (word & DONE == 0).then(|| word + HOLD);
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, held).is_ok()
    }

    /// Ends the caller's hold and carries over the entries it counted.
    pub(crate) fn release(&self, counted: Counted) -> Departure {
        self.change(|word| word + counted.0 - HOLD)
    }

    /// Takes one entry off.
    pub(crate) fn leave(&self) -> Departure {
        self.change(|word| word - 1)
    }

    /// Ends the caller's hold, carries over the entries it counted, and decides the detach.
    pub(crate) fn arm(&self, counted: Counted) -> DetachAnswer {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            let left = word + counted.0 - HOLD;
            let (next, answer) = match left & COUNT {
                0 => (DONE, DetachAnswer::Success),
                _ => (left | ARMED, DetachAnswer::Pending),
            };
            match self.0.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return answer,
                Err(current) => word = current,
            }
        }
    }

    /// The change that would leave an armed word at zero makes it DONE instead, and its caller the completer.
    fn change(&self, step: impl Fn(u64) -> u64) -> Departure {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            let left = step(word);
            let (next, departure) = match (left & COUNT, left & ARMED) {
                (0, ARMED) => (DONE, Departure::CompletesDetach),
                _ => (left, Departure::NotLast),
            };
            match self.0.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return departure,
                Err(current) => word = current,
            }
        }
    }
}
