//! The interrupt request level of each thread. Wine has none.
//!
//! Raising a thread to DISPATCH_LEVEL takes its virtual processor ([`crate::processors`]), lowering it gives the
//! processor back: of the threads of one processor at most one is at DISPATCH_LEVEL, as on Windows.

#![expect(unsafe_code, reason = "implements routines that drivers call with pointers of theirs")]

use crate::level::{self, Irql};
use crate::processors;
use crate::report;
use crate::thread;

/// The level of this thread.
pub(crate) fn current() -> Irql {
    thread::with(|thread| thread.irql.get())
}

/// Raises this thread to `level`, which is not below its own, and answers the level it had.
pub(crate) fn raise(level: Irql) -> Irql {
    let before = current();
    if before < level::DISPATCH && level >= level::DISPATCH {
        processors::take();
    }
    thread::with(|thread| thread.irql.set(level));
    before
}

/// Lowers this thread to `level`, which is not above its own.
pub(crate) fn lower(level: Irql) {
    let before = current();
    thread::with(|thread| thread.irql.set(level));
    if before >= level::DISPATCH && level < level::DISPATCH {
        processors::give_back();
    }
}

/// `KeGetCurrentIrql`.
pub(crate) extern "system" fn get_current() -> Irql {
    current()
}

/// `KfRaiseIrql`.
pub(crate) extern "system" fn raise_checked(level: Irql) -> Irql {
    let before = current();
    if level < before {
        report::broken(
            thread::caller(),
            format_args!("raises from {} to {}", level::name(before), level::name(level)),
        );
        return before;
    }
    raise(level)
}

/// `KeRaiseIrql`.
///
/// # Safety
/// `before` is a place for the level.
pub(crate) unsafe extern "system" fn raise_into(level: Irql, before: *mut Irql) {
    let found = raise_checked(level);
    // SAFETY: the contract of this function.
    unsafe { before.write(found) };
}

/// `KeRaiseIrqlToDpcLevel`.
pub(crate) extern "system" fn raise_to_dispatch() -> Irql {
    raise_checked(level::DISPATCH)
}

/// `KeLowerIrql`.
pub(crate) extern "system" fn lower_checked(level: Irql) {
    let before = current();
    if level > before {
        report::broken(
            thread::caller(),
            format_args!("lowers from {} to {}", level::name(before), level::name(level)),
        );
        return;
    }
    if level < level::DISPATCH && thread::with(|thread| thread.spin_locks.get()) > 0 {
        report::broken(
            thread::caller(),
            format_args!("lowers to {} with a spin lock held", level::name(level)),
        );
    }
    lower(level);
}
