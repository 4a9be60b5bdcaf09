//! A lock around data, over whatever spin lock the system has.

#![expect(unsafe_code, reason = "hands out the data of a cell to whoever holds the raw lock")]

use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};

/// A raw spin lock: in the kernel one that raises to DISPATCH_LEVEL, on the host `spin`'s.
///
/// # Safety
/// Between [`RawLock::acquire`] and [`RawLock::release`] no other `acquire` of the same lock returns, and what the
/// holder wrote is seen by the next one.
pub unsafe trait RawLock: Send + Sync + 'static {
    /// A lock that nobody holds.
    const UNLOCKED: Self;
    /// What has to be given back on release, such as the IRQL before.
    type Restore: Copy;

    /// Spins until the lock is the caller's, at an IRQL that may be higher from then on. IRQL <= DISPATCH_LEVEL.
    ///
    /// # Safety
    /// The caller gives the lock back, on the same thread, before it does anything that the IRQL does not allow.
    unsafe fn acquire(&self) -> Self::Restore;

    /// Gives the lock back.
    ///
    /// # Safety
    /// The caller holds the lock, and `restore` is what its `acquire` answered.
    unsafe fn release(&self, restore: Self::Restore);
}

/// Data that is reached through its lock only.
#[derive(Debug)]
pub(crate) struct Lock<T, L> {
    raw: L,
    data: UnsafeCell<T>,
}

// SAFETY: the data is reached by one holder of the raw lock at a time.
unsafe impl<T: Send, L: RawLock> Sync for Lock<T, L> {}

impl<T, L: RawLock> Lock<T, L> {
    pub(crate) const fn new(data: T) -> Self {
        Self { raw: L::UNLOCKED, data: UnsafeCell::new(data) }
    }

    /// Locks. Hold it for a few instructions, and call nothing but this module's own code meanwhile.
    pub(crate) fn lock(&self) -> Locked<'_, T, L> {
        // SAFETY: the answer gives it back, stays on its thread, and is kept for a few instructions of this crate's.
        let restore = unsafe { self.raw.acquire() };
        Locked { lock: self, restore, here: core::marker::PhantomData }
    }
}

pub(crate) struct Locked<'a, T, L: RawLock> {
    lock: &'a Lock<T, L>,
    restore: L::Restore,
    /// A lock that raised the IRQL of one processor is not given back on another.
    here: core::marker::PhantomData<*mut ()>,
}

impl<T, L: RawLock> Deref for Locked<'_, T, L> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this value holds the lock.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T, L: RawLock> DerefMut for Locked<'_, T, L> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this value holds the lock, and is borrowed exclusively.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T, L: RawLock> Drop for Locked<'_, T, L> {
    fn drop(&mut self) {
        let Self { lock, restore, here: _ } = self;
        // SAFETY: this value holds the lock, and `restore` came from its acquisition.
        unsafe { lock.raw.release(*restore) }
    }
}
