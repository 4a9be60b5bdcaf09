//! Where the threads of a run wait for their turn.

use crate::sync::lock;
use std::sync::{Condvar, Mutex, PoisonError};

/// Lets one thread through for each time that it is opened.
#[derive(Default)]
pub(super) struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub(super) fn open(&self) {
        *lock(&self.open) = true;
        self.opened.notify_one();
    }

    pub(super) fn pass(&self) {
        let mut open = lock(&self.open);
        while !*open {
            open = self.opened.wait(open).unwrap_or_else(PoisonError::into_inner);
        }
        *open = false;
    }
}
