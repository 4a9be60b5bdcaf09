//! Failures on demand: the n-th call that may fail does fail.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counts the calls that may fail (`NmrRegisterClient`, `NmrRegisterProvider`, `NmrClientAttachProvider`) while
/// somebody asked for it, and picks the one that does fail.
#[derive(Default)]
pub(crate) struct Faults {
    /// Whether anybody counts. Read on every call, written rarely, so that threads do not meet here otherwise.
    watching: AtomicBool,
    counted: AtomicU64,
    /// The number of the call to fail; 0 for none.
    failing: AtomicU64,
}

impl Faults {
    /// Starts counting at 0; the `nth` call from here fails, and none for 0.
    pub(crate) fn watch(&self, nth: u64) {
        self.watching.store(false, Ordering::SeqCst);
        self.counted.store(0, Ordering::SeqCst);
        self.failing.store(nth, Ordering::SeqCst);
        self.watching.store(true, Ordering::SeqCst);
    }

    /// How many calls were counted since the last [`Self::watch`].
    pub(crate) fn counted(&self) -> u64 {
        self.counted.load(Ordering::SeqCst)
    }

    /// Whether the call that is being made is the one to fail.
    pub(crate) fn strikes(&self) -> bool {
        self.watching.load(Ordering::Relaxed)
            && self.counted.fetch_add(1, Ordering::SeqCst) + 1 == self.failing.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::Faults;

    #[test]
    fn the_nth_call_fails_and_no_other() {
        let faults = Faults::default();
        assert!(!faults.strikes());
        faults.watch(2);
        assert_eq!([faults.strikes(), faults.strikes(), faults.strikes()], [false, true, false]);
        assert_eq!(faults.counted(), 3);
        faults.watch(0);
        assert!(!faults.strikes());
        assert_eq!(faults.counted(), 1);
    }
}
