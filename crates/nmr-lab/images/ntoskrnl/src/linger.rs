//! Routines that tell somebody else to go on, and whose caller then has a few instructions left. Here it is kept from
//! them for a moment, now and then, so that who relies on their being over soon is found out.

#![expect(unsafe_code, reason = "implements routines that drivers call with pointers of theirs")]

use std::ffi::c_void;
use std::time::Duration;

use crate::level::DISPATCH;
use crate::{clock, irql, thread, wine};

/// The first such call of a thread lingers, and then each with this distance.
const EVERY: u32 = 16;
/// For how long a thread lingers that may be suspended, and for how many microseconds one that may not.
const SLEEP: Duration = Duration::from_millis(2);
const STALL: u32 = 200;

fn linger() {
    let calls = thread::with(|thread| thread.told.replace(thread.told.get().wrapping_add(1)));
    if !calls.is_multiple_of(EVERY) {
        return;
    }
    if irql::current() < DISPATCH {
        std::thread::sleep(SLEEP);
    } else {
        clock::stall(STALL);
    }
}

/// `KeSetEvent`. Only a driver's own threads linger.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn set_event(event: *mut c_void, increment: i32, wait: u8) -> i32 {
    // SAFETY: the contract of this function.
    let before = unsafe { wine::set_event(event, increment, wait) };
    if wait == 0 && thread::with(|thread| thread.system_routine.get()) != 0 {
        linger();
    }
    before
}

/// `NmrClientDetachProviderComplete`.
///
/// # Safety
/// As for the routine of NETIO.SYS.
pub(crate) unsafe extern "system" fn client_detach_complete(binding: *mut c_void) {
    // SAFETY: the contract of this function.
    unsafe { wine::client_detach_complete(binding) };
    linger();
}

/// `NmrProviderDetachClientComplete`.
///
/// # Safety
/// As for the routine of NETIO.SYS.
pub(crate) unsafe extern "system" fn provider_detach_complete(binding: *mut c_void) {
    // SAFETY: the contract of this function.
    unsafe { wine::provider_detach_complete(binding) };
    linger();
}
