//! The stop codes of this crate's documentation.

#![expect(unsafe_code, reason = "stops the machine")]

use nmr::Failure;
use wdk_sys::ntddk;

/// A driver of the framework panicked.
pub(super) const PANIC: u32 = u32::from_be_bytes(*b"NMRP");
/// NmrDeregister* failed.
const DEREGISTER_FAILED: u32 = u32::from_be_bytes(*b"NMRD");
/// NmrWaitFor*DeregisterComplete failed.
const WAIT_FAILED: u32 = u32::from_be_bytes(*b"NMRW");

/// `KeBugCheckEx`. Any IRQL.
pub(super) fn machine(code: u32, parameters: [u64; 3]) -> ! {
    let [first, second, third] = parameters;
    // SAFETY: may be called at any time; it does not return.
    unsafe { ntddk::KeBugCheckEx(code, first, second, third, 0) }
}

pub(super) fn on_failure(failure: Failure) -> ! {
    super::log(format_args!("nmr: the machine stops: {failure}"));
    match failure {
        Failure::Deregister(status) => machine(DEREGISTER_FAILED, [u64::from(status.0 as u32), 0, 0]),
        Failure::Wait(status) => machine(WAIT_FAILED, [u64::from(status.0 as u32), 0, 0]),
    }
}
