//! Work items, counted: one that is not freed when its driver's image goes may still run in it.

#![expect(unsafe_code, reason = "implements routines that drivers call with pointers of theirs")]

use std::ffi::c_void;
use std::sync::atomic::Ordering;

use crate::{images, thread, wine};

fn count(by: i64) {
    if let Some(image) = images::of(thread::caller()) {
        image.work_items.fetch_add(by, Ordering::Relaxed);
    }
}

/// `IoAllocateWorkItem`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn allocate(device: *mut c_void) -> *mut c_void {
    // SAFETY: the contract of this function.
    let item = unsafe { wine::allocate_work_item(device) };
    if !item.is_null() {
        count(1);
    }
    item
}

/// `IoFreeWorkItem`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn free(item: *mut c_void) {
    count(-1);
    // SAFETY: the contract of this function.
    unsafe { wine::free_work_item(item) };
}
