//! The one place through which locks are taken, and what keeps threads that use different ones apart.

use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`, also after a panic elsewhere: what the locks of a world protect is consistent at every point where
/// a panic can happen, since no module's code runs under them.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A value with cache lines of its own (two, which some processors fetch together), so that threads which use its
/// neighbours do not slow each other down.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct OwnLines<T>(pub(crate) T);

impl<T> Deref for OwnLines<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
