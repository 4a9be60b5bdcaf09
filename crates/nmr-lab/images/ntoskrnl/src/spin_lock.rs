//! KSPIN_LOCK: taken at DISPATCH_LEVEL, so that holders exclude all threads of their processor as well.

#![expect(unsafe_code, reason = "implements routines on locks in memory of the driver's")]

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::level::{DISPATCH, Irql};
use crate::{irql, report, thread};

/// What a held lock holds: which thread, by the address of what we know of it. Zero is free, as in the kernel.
fn mark() -> usize {
    thread::with(|thread| std::ptr::from_ref(thread).addr())
}

/// `KeAcquireSpinLockRaiseToDpc`.
///
/// # Safety
/// `lock` is an initialised lock.
pub(crate) unsafe extern "system" fn acquire_raising(lock: *const AtomicUsize) -> Irql {
    let before = irql::current();
    if before < DISPATCH {
        irql::raise(DISPATCH);
    }
    // SAFETY: the contract of this function.
    unsafe { acquire(lock) };
    before
}

/// `KeAcquireSpinLockAtDpcLevel`.
///
/// # Safety
/// `lock` is an initialised lock.
pub(crate) unsafe extern "system" fn acquire(lock: *const AtomicUsize) {
    let caller = thread::caller();
    // SAFETY: the contract of this function.
    let word = unsafe { &*lock };
    if word.load(Ordering::Relaxed) == mark() {
        report::broken(
            caller,
            format_args!("acquires a spin lock that this thread holds: on Windows it hangs"),
        );
        return;
    }
    while !take(word) {
        // The holder may be a thread that the host does not run at present.
        std::thread::yield_now();
    }
}

/// `KeTryToAcquireSpinLockAtDpcLevel`.
///
/// # Safety
/// `lock` is an initialised lock.
pub(crate) unsafe extern "system" fn try_acquire(lock: *const AtomicUsize) -> u8 {
    // SAFETY: the contract of this function.
    u8::from(take(unsafe { &*lock }))
}

fn take(word: &AtomicUsize) -> bool {
    let taken = word.compare_exchange(0, mark(), Ordering::Acquire, Ordering::Relaxed).is_ok();
    if taken {
        thread::with(|thread| thread.spin_locks.set(thread.spin_locks.get() + 1));
    }
    taken
}

/// `KeReleaseSpinLock`.
///
/// # Safety
/// `lock` is an initialised lock.
pub(crate) unsafe extern "system" fn release_lowering(lock: *const AtomicUsize, level: Irql) {
    let caller = thread::caller();
    // SAFETY: the contract of this function.
    unsafe { release(lock) };
    thread::with(|thread| thread.caller.set(caller));
    irql::lower_checked(level);
}

/// `KeReleaseSpinLockFromDpcLevel`.
///
/// # Safety
/// `lock` is an initialised lock.
pub(crate) unsafe extern "system" fn release(lock: *const AtomicUsize) {
    // SAFETY: the contract of this function.
    let word = unsafe { &*lock };
    if word.load(Ordering::Relaxed) != mark() {
        report::broken(thread::caller(), format_args!("releases a spin lock that this thread does not hold"));
        return;
    }
    word.store(0, Ordering::Release);
    thread::with(|thread| thread.spin_locks.set(thread.spin_locks.get().saturating_sub(1)));
}
