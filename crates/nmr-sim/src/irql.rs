//! The level of the processor that a thread stands for, as far as the NMR's functions care: DISPATCH_LEVEL or below.
//!
//! A test raises its thread before it makes a call that a kernel module would make at DISPATCH_LEVEL. Callbacks run on
//! the caller's thread, so they run at the caller's level, as on Windows.

use crate::contract::Rule;
use crate::world::World;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

thread_local! {
    static RAISED: Cell<usize> = const { Cell::new(0) };
}

/// The calling thread is at DISPATCH_LEVEL for as long as this value lives.
#[must_use = "the level falls again when the value is dropped"]
pub struct Raised(PhantomData<*mut ()>);

impl Raised {
    /// Raises the calling thread to DISPATCH_LEVEL.
    pub fn to_dispatch() -> Self {
        RAISED.set(RAISED.get() + 1);
        Self(PhantomData)
    }
}

impl Drop for Raised {
    fn drop(&mut self) {
        RAISED.set(RAISED.get() - 1);
    }
}

impl fmt::Debug for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Raised")
    }
}

/// Whether the calling thread is at DISPATCH_LEVEL, where nothing can block.
pub fn is_at_dispatch() -> bool {
    RAISED.get() > 0
}

impl World {
    /// Reports `function` if the calling thread is at DISPATCH_LEVEL. Answers whether it is.
    pub(crate) fn judge_level(&self, function: &str) -> bool {
        let too_high = is_at_dispatch();
        if too_high {
            self.violated(Rule::IrqlTooHigh, || format!("{function} is called at DISPATCH_LEVEL"));
        }
        too_high
    }
}

#[cfg(test)]
mod tests {
    use super::{Raised, is_at_dispatch};

    #[test]
    fn the_level_falls_with_the_last_value_and_is_the_threads_own() {
        let outer = Raised::to_dispatch();
        let inner = Raised::to_dispatch();
        drop(outer);
        assert!(is_at_dispatch());
        std::thread::spawn(|| assert!(!is_at_dispatch())).join().expect("no panic");
        drop(inner);
        assert!(!is_at_dispatch());
    }
}
