//! One word for everybody, changed by compare-exchange, as EX_RUNDOWN_REF is described: the usual way.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::calls_in_a_row;
use crate::echo::{BARE_BINDING, BareBinding};
use crate::paired::Design;

/// Set when the rundown has begun; the count is above it.
const CLOSED: u64 = 1;
const ONE: u64 = 2;

#[derive(Debug)]
#[repr(align(64))]
struct Protected {
    word: AtomicU64,
    binding: BareBinding,
    over: AtomicBool,
}

impl Protected {
    const fn new() -> Self {
        Self { word: AtomicU64::new(0), binding: BARE_BINDING, over: AtomicBool::new(false) }
    }

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
        let result = self.binding.call(value);
        if self.release() {
            self.over.store(true, Ordering::Release);
        }
        result
    }
}

pub(super) fn design() -> Design<'static> {
    let protected = Protected::new();
    Design::new("rundown_word", move |_, count| calls_in_a_row(&protected, count, Protected::call))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_outlasts_the_rundown_ends_it() {
        let protected = Protected::new();
        assert!(protected.acquire());
        protected.word.fetch_or(CLOSED, Ordering::Relaxed);
        assert_eq!(protected.call(4), 0);
        assert!(protected.release());
    }

    #[test]
    fn the_last_one_out_of_a_closed_word_knows() {
        let protected = Protected::new();
        assert_eq!(protected.call(4), 5);
        assert!(protected.acquire() && protected.acquire());
        protected.word.fetch_or(CLOSED, Ordering::Relaxed);
        assert!(!protected.acquire());
        assert!(!protected.release() && protected.release());
    }
}
