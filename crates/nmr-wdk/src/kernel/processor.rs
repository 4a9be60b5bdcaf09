//! Processors by number.

#![expect(unsafe_code, reason = "calls the kernel's processor routines")]

use wdk_sys::{ALL_PROCESSOR_GROUPS, PROCESSOR_NUMBER, ntddk};

/// `KeGetCurrentProcessorNumberEx`: the number over all groups. Any IRQL.
pub(super) fn current() -> usize {
    // SAFETY: the out parameter is optional.
    unsafe { ntddk::KeGetCurrentProcessorNumberEx(core::ptr::null_mut()) as usize }
}

/// `KeQueryActiveProcessorCountEx` over all groups. Any IRQL.
pub(super) fn active() -> usize {
    // SAFETY: callable at any IRQL.
    unsafe { ntddk::KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS as u16) as usize }
}

/// Group and number in it of `processor`, one of the active ones. Any IRQL.
pub(super) fn number(processor: usize) -> PROCESSOR_NUMBER {
    let mut number = PROCESSOR_NUMBER::default();
    // SAFETY: the out parameter is local.
    let status = unsafe { ntddk::KeGetProcessorNumberFromIndex(processor as u32, &mut number) };
    // Processors are added, and never taken away.
    assert!(status == 0, "KeGetProcessorNumberFromIndex answered {}", nmr::Status(status));
    number
}
