//! The event of a host.

#![expect(unsafe_code, reason = "implements a trait that promises an order of memory")]

use crate::{MayWait, RawEvent};
use core::time::Duration;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A flag, and a condition variable for those who find it clear. Setting and clearing it costs next to nothing as long as
/// nobody waits, as in the kernel.
#[derive(Debug)]
pub struct HostEvent {
    set: AtomicBool,
    /// Threads that wait, or are about to.
    waiting: AtomicUsize,
    waits: Mutex<()>,
    changed: Condvar,
}

impl HostEvent {
    fn lock(&self) -> MutexGuard<'_, ()> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// SAFETY: whoever finds the flag set acquires what its setter released. No wait is missed: of a setter that looks for
// waiters after it has set the flag, and a waiter that looks at the flag after it has counted itself, one sees the other
// (both are sequentially consistent); and a waiter that was seen has either not looked yet or sleeps, as it does both
// under the mutex that the setter takes in between.
unsafe impl RawEvent for HostEvent {
    const UNINITIALIZED: Self = Self {
        set: AtomicBool::new(false),
        waiting: AtomicUsize::new(0),
        waits: Mutex::new(()),
        changed: Condvar::new(),
    };

    unsafe fn initialize(&self) {
        self.set.store(false, Ordering::SeqCst);
    }

    unsafe fn set(&self) {
        self.set.store(true, Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            drop(self.lock());
            self.changed.notify_all();
        }
    }

    unsafe fn clear(&self) {
        self.set.store(false, Ordering::Release);
    }

    unsafe fn wait(&self, _: &MayWait<'_>, limit: Option<Duration>) -> bool {
        if self.set.load(Ordering::SeqCst) {
            return true;
        }
        let waits = self.lock();
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let unset = |_: &mut ()| !self.set.load(Ordering::SeqCst);
        let is_set = match limit {
            None => {
                drop(self.changed.wait_while(waits, unset));
                true
            }
            Some(limit) => {
                let waited = self.changed.wait_timeout_while(waits, limit, unset);
                !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
            }
        };
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        is_set
    }
}
