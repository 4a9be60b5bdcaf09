//! The spin lock that raises to DISPATCH_LEVEL: a holder cannot be interrupted by a DPC that wants the same lock.

#![expect(unsafe_code, reason = "calls the kernel's spin lock routines on memory that they own")]

use core::cell::UnsafeCell;
use nmr::RawLock;
use wdk_sys::{KIRQL, KSPIN_LOCK, ntddk};

/// A KSPIN_LOCK; zero is the initialised, free lock (`KeInitializeSpinLock` stores nothing else).
#[derive(Debug)]
pub struct KernelLock(UnsafeCell<KSPIN_LOCK>);

// SAFETY: the cell is touched by the kernel's routines only, which are made for many processors.
unsafe impl Sync for KernelLock {}

// SAFETY: `KeAcquireSpinLockRaiseToDpc` excludes all other holders until `KeReleaseSpinLock`, with the barriers of a lock.
unsafe impl RawLock for KernelLock {
    const UNLOCKED: Self = Self(UnsafeCell::new(0));
    type Restore = KIRQL;

    unsafe fn acquire(&self) -> KIRQL {
        // SAFETY: an initialised lock in non-paged memory; the caller is at IRQL <= DISPATCH_LEVEL and gives it back.
        unsafe { ntddk::KeAcquireSpinLockRaiseToDpc(self.0.get()) }
    }

    unsafe fn release(&self, restore: KIRQL) {
        // SAFETY: the caller holds the lock, and `restore` is the IRQL at which it was taken.
        unsafe { ntddk::KeReleaseSpinLock(self.0.get(), restore) };
    }
}
