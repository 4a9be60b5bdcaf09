//! The lock of a host.

#![expect(unsafe_code, reason = "gives a lock back whose guard was forgotten")]

use crate::RawLock;

/// `spin`'s mutex.
#[derive(Debug)]
pub struct HostLock(spin::Mutex<()>);

// SAFETY: `spin::Mutex` excludes and orders as asked.
unsafe impl RawLock for HostLock {
    const UNLOCKED: Self = Self(spin::Mutex::new(()));
    type Restore = ();

    unsafe fn acquire(&self) {
        core::mem::forget(self.0.lock());
    }

    unsafe fn release(&self, (): ()) {
        // SAFETY: the caller holds the lock, whose guard was forgotten.
        unsafe { self.0.force_unlock() };
    }
}
