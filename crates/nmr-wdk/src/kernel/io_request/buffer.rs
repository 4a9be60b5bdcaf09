//! Memory that a peer reads or writes, and the MDL that describes it.

#![expect(unsafe_code, reason = "calls the kernel's routines for MDLs on memory that it owns")]

use super::pool;
use core::ptr::NonNull;
use nmr::{Error, RequestBuffer, Result};
use wdk_sys::{MDL, ntddk};

/// A block of the non-paged pool, and its MDL.
///
/// It is not the caller's memory that is described: that may be on a kernel stack, of which MmBuildMdlForNonPagedPool must
/// not make an MDL, and MmProbeAndLockPages reports failures as exceptions only, which Rust cannot catch.
pub(super) struct Buffer {
    bytes: NonNull<u8>,
    length: u32,
    mdl: NonNull<MDL>,
}

impl Buffer {
    /// `length` bytes; `IoAllocateMdl`, `MmBuildMdlForNonPagedPool`. IRQL <= DISPATCH_LEVEL.
    ///
    /// # Errors
    /// STATUS_INSUFFICIENT_RESOURCES, also if an MDL cannot describe so many.
    pub(super) fn new(length: usize) -> Result<Self> {
        let described = u32::try_from(length).map_err(|_| Error::INSUFFICIENT_RESOURCES)?;
        let bytes = pool::allocate(length)?;
        let null = core::ptr::null_mut();
        // SAFETY: memory of this length; the MDL belongs to no IRP.
        let mdl = unsafe { ntddk::IoAllocateMdl(bytes.as_ptr().cast(), described, 0, 0, null) };
        let Some(mdl) = NonNull::new(mdl) else {
            // SAFETY: of `allocate`, and nobody has it.
            unsafe { pool::free(bytes) };
            return Err(Error::INSUFFICIENT_RESOURCES);
        };
        // SAFETY: of `IoAllocateMdl`, for a block of the non-paged pool.
        unsafe { ntddk::MmBuildMdlForNonPagedPool(mdl.as_ptr()) };
        Ok(Self { bytes, length: described, mdl })
    }

    /// How many bytes there are.
    pub(super) const fn length(&self) -> usize {
        self.length as usize
    }

    /// As the peer gets it.
    pub(super) const fn described(&self) -> RequestBuffer {
        RequestBuffer { mdl: self.mdl.as_ptr().cast(), bytes: self.bytes }
    }
}

impl Drop for Buffer {
    /// `IoFreeMdl`.
    fn drop(&mut self) {
        // SAFETY: of `IoAllocateMdl`; no request is in flight, as the owner of this value sees to.
        unsafe { ntddk::IoFreeMdl(self.mdl.as_ptr()) };
        // SAFETY: of `allocate`, and described no more.
        unsafe { pool::free(self.bytes) };
    }
}
