//! What a slot shows of itself: written by the life of its binding, read by anyone at any time, without a lock.
//!
//! The first word holds a sequence number and the state. The number is odd while the slot is being filled, and every
//! change steps it; so a reader that finds the same even word before and after it has read the rest has read one
//! moment of one binding. Filling belongs to the one thread that reserved the slot. Later only the state changes, each
//! time with one compare-exchange and forward only: whoever comes late changes nothing.

use crate::sync::{AtomicU64, Ordering, const_fn_outside_loom, fence};
use core::time::Duration;
use nmr_abi::ModuleId;
use nmr_abi::attachments::AttachmentState;

/// The state is in the low byte of the word, the sequence number above it.
const STATE_BITS: u32 = 8;
const STEP: u64 = 1 << STATE_BITS;
/// How often a reader tries.
const TRIES: usize = 3;

/// A row in a slot; six words, whose order is part of the [layout](super::table).
#[derive(Debug)]
#[repr(C)]
pub(crate) struct SnapshotRow {
    word: AtomicU64,
    /// The number of the binding.
    binding: AtomicU64,
    /// The system's time when the binding was begun, in units of 100 ns.
    since: AtomicU64,
    /// The type of the peer's module id, 0 if it has none, and above that the number of its instance.
    peer_type_and_number: AtomicU64,
    peer: [AtomicU64; 2],
}

/// What is known of a binding when its slot is filled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filling {
    pub(crate) binding: u64,
    /// The system's time.
    pub(crate) now: Duration,
    pub(crate) peer: Option<ModuleId>,
    pub(crate) peer_number: u32,
}

/// What a reader found in a slot that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// [`AttachmentState::CHANGING`] if it changed at each of three looks; then only `calls_in_flight` is meant.
    pub(crate) state: AttachmentState,
    pub(crate) binding: u64,
    /// The system's time when the binding was begun.
    pub(crate) since: u64,
    pub(crate) peer_type: u32,
    pub(crate) peer_number: u32,
    pub(crate) peer: [u8; 16],
    pub(crate) calls_in_flight: u64,
}

impl SnapshotRow {
    const_fn_outside_loom! {
        /// Vacant. All bits are zero, so that slots take no room in the image.
        pub(crate) fn new() -> Self {
            Self {
                word: AtomicU64::new(0),
                binding: AtomicU64::new(0),
                since: AtomicU64::new(0),
                peer_type_and_number: AtomicU64::new(0),
                peer: [AtomicU64::new(0), AtomicU64::new(0)],
            }
        }
    }

    /// Vacant to Attaching. The slot is the caller's alone, fresh from the free list.
    pub(crate) fn fill(&self, filling: &Filling) {
        let before = self.word.load(Ordering::Relaxed);
        debug_assert!(state_of(before) == AttachmentState::VACANT, "filled while in use");
        self.word.store(before.wrapping_add(STEP), Ordering::Relaxed);
        fence(Ordering::Release);
        let (peer_type, peer) = filling.peer.map_or((0, [0; 16]), |peer| (peer.id_type.0 as u32, peer.value));
        let (low, high) = halves(peer);
        self.binding.store(filling.binding, Ordering::Relaxed);
        self.since.store(ticks(filling.now), Ordering::Relaxed);
        let number = u64::from(filling.peer_number) << 32;
        self.peer_type_and_number.store(number | u64::from(peer_type), Ordering::Relaxed);
        self.peer[0].store(low, Ordering::Relaxed);
        self.peer[1].store(high, Ordering::Relaxed);
        let filled = before.wrapping_add(2 * STEP) | u64::from(AttachmentState::ATTACHING.0);
        self.word.store(filled, Ordering::Release);
    }

    /// Goes on to `state`, unless the binding is further already, or gone.
    #[inline(never)]
    pub(crate) fn advance(&self, state: AttachmentState) {
        let next = |word| {
            let now = state_of(word);
            (now != AttachmentState::VACANT && now < state).then(|| with_state(word, state))
        };
        let _ = self.word.fetch_update(Ordering::Release, Ordering::Relaxed, next);
    }

    /// The binding is gone. The slot is the caller's: nobody fills it anew before this has returned.
    #[inline(never)]
    pub(crate) fn vacate(&self) {
        let next = |word| Some(with_state(word, AttachmentState::VACANT));
        let _ = self.word.fetch_update(Ordering::Release, Ordering::Relaxed, next);
    }

    /// Whether the slot is free.
    pub(crate) fn is_vacant(&self) -> bool {
        self.word.load(Ordering::Acquire) as u8 == 0
    }

    /// What the row shows now, with what `in_flight` counts; `None` if the slot is free.
    pub(crate) fn read(&self, in_flight: &dyn Fn() -> u64) -> Option<Reading> {
        for _ in 0..TRIES {
            let before = self.word.load(Ordering::Acquire);
            if before & STEP != 0 {
                continue;
            }
            if state_of(before) == AttachmentState::VACANT {
                return None;
            }
            let reading = self.look(before, in_flight());
            fence(Ordering::Acquire);
            if self.word.load(Ordering::Relaxed) == before {
                return Some(reading);
            }
        }
        Some(Reading::changing(in_flight()))
    }

    fn look(&self, word: u64, calls_in_flight: u64) -> Reading {
        let type_and_number = self.peer_type_and_number.load(Ordering::Relaxed);
        let (low, high) = (self.peer[0].load(Ordering::Relaxed), self.peer[1].load(Ordering::Relaxed));
        let mut peer = [0; 16];
        peer[..8].copy_from_slice(&low.to_ne_bytes());
        peer[8..].copy_from_slice(&high.to_ne_bytes());
        Reading {
            state: state_of(word),
            binding: self.binding.load(Ordering::Relaxed),
            since: self.since.load(Ordering::Relaxed),
            peer_type: type_and_number as u32,
            peer_number: (type_and_number >> 32) as u32,
            peer,
            calls_in_flight,
        }
    }
}

impl Reading {
    const fn changing(calls_in_flight: u64) -> Self {
        Self {
            state: AttachmentState::CHANGING,
            binding: 0,
            since: 0,
            peer_type: 0,
            peer_number: 0,
            peer: [0; 16],
            calls_in_flight,
        }
    }
}

/// `time` in units of 100 ns.
pub(crate) const fn ticks(time: Duration) -> u64 {
    time.as_secs() * 10_000_000 + time.subsec_nanos() as u64 / 100
}

const fn state_of(word: u64) -> AttachmentState {
    AttachmentState(word as u8 as u32)
}

/// `word` in another state, with the next even number.
const fn with_state(word: u64, state: AttachmentState) -> u64 {
    (word >> STATE_BITS << STATE_BITS).wrapping_add(2 * STEP) | state.0 as u64
}

fn halves(value: [u8; 16]) -> (u64, u64) {
    let [a, b, c, d, e, f, g, h, rest @ ..] = value;
    (u64::from_ne_bytes([a, b, c, d, e, f, g, h]), u64::from_ne_bytes(rest))
}
