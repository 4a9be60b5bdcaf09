//! The seam to the I/O manager: requests that a peer completes, for NPIs whose functions take an IRP.

#![expect(unsafe_code, reason = "says what a peer may do with a request")]

use crate::{AtPassive, Error, Result, Status};
use core::ffi::c_void;
use core::ptr::NonNull;
use core::time::Duration;

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

/// Memory of a request that a peer reads or writes.
#[derive(Clone, Copy, Debug)]
pub struct RequestBuffer {
    /// `PMDL`.
    pub mdl: *mut c_void,
    /// The first of the bytes that it describes.
    pub bytes: NonNull<u8>,
}

/// A request that a peer completes: in the kernel an IRP whose completion routine sets an event, and a buffer with an MDL.
/// One is used for one operation at a time, and again. `nmr_wdk::IoRequest` is the one of the system that a driver is built
/// for; this trait is for crates that make calls with it, such as the sockets of `nmr_npis::wsk`.
///
/// # Safety
/// What [`Request::begin`] answers can be handed to a peer as `PIRP`, which completes it once, on any thread at
/// IRQL <= DISPATCH_LEVEL; it stays valid until then, whatever becomes of the value. [`Request::wait`] answers when it is
/// completed, not before. The MDL of [`Request::buffer`] describes as many bytes as were asked for, and at least
/// one, in memory that is never paged out; both stay until the next call of it, or the end of the value.
pub unsafe trait Request: Sized + Send + 'static {
    /// A request that was never used; `IoAllocateIrp`. IRQL <= DISPATCH_LEVEL.
    ///
    /// # Errors
    /// STATUS_INSUFFICIENT_RESOURCES.
    fn new() -> Result<Self>;

    /// Makes the request ready to be sent, and answers it; `IoReuseIrp`, `IoSetCompletionRoutine`. IRQL <= DISPATCH_LEVEL.
    fn begin(&mut self) -> *mut c_void;

    /// Waits until the request is completed, or `limit` is over; `KeWaitForSingleObject`.
    fn wait(&mut self, limit: Duration, at: &AtPassive<'_>) -> Option<Completion>;

    /// Asks whoever has the request to complete it soon; `IoCancelIrp`. It is waited for nevertheless: it may just have been
    /// completed, and whoever has it may look only once. IRQL <= DISPATCH_LEVEL.
    fn cancel(&mut self);

    /// `length` bytes of the request's own; `IoAllocateMdl`, `MmBuildMdlForNonPagedPool`. The caller's memory cannot be
    /// described: it may lie on a stack, of which that routine makes no MDL. There is an MDL for no bytes too: WSK wants one
    /// from all functions but WskReceive. IRQL <= DISPATCH_LEVEL.
    ///
    /// # Errors
    /// STATUS_INSUFFICIENT_RESOURCES.
    ///
    /// # Panics
    /// If the request was begun, and no wait has answered its completion.
    fn buffer(&mut self, length: usize) -> Result<RequestBuffer>;

    /// Makes the request ready, and lets `send` send it. When it is completed, and `send` has returned, it is freed, and then
    /// `release` is called with `context`, on any thread at IRQL <= DISPATCH_LEVEL; `IoFreeIrp`. Does not wait, and cannot fail.
    /// IRQL <= DISPATCH_LEVEL.
    fn finish(self, send: impl FnOnce(*mut c_void), context: *mut c_void, release: unsafe fn(*mut c_void));
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use super::*;
    use crate::host::{HostIrp, HostMdl, HostRequest};
    use core::ptr::null_mut;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const MOMENT: Duration = Duration::from_millis(1);

    fn at_passive() -> AtPassive<'static> {
        // SAFETY: an ordinary thread.
        unsafe { AtPassive::assume() }
    }

    #[test]
    fn a_completion_is_its_information_or_its_status() {
        let completion = |status, information| Completion { status, information }.result();
        assert_eq!(completion(Status::SUCCESS, 7), Ok(7));
        assert_eq!(completion(Status::INVALID_PARAMETER, 7), Err(Error::INVALID_PARAMETER));
    }

    #[test]
    fn a_request_is_completed_cancelled_or_not_and_used_again() {
        let mut request = HostRequest::new().expect("nothing fails");
        for (cancels, information) in [(false, 1), (true, 2), (false, 3)] {
            // SAFETY: taken over once.
            let irp = unsafe { HostIrp::take(request.begin()) };
            assert_eq!(request.wait(MOMENT, &at_passive()), None);
            if cancels {
                request.cancel();
            }
            assert_eq!(irp.is_cancelled(), cancels);
            irp.complete(Status::SUCCESS, information);
            let completion = request.wait(MOMENT, &at_passive());
            assert_eq!(completion.map(Completion::result), Some(Ok(information)));
        }
    }

    #[test]
    fn a_buffer_is_as_long_as_asked_for_and_stays_with_the_peer() {
        let mut request = HostRequest::new().expect("nothing fails");
        for length in [0, 1, 4096, 3] {
            let buffer = request.buffer(length).expect("nothing fails");
            // SAFETY: the request keeps it.
            let mdl = unsafe { buffer.mdl.cast::<HostMdl>().read() };
            assert_eq!((mdl.bytes, mdl.length), (buffer.bytes.as_ptr(), length.max(1)));
        }
        // SAFETY: taken over once.
        let irp = unsafe { HostIrp::take(request.begin()) };
        let asked = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| request.buffer(1).is_ok()));
        assert!(asked.is_err(), "the peer may be writing");
        irp.complete(Status::SUCCESS, 0);
        assert_eq!(request.wait(MOMENT, &at_passive()).map(Completion::result), Some(Ok(0)));
        assert!(request.buffer(1).is_ok());
    }

    #[test]
    fn what_is_finished_tells_so_when_it_is_completed_and_sent() {
        unsafe fn release(count: *mut c_void) {
            // SAFETY: the count of the test.
            let count = unsafe { &*count.cast_const().cast::<AtomicUsize>() };
            count.fetch_add(1, Ordering::SeqCst);
        }
        let count = AtomicUsize::new(0);
        let context = || core::ptr::from_ref(&count).cast_mut().cast();
        let mut sent = null_mut();
        HostRequest::new().expect("nothing fails").finish(|irp| sent = irp, context(), release);
        assert_eq!(count.load(Ordering::SeqCst), 0);
        // SAFETY: taken over once.
        unsafe { HostIrp::take(sent) }.complete(Status::SUCCESS, 0);
        assert_eq!(count.load(Ordering::SeqCst), 1);

        let completes_at_once = |irp| {
            // SAFETY: taken over once.
            unsafe { HostIrp::take(irp) }.complete(Status::SUCCESS, 0);
            assert_eq!(count.load(Ordering::SeqCst), 1, "the driver is still inside the peer");
        };
        HostRequest::new().expect("nothing fails").finish(completes_at_once, context(), release);
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }
}
