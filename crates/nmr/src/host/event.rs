//! The event of a host.

#![expect(unsafe_code, reason = "implements a trait that promises an order of memory")]

use crate::{MayWait, RawEvent};
use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A flag with a condition variable.
#[derive(Debug)]
pub struct HostEvent {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    set: bool,
    /// Threads that wait. Waking nobody is a call into the system all the same, so it is left out.
    waiting: usize,
}

impl HostEvent {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// SAFETY: the flag is under a mutex, which orders setter and waiter.
unsafe impl RawEvent for HostEvent {
    const UNINITIALIZED: Self =
        Self { state: Mutex::new(State { set: false, waiting: 0 }), changed: Condvar::new() };

    unsafe fn initialize(&self) {
        self.lock().set = false;
    }

    unsafe fn set(&self) {
        let mut state = self.lock();
        state.set = true;
        let waiting = state.waiting > 0;
        drop(state);
        if waiting {
            self.changed.notify_all();
        }
    }

    unsafe fn clear(&self) {
        self.lock().set = false;
    }

    unsafe fn wait(&self, _: &MayWait<'_>, limit: Option<Duration>) -> bool {
        let mut state = self.lock();
        if state.set {
            return true;
        }
        state.waiting += 1;
        let unset = |state: &mut State| !state.set;
        let mut state = match limit {
            None => self.changed.wait_while(state, unset).unwrap_or_else(PoisonError::into_inner),
            Some(limit) => {
                let waited = self.changed.wait_timeout_while(state, limit, unset);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        state.waiting -= 1;
        state.set
    }
}
