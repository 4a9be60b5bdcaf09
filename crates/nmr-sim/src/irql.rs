//! The level of the processor that a thread stands for, as far as the NMR's functions care.
//!
//! A test raises its thread before it makes a call that a kernel module would make at a higher level. Callbacks run on
//! the caller's thread, so they run at the caller's level, as on Windows.

use crate::contract::Rule;
use crate::world::World;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

thread_local! {
    /// How often the thread was raised to each level above the lowest: 16 bits a level, the highest level on top.
    static RAISED: Cell<u64> = const { Cell::new(0) };
}

/// An interrupt request level, in ascending order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Irql {
    /// PASSIVE_LEVEL: where every thread starts.
    #[default]
    Passive,
    /// APC_LEVEL.
    Apc,
    /// DISPATCH_LEVEL: nothing can wait here.
    Dispatch,
    /// A level above DISPATCH_LEVEL, at which none of the NMR's functions may be called.
    Device,
}

impl Irql {
    /// The level of the calling thread.
    pub fn current() -> Self {
        match u64::BITS - RAISED.get().leading_zeros() {
            0 => Self::Passive,
            1..=16 => Self::Apc,
            17..=32 => Self::Dispatch,
            _ => Self::Device,
        }
    }

    const fn unit(self) -> u64 {
        match self {
            Self::Passive => 0,
            Self::Apc => 1,
            Self::Dispatch => 1 << 16,
            Self::Device => 1 << 32,
        }
    }
}

impl fmt::Display for Irql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passive => "PASSIVE_LEVEL",
            Self::Apc => "APC_LEVEL",
            Self::Dispatch => "DISPATCH_LEVEL",
            Self::Device => "a level above DISPATCH_LEVEL",
        })
    }
}

/// The calling thread is raised for as long as this value lives.
#[must_use = "the level falls again when the value is dropped"]
pub struct Raised(Irql, PhantomData<*mut ()>);

impl Raised {
    /// Raises the calling thread to `level`; if it is there or higher already, it stays where it is.
    pub fn to(level: Irql) -> Self {
        RAISED.set(RAISED.get() + level.unit());
        Self(level, PhantomData)
    }

    /// Raises the calling thread to DISPATCH_LEVEL.
    pub fn to_dispatch() -> Self {
        Self::to(Irql::Dispatch)
    }
}

impl Drop for Raised {
    fn drop(&mut self) {
        RAISED.set(RAISED.get() - self.0.unit());
    }
}

impl fmt::Debug for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raised({})", self.0)
    }
}

/// The calling thread, which set the level `from` by itself or nothing yet, sets `to` instead.
#[cfg(feature = "exports")]
pub(crate) fn exchange(from: Irql, to: Irql) {
    RAISED.set(RAISED.get() - from.unit() + to.unit());
}

/// Whether the calling thread is at DISPATCH_LEVEL or above, where nothing can block.
pub fn is_at_dispatch() -> bool {
    Irql::current() >= Irql::Dispatch
}

impl World {
    /// Reports `function` if the calling thread is above `highest`. Answers whether it is.
    pub(crate) fn judge_level(&self, function: &str, highest: Irql) -> bool {
        let level = Irql::current();
        let too_high = level > highest;
        if too_high {
            self.violated(Rule::IrqlTooHigh, || format!("{function} is called at {level}"));
        }
        too_high
    }
}

#[cfg(test)]
mod tests {
    use super::{Irql, Raised, is_at_dispatch};

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

    #[test]
    fn the_highest_level_counts() {
        assert_eq!(Irql::current(), Irql::Passive);
        let device = Raised::to(Irql::Device);
        let apc = Raised::to(Irql::Apc);
        assert_eq!(Irql::current(), Irql::Device);
        drop(device);
        assert_eq!(Irql::current(), Irql::Apc);
        assert!(!is_at_dispatch());
        let passive = Raised::to(Irql::Passive);
        drop(apc);
        assert_eq!(Irql::current(), Irql::Passive);
        drop(passive);
    }
}
