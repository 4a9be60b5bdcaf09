//! A request over an IRP of the driver's own.
//!
//! Whoever completes the IRP calls [`completion_routine`], which answers STATUS_MORE_PROCESSING_REQUIRED: the I/O manager
//! does not touch the IRP afterwards. Either it sets the event that the thread in `wait` waits for, and has then nothing more to do
//! with the request; or nobody waits, and the request is freed when it was completed and the call that sent it has returned.

#![expect(unsafe_code, reason = "hands out an IRP, and is called back when it is completed")]

mod buffer;
mod irp;
mod pool;
mod routines;

use super::event::KernelEvent;
use buffer::Buffer;
use core::cell::Cell;
use core::ffi::c_void;
use core::fmt;
use core::mem::ManuallyDrop;
use core::sync::atomic::{AtomicU8, Ordering};
use core::time::Duration;
use irp::{Irp, MORE_PROCESSING_REQUIRED};
use nmr::{AtPassive, Completion, RawEvent as _, Request, RequestBuffer, Result};
use pool::Pooled;
use wdk_sys::{DEVICE_OBJECT, IRP};

pub(super) use routines::wait_until_over;

/// A request of the I/O manager, for NPIs whose functions take an IRP: `DatagramSocket<nmr::Client<Wsk>, IoRequest>`. It
/// allocates from the non-paged pool what an operation needs before the operation begins: the IRP with one stack location, the
/// event, and a buffer that grows to the longest that was asked for.
pub struct IoRequest {
    shared: ManuallyDrop<Pooled<Shared>>,
    buffer: ManuallyDrop<Option<Buffer>>,
    /// Whether the IRP was handed out, and no wait has answered its completion.
    begun: bool,
}

/// What the completion routine needs, in memory that stays where it is.
struct Shared {
    irp: Irp,
    event: KernelEvent,
    /// What becomes of the request when it is completed; it is waited for if this is none.
    release: Cell<Option<Release>>,
    /// Who still has a share in a request that nobody waits for: its completion routine, and the call that sends it.
    shares: AtomicU8,
}

/// What is called when a request that nobody waits for is completed, and with what.
type Release = (*mut c_void, unsafe fn(*mut c_void));

// SAFETY: the pool's memory belongs to no thread; `release` is written before the IRP is handed out, and read by its
// completion routine.
unsafe impl Send for IoRequest {}

// SAFETY: the IRP is freed when it was never handed out, or its completion was waited for, or by its completion routine.
unsafe impl Request for IoRequest {
    fn new() -> Result<Self> {
        let (irp, event) = (Irp::new()?, KernelEvent::UNINITIALIZED);
        let shared = Shared { irp, event, release: Cell::new(None), shares: AtomicU8::new(2) };
        let shared = Pooled::new(shared)?;
        // SAFETY: in the place where it stays, and nobody uses it yet.
        unsafe { shared.event.initialize() };
        let (shared, buffer) = (ManuallyDrop::new(shared), ManuallyDrop::new(None));
        Ok(Self { shared, buffer, begun: false })
    }

    fn begin(&mut self) -> *mut c_void {
        assert!(!self.begun, "the request is in flight");
        self.begun = true;
        // SAFETY: initialised, and nobody waits.
        unsafe { self.shared.event.clear() };
        // SAFETY: nobody has the IRP; the routine is made for this context, which stays until it has run.
        unsafe { self.shared.irp.begin(completion_routine, self.shared.as_ptr().cast()) }.cast()
    }

    fn wait(&mut self, limit: Duration, _: &AtPassive<'_>) -> Option<Completion> {
        // SAFETY: initialised, and the caller is at PASSIVE_LEVEL.
        if !unsafe { self.shared.event.wait_below_dispatch(Some(limit)) } {
            return None;
        }
        self.begun = false;
        // SAFETY: the event says that it is completed.
        Some(unsafe { self.shared.irp.completion() })
    }

    fn cancel(&mut self) {
        if self.begun {
            self.shared.irp.cancel();
        }
    }

    fn buffer(&mut self, length: usize) -> Result<RequestBuffer> {
        assert!(!self.begun, "the peer has the buffer");
        let length = length.max(1);
        if let Some(buffer) = &*self.buffer
            && buffer.length() >= length
        {
            return Ok(buffer.described());
        }
        // First the old one goes: a driver that asks for more and more needs the longest only.
        *self.buffer = None;
        Ok(self.buffer.insert(Buffer::new(length)?).described())
    }

    fn finish(
        mut self,
        send: impl FnOnce(*mut c_void),
        context: *mut c_void,
        release: unsafe fn(*mut c_void),
    ) {
        *self.buffer = None;
        self.shared.release.set(Some((context, release)));
        let (irp, shared) = (self.begin(), self.shared.as_ptr());
        // It was begun, so nothing is freed here.
        drop(self);
        send(irp);
        // SAFETY: given up above, and this is the share of the call that sends it.
        unsafe { drop_share(shared) };
    }
}

impl Drop for IoRequest {
    fn drop(&mut self) {
        if self.begun {
            // The peer still has the IRP, and perhaps the buffer: better lost than freed under it.
            return;
        }
        // SAFETY: dropped here alone.
        unsafe { ManuallyDrop::drop(&mut self.buffer) };
        // SAFETY: as above.
        unsafe { ManuallyDrop::drop(&mut self.shared) };
    }
}

impl fmt::Debug for IoRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IoRequest").field("begun", &self.begun).finish_non_exhaustive()
    }
}

/// `IO_COMPLETION_ROUTINE`. IRQL <= DISPATCH_LEVEL, on any thread.
///
/// # Safety
/// `shared` is that of the request, whose IRP is completed.
unsafe extern "C" fn completion_routine(_: *mut DEVICE_OBJECT, _: *mut IRP, shared: *mut c_void) -> i32 {
    routines::begins();
    let shared: *mut Shared = shared.cast();
    // SAFETY: as the caller says; it stays until the event is set, or until this share is dropped.
    let request = unsafe { &*shared };
    if request.release.get().is_none() {
        // SAFETY: initialised. This is the last access: whoever waits may free the request at once.
        unsafe { request.event.set() };
    } else {
        // SAFETY: `finish` has given it up, and the routine is called once.
        unsafe { drop_share(shared) };
    }
    routines::ends();
    MORE_PROCESSING_REQUIRED
}

/// Frees a request that nobody waits for, if the other share was dropped too, and says so: not before the peer's function has
/// returned, or the peer could be let go of while this driver is inside.
///
/// # Safety
/// `finish` has given up the request, and its completion routine and the call that sends it drop their share once each.
unsafe fn drop_share(shared: *mut Shared) {
    // SAFETY: it stays until both shares are dropped.
    if unsafe { &*shared }.shares.fetch_sub(1, Ordering::AcqRel) != 1 {
        return;
    }
    // SAFETY: as above; nobody else has it any more, and nobody touches the IRP once its completion routine was called.
    let shared = unsafe { Pooled::from_raw(shared) };
    let release = shared.release.get();
    drop(shared);
    if let Some((context, release)) = release {
        // SAFETY: as the caller of `finish` says.
        unsafe { release(context) };
    }
}
