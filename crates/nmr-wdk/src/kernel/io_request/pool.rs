//! Blocks of the non-paged pool. Only drivers with requests import these routines.

#![expect(unsafe_code, reason = "owns memory of the pool")]

use core::ops::Deref;
use core::ptr::NonNull;
use nmr::{Error, Result};
use wdk_sys::ntddk;

/// `NmrQ`, as pool tags are read.
const TAG: u32 = u32::from_le_bytes(*b"NmrQ");
/// `POOL_FLAG_NON_PAGED`.
const NON_PAGED: u64 = 0x40;
/// How blocks are aligned on 64-bit systems.
const ALIGNMENT: usize = 16;

/// `ExAllocatePool2`; the bytes are zero. IRQL <= DISPATCH_LEVEL.
pub(super) fn allocate(length: usize) -> Result<NonNull<u8>> {
    // SAFETY: at DISPATCH_LEVEL or below, as every caller of a request is.
    let block = unsafe { ntddk::ExAllocatePool2(NON_PAGED, length as u64, TAG) };
    NonNull::new(block.cast()).ok_or(Error::INSUFFICIENT_RESOURCES)
}

/// `ExFreePoolWithTag`. IRQL <= DISPATCH_LEVEL.
///
/// # Safety
/// Of [`allocate`], and not used any more.
pub(super) unsafe fn free(block: NonNull<u8>) {
    // SAFETY: as the caller says.
    unsafe { ntddk::ExFreePoolWithTag(block.as_ptr().cast(), TAG) };
}

/// A value in a block of its own, which does not move.
pub(super) struct Pooled<T>(NonNull<T>);

impl<T> Pooled<T> {
    /// Moves `value` into a new block.
    ///
    /// # Errors
    /// STATUS_INSUFFICIENT_RESOURCES; the value is dropped.
    pub(super) fn new(value: T) -> Result<Self> {
        const { assert!(align_of::<T>() <= ALIGNMENT && size_of::<T>() > 0) };
        let block = allocate(size_of::<T>())?.cast::<T>();
        // SAFETY: a block of this size and alignment, which nobody uses.
        unsafe { block.write(value) };
        Ok(Self(block))
    }

    /// The block that [`Pooled::as_ptr`] answered.
    ///
    /// # Safety
    /// Its owner was forgotten.
    pub(super) unsafe fn from_raw(block: *mut T) -> Self {
        // SAFETY: as the caller says, and no block has address 0.
        Self(unsafe { NonNull::new_unchecked(block) })
    }

    /// Where the value is.
    pub(super) const fn as_ptr(&self) -> *mut T {
        self.0.as_ptr()
    }
}

impl<T> Deref for Pooled<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: written in `new`, and dropped with this value.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Drop for Pooled<T> {
    fn drop(&mut self) {
        // SAFETY: written in `new`, and nobody else has it.
        unsafe { self.0.drop_in_place() };
        // SAFETY: of `allocate`.
        unsafe { free(self.0.cast()) };
    }
}
