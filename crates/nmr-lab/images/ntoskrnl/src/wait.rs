//! Waits. Wine does them, except for timers, which are ours.

#![expect(unsafe_code, reason = "implements routines on objects in memory of the driver's")]

use std::ffi::c_void;
use std::time::Duration;

use crate::{clock, report, thread, timer, wine};

const STATUS_SUCCESS: i32 = 0;
const STATUS_TIMEOUT: i32 = 0x102;
const STATUS_NOT_SUPPORTED: i32 = 0xc000_00bb_u32 as i32;
/// THREAD_WAIT_OBJECTS: for more, the caller brings the wait blocks.
const BLOCKS_IN_THREAD: u32 = 3;

/// How long a wait may take: for ever, without a time.
///
/// # Safety
/// `timeout` is NULL or points to a time.
unsafe fn limit(timeout: *const i64) -> Option<Duration> {
    // SAFETY: the contract of this function.
    let time = *unsafe { timeout.as_ref() }?;
    let units = if time <= 0 {
        time.unsigned_abs()
    } else {
        time.cast_unsigned().saturating_sub(clock::system_time())
    };
    Some(Duration::from_nanos(units.saturating_mul(100)))
}

/// `KeWaitForSingleObject`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn for_one(
    object: *mut c_void,
    reason: u32,
    mode: u8,
    alertable: u8,
    timeout: *const i64,
) -> i32 {
    // SAFETY: the contract of this function.
    if unsafe { timer::is_timer(object.cast()) } {
        // SAFETY: the contract of this function.
        let limit = unsafe { limit(timeout) };
        // SAFETY: a timer object, as its kind says.
        return if unsafe { timer::wait(object.cast(), limit) } { STATUS_SUCCESS } else { STATUS_TIMEOUT };
    }
    // SAFETY: the contract of this function.
    unsafe { wine::wait_for_single(object, reason, mode, alertable, timeout) }
}

/// `KeWaitForMultipleObjects`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn for_several(
    count: u32,
    objects: *const *mut c_void,
    kind: u32,
    reason: u32,
    mode: u8,
    alertable: u8,
    timeout: *const i64,
    blocks: *mut c_void,
) -> i32 {
    if count > BLOCKS_IN_THREAD && blocks.is_null() {
        let text =
            format_args!("waits for {count} objects without wait blocks: Windows stops at more than 3");
        report::broken(thread::caller(), text);
    }
    for index in 0..count as usize {
        // SAFETY: one of the `count` objects of the caller.
        let object = unsafe { *objects.wrapping_add(index) };
        // SAFETY: an object that can be waited for.
        if unsafe { timer::is_timer(object.cast_const().cast()) } {
            let text = format_args!("waits for a timer among several objects, which the lab cannot do");
            report::broken(thread::caller(), text);
            return STATUS_NOT_SUPPORTED;
        }
    }
    // SAFETY: the contract of this function.
    unsafe { wine::wait_for_multiple(count, objects, kind, reason, mode, alertable, timeout, blocks) }
}
