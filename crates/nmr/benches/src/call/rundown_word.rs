//! One word for everybody, changed by compare-exchange, as EX_RUNDOWN_REF is described: the usual way.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::calls_in_a_row;
use crate::echo::BarePeer;
use crate::paired::Design;

/// Set when the rundown has begun; the count is above it.
const CLOSED: u64 = 1;
const ONE: u64 = 2;

#[derive(Debug, Default)]
#[repr(align(64))]
struct Protected {
    word: AtomicU64,
    peer: BarePeer,
    over: AtomicBool,
}

impl Protected {
    fn acquire(&self) -> bool {
        let enter = |word| (word & CLOSED == 0).then_some(word + ONE);
        self.word.fetch_update(Ordering::Acquire, Ordering::Relaxed, enter).is_ok()
    }

    /// Answers whether a rundown that has begun is over.
    fn release(&self) -> bool {
        let leave = |word| Some(word - ONE);
        self.word.fetch_update(Ordering::Release, Ordering::Relaxed, leave) == Ok(CLOSED | ONE)
    }

    fn call(&self, value: u64) -> u64 {
        if !self.acquire() {
            return 0;
        }
        let result = self.peer.call(value);
        if self.release() {
            self.over.store(true, Ordering::Release);
        }
        result
    }
}

pub(super) fn design(peer: BarePeer) -> Design<'static> {
    let protected = Protected { peer, ..Protected::default() };
    Design::new("rundown_word", move |_, count| calls_in_a_row(&protected, count, Protected::call))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_outlasts_the_rundown_ends_it() {
        let protected = Protected::default();
        assert!(protected.acquire());
        protected.word.fetch_or(CLOSED, Ordering::Relaxed);
        assert_eq!(protected.call(4), 0);
        assert!(protected.release());
    }

    #[test]
    fn the_last_one_out_of_a_closed_word_knows() {
        let protected = Protected::default();
        assert_eq!(protected.call(4), 5);
        assert!(protected.acquire() && protected.acquire());
        protected.word.fetch_or(CLOSED, Ordering::Relaxed);
        assert!(!protected.acquire());
        assert!(!protected.release() && protected.release());
    }
}
