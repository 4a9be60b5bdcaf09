//! The stop codes of this crate's documentation.

#![expect(unsafe_code, reason = "stops the machine")]

use nmr::{Failure, FailureKind, Level, Side};
use wdk_sys::ntddk;

/// A driver of the framework panicked.
pub(super) const PANIC: u32 = u32::from_be_bytes(*b"NMRP");
/// NmrDeregister* failed.
const DEREGISTER_FAILED: u32 = u32::from_be_bytes(*b"NMRD");
/// NmrWaitFor*DeregisterComplete failed.
const WAIT_FAILED: u32 = u32::from_be_bytes(*b"NMRW");

/// `KeBugCheckEx`. Any IRQL.
pub(super) fn machine(code: u32, parameters: [u64; 4]) -> ! {
    let [first, second, third, fourth] = parameters;
    // SAFETY: may be called at any time; it does not return.
    unsafe { ntddk::KeBugCheckEx(code, first, second, third, fourth) }
}

pub(super) fn on_failure(failure: Failure) -> ! {
    super::log::write(Level::Error, format_args!("nmr: the machine stops: {failure}"));
    let Failure { kind, status, side, npi } = failure;
    let code = match kind {
        FailureKind::Deregister => DEREGISTER_FAILED,
        FailureKind::Wait => WAIT_FAILED,
    };
    let side = match side {
        Side::Client => 1,
        Side::Provider => 2,
    };
    let npi = npi.to_u128();
    machine(code, [u64::from(status.0 as u32), side, (npi >> 64) as u64, npi as u64])
}
