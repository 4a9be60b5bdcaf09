//! IRQL and critical regions.

#![expect(unsafe_code, reason = "calls the kernel's IRQL routines")]

use wdk_sys::ntddk;

/// DISPATCH_LEVEL.
const DISPATCH_LEVEL: u8 = 2;

/// `KeGetCurrentIrql`. Any IRQL.
pub(super) fn current() -> u8 {
    // SAFETY: callable at any IRQL.
    unsafe { ntddk::KeGetCurrentIrql() }
}

/// `KeRaiseIrqlToDpcLevel`.
///
/// # Safety
/// As `nmr::System::raise_to_dispatch`.
pub(super) unsafe fn raise_to_dispatch() -> u8 {
    // SAFETY: at or below DISPATCH_LEVEL, as the caller says.
    unsafe { ntddk::KfRaiseIrql(DISPATCH_LEVEL) }
}

/// `KeLowerIrql`.
///
/// # Safety
/// As `nmr::System::lower`.
pub(super) unsafe fn lower(before: u8) {
    // SAFETY: the IRQL was raised from there, as the caller says.
    unsafe { ntddk::KeLowerIrql(before) };
}

/// `KeEnterCriticalRegion`, below DISPATCH_LEVEL.
///
/// # Safety
/// As `nmr::System::enter_critical_region`.
pub(super) unsafe fn enter_critical_region() -> bool {
    let below_dispatch = current() < DISPATCH_LEVEL;
    if below_dispatch {
        // SAFETY: at PASSIVE_LEVEL or APC_LEVEL.
        unsafe { ntddk::KeEnterCriticalRegion() };
    }
    below_dispatch
}

/// `KeLeaveCriticalRegion`.
///
/// # Safety
/// As `nmr::System::leave_critical_region`.
pub(super) unsafe fn leave_critical_region() {
    // SAFETY: entered on this thread, as the caller says.
    unsafe { ntddk::KeLeaveCriticalRegion() };
}
