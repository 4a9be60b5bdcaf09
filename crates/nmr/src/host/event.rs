//! The event of a host.

#![expect(unsafe_code, reason = "implements a trait that promises an order of memory")]

use crate::{MayWait, RawEvent};
use core::time::Duration;
use std::sync::{Condvar, Mutex, PoisonError};

/// A flag with a condition variable.
#[derive(Debug)]
pub struct HostEvent {
    set: Mutex<bool>,
    changed: Condvar,
}

// SAFETY: the flag is under a mutex, which orders setter and waiter.
unsafe impl RawEvent for HostEvent {
    const UNINITIALIZED: Self = Self { set: Mutex::new(false), changed: Condvar::new() };

    unsafe fn initialize(&self) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }

    unsafe fn set(&self) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    unsafe fn clear(&self) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }

    unsafe fn wait(&self, _: &MayWait<'_>, limit: Option<Duration>) -> bool {
        let set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        let unset = |set: &mut bool| !*set;
        match limit {
            None => *self.changed.wait_while(set, unset).unwrap_or_else(PoisonError::into_inner),
            Some(limit) => {
                let waited = self.changed.wait_timeout_while(set, limit, unset);
                *waited.unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }
}
