//! The one place through which locks are taken, and what keeps threads that use different ones apart.

use spin::relax::Yield;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A lock for what every call goes through and nobody holds for more than a few steps. Letting go of it is a plain store,
/// where that of a [`Mutex`] is a locked instruction; who finds it taken lets other threads run.
pub(crate) type Brief<T> = spin::mutex::SpinMutex<T, Yield>;

/// What [`lock`] locks.
pub(crate) trait Lock {
    type Guard<'a>
    where
        Self: 'a;

    fn take(&self) -> Self::Guard<'_>;
}

impl<T> Lock for Mutex<T> {
    type Guard<'a>
        = MutexGuard<'a, T>
    where
        T: 'a;

    fn take(&self) -> MutexGuard<'_, T> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Lock for Brief<T> {
    type Guard<'a>
        = spin::mutex::SpinMutexGuard<'a, T>
    where
        T: 'a;

    #[inline]
    fn take(&self) -> Self::Guard<'_> {
        self.lock()
    }
}

impl<L: Lock> Lock for OwnLines<L> {
    type Guard<'a>
        = L::Guard<'a>
    where
        L: 'a;

    #[inline]
    fn take(&self) -> Self::Guard<'_> {
        self.0.take()
    }
}

impl<L: Lock> Lock for Arc<L> {
    type Guard<'a>
        = L::Guard<'a>
    where
        L: 'a;

    fn take(&self) -> Self::Guard<'_> {
        (**self).take()
    }
}

/// Locks `lock`, also after a panic elsewhere: what the locks of a world protect is consistent at every point where a
/// panic can happen, since no module's code runs under them.
#[inline]
pub(crate) fn lock<L: Lock>(lock: &L) -> L::Guard<'_> {
    lock.take()
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
