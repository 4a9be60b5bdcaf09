//! IRPs and MDLs that drivers allocate, counted; and MDLs of memory that stays where it is, which Wine does not make.

#![expect(unsafe_code, reason = "implements routines that drivers call with pointers of theirs")]

use std::ffi::c_void;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::images::Image;
use crate::{images, pool, report, thread, wine};

/// `MDL`.
#[repr(C)]
pub(crate) struct Mdl {
    next: *mut Self,
    size: i16,
    flags: i16,
    process: *mut c_void,
    mapped: *mut c_void,
    /// The page in which the memory begins, its length, and where in the page.
    start: *mut c_void,
    length: u32,
    offset: u32,
}

/// `MDL_SOURCE_IS_NONPAGED_POOL`.
const OF_NON_PAGED_POOL: i16 = 4;

fn count(by: i64, of: impl FnOnce(&Image) -> &AtomicI64) {
    if let Some(image) = images::of(thread::caller()) {
        of(&image).fetch_add(by, Ordering::Relaxed);
    }
}

/// `IoAllocateIrp`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn allocate_irp(stack_size: i8, quota: u8) -> *mut c_void {
    // SAFETY: the contract of this function.
    let irp = unsafe { wine::allocate_irp(stack_size, quota) };
    if !irp.is_null() {
        count(1, |image| &image.irps);
    }
    irp
}

/// `IoFreeIrp`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn free_irp(irp: *mut c_void) {
    count(-1, |image| &image.irps);
    // SAFETY: the contract of this function.
    unsafe { wine::free_irp(irp) };
}

/// `IoAllocateMdl`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn allocate_mdl(
    address: *mut c_void,
    length: u32,
    secondary: u8,
    quota: u8,
    irp: *mut c_void,
) -> *mut Mdl {
    // SAFETY: the contract of this function.
    let mdl = unsafe { wine::allocate_mdl(address, length, secondary, quota, irp) };
    if !mdl.is_null() {
        count(1, |image| &image.mdls);
    }
    mdl.cast()
}

/// `IoFreeMdl`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn free_mdl(mdl: *mut Mdl) {
    count(-1, |image| &image.mdls);
    // SAFETY: the contract of this function.
    unsafe { wine::free_mdl(mdl.cast()) };
}

/// `MmBuildMdlForNonPagedPool`. Memory on a stack is the usual mistake: its pages may be exchanged for others.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn build_mdl(mdl: *mut Mdl) {
    // SAFETY: the contract of this function.
    let mdl = unsafe { &mut *mdl };
    let address = mdl.start.addr() + mdl.offset as usize;
    if !pool::is_alive(address) && images::of(address).is_none() {
        report::broken(
            thread::caller(),
            format_args!("makes an MDL of memory that is neither of the pool nor of an image"),
        );
    }
    mdl.mapped = mdl.start.wrapping_byte_add(mdl.offset as usize);
    mdl.flags |= OF_NON_PAGED_POOL;
}
