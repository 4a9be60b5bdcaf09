//! Who goes first: named points at which a test may hold a thread up, and choices that it may make.

use crate::side::Side;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The callbacks of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Callback {
    /// `NPI_CLIENT_ATTACH_PROVIDER_FN` or `NPI_PROVIDER_ATTACH_CLIENT_FN`.
    Attach(Side),
    /// `NPI_CLIENT_DETACH_PROVIDER_FN` or `NPI_PROVIDER_DETACH_CLIENT_FN`.
    Detach(Side),
    /// `NPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN` or `NPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN`.
    Cleanup(Side),
}

impl fmt::Display for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attach(side) => write!(f, "the {side}'s attach callback"),
            Self::Detach(side) => write!(f, "the {side}'s detach callback"),
            Self::Cleanup(side) => write!(f, "the {side}'s cleanup callback"),
        }
    }
}

/// Where a thread may be held up, or a choice be made. No lock is held at any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Point {
    /// The callback is about to be called.
    Before(Callback),
    /// The callback has returned and nobody knows yet.
    After(Callback),
    /// A side has called its completion function, which has not taken effect yet.
    BeforeCompletion(Side),
    /// A registration is marked as deregistering, and no binding has been detached for it yet.
    BeforeDetaching(Side),
    /// Choice: which of the peers that are left is offered next, the oldest first.
    NextOffer(Side),
    /// Choice: which of the bindings that are left is detached next, the oldest first.
    NextDetach(Side),
    /// Choice: whose detach callback comes first; option 0 is the client's.
    DetachOrder,
    /// Choice: whose cleanup callback comes first; option 0 is the client's.
    CleanupOrder,
}

/// Holds threads up and makes choices.
pub trait Schedule: Send + Sync + 'static {
    /// Called at each point that is not a choice: return at once, yield, sleep, or wait for another thread.
    fn pause(&self, point: Point);

    /// Which of `options` possibilities to take, counted from 0; a larger answer means the last.
    fn choose(&self, point: Point, options: usize) -> usize {
        let _ = (point, options);
        0
    }

    /// A wait has bindings left, and `is_over` says whether that has changed. Whoever owns all threads lets others go on
    /// here until it has, or answers `false` if nobody can do anything any more, so that the wait reports what holds it
    /// instead of hanging. By default this returns `true` at once, and the thread sleeps.
    fn wait(&self, is_over: Arc<dyn Fn() -> bool + Send + Sync>) -> bool {
        let _ = is_over;
        true
    }
}

/// A stream of delays and choices that depends on its seed alone. The operating system still decides what the threads
/// do between the points, so that a seed narrows a run down and does not repeat it exactly.
#[derive(Debug)]
pub struct SeededSchedule {
    state: AtomicU64,
}

impl SeededSchedule {
    /// The schedule of `seed`.
    pub const fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }

    /// SplitMix64: the state is a counter, which threads may share.
    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
}

impl Schedule for SeededSchedule {
    fn pause(&self, _point: Point) {
        let draw = self.next();
        match draw & 7 {
            0..=3 => {}
            4 | 5 => std::thread::yield_now(),
            6 => (0..draw >> 8 & 0x3ff).for_each(|_| std::hint::spin_loop()),
            _ => std::thread::sleep(Duration::from_micros(draw >> 8 & 0x7f)),
        }
    }

    fn choose(&self, _point: Point, options: usize) -> usize {
        (self.next() % options.max(1) as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::{Point, Schedule, SeededSchedule};

    fn choices(seed: u64) -> Vec<usize> {
        let schedule = SeededSchedule::new(seed);
        (0..64).map(|_| schedule.choose(Point::DetachOrder, 2)).collect()
    }

    #[test]
    fn a_seed_always_chooses_the_same() {
        assert_eq!(choices(1), choices(1));
        assert_ne!(choices(1), choices(2));
        assert!(choices(3).contains(&0) && choices(3).contains(&1));
    }
}
