//! The seam to the I/O manager: requests that WSK completes.

#![expect(unsafe_code, reason = "says what WSK may do with a request")]

use core::ffi::c_void;
use core::time::Duration;
use nmr::{AtPassive, Error, Result, Status};

/// How a request was completed, its `IoStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Its status.
    pub status: Status,
    /// What the operation says besides: how many bytes, or which socket.
    pub information: usize,
}

impl Completion {
    /// The information of a success.
    ///
    /// # Errors
    /// The status.
    pub fn result(self) -> Result<usize> {
        if self.status == Status::SUCCESS {
            Ok(self.information)
        } else {
            Err(Error::from_status(self.status))
        }
    }
}

/// A request: in the kernel an IRP with a completion routine that sets an event, and an MDL. One is used for one operation
/// at a time, and again.
///
/// # Safety
/// What [`Request::begin`] answers can be handed to WSK as `PIRP`, which completes it once, on any thread at
/// IRQL <= DISPATCH_LEVEL; it stays valid until then, whatever becomes of the value. [`Request::wait`] answers when it is
/// completed, not before. What [`Request::describe`] answers can be handed to WSK as `PMDL`.
pub unsafe trait Request: Sized + Send + 'static {
    /// A request that was never used; `IoAllocateIrp`.
    ///
    /// # Errors
    /// STATUS_INSUFFICIENT_RESOURCES.
    fn new() -> Result<Self>;

    /// Makes the request ready to be sent, and answers it; `IoReuseIrp`, `IoSetCompletionRoutine`.
    fn begin(&mut self) -> *mut c_void;

    /// Waits until the request is completed, or `limit` is over.
    fn wait(&mut self, limit: Duration, at: &AtPassive<'_>) -> Option<Completion>;

    /// Asks whoever has the request to complete it soon; `IoCancelIrp`. It is waited for nevertheless.
    fn cancel(&mut self);

    /// Describes `length` bytes at `memory` until the next call, or the end; `IoAllocateMdl`, `MmBuildMdlForNonPagedPool`.
    ///
    /// # Errors
    /// STATUS_INSUFFICIENT_RESOURCES.
    ///
    /// # Safety
    /// They are valid for reads and writes, and in memory that is not paged out, until the request that they are for is
    /// completed. Reads are enough where WSK only reads.
    unsafe fn describe(&mut self, memory: *mut u8, length: usize) -> Result<*mut c_void>;

    /// Makes the request ready, and lets `send` send it. When it is completed, `release` is called with `context`, on any
    /// thread at IRQL <= DISPATCH_LEVEL, and the request is freed; `IoFreeIrp`. Does not wait.
    fn finish(self, send: impl FnOnce(*mut c_void), context: *mut c_void, release: unsafe fn(*mut c_void));
}
