//! Requests of std in place of IRPs, and what a peer of the tests does with them.

#![expect(
    unsafe_code,
    reason = "requests travel through C as addresses, and own the memory that peers write"
)]

use super::PoisonError;
use crate::{AtPassive, Completion, Request, RequestBuffer, Result, Status};
use core::ffi::c_void;
use core::fmt;
use core::ptr::{NonNull, null_mut};
use core::time::Duration;
use std::boxed::Box;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// A request as the peer has it: each `PIRP` that [`Request::begin`] answers is one reference to it.
#[derive(Debug, Default)]
pub struct HostIrp {
    state: Mutex<State>,
    completed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    completion: Option<Completion>,
    cancelled: bool,
    /// What is called when it is completed and the call that sends it has returned, and with what.
    release: Option<Release>,
    returned: bool,
}

/// The address of a context, and the function that takes it.
type Release = (usize, unsafe fn(*mut c_void));

impl HostIrp {
    /// Takes over the request `irp`, as every function that takes one does.
    ///
    /// # Safety
    /// [`HostRequest`] has answered it, and nobody has taken it over yet.
    pub unsafe fn take(irp: *mut c_void) -> Arc<Self> {
        // SAFETY: `begin` has given one reference away with it.
        unsafe { Arc::from_raw(irp.cast_const().cast()) }
    }

    /// Whether the driver has asked for its completion; `Irp->Cancel`.
    pub fn is_cancelled(&self) -> bool {
        self.state().cancelled
    }

    /// `IoCompleteRequest`.
    ///
    /// # Panics
    /// If it is completed already.
    pub fn complete(&self, status: Status, information: usize) {
        let release = {
            let mut state = self.state();
            let before = state.completion.replace(Completion { status, information });
            assert!(before.is_none(), "a request is completed twice");
            state.released()
        };
        self.completed.notify_all();
        call(release);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What is to be called now, if everything for it has happened.
    fn released(&mut self) -> Option<Release> {
        if self.returned && self.completion.is_some() { self.release.take() } else { None }
    }
}

fn call(release: Option<Release>) {
    if let Some((context, release)) = release {
        // SAFETY: as whoever finished the request has said.
        unsafe { release(core::ptr::with_exposed_provenance_mut(context)) };
    }
}

/// What stands for an MDL: where the bytes are.
#[derive(Clone, Copy, Debug)]
pub struct HostMdl {
    /// The first one.
    pub bytes: *mut u8,
    /// How many there are.
    pub length: usize,
}

/// The driver's end of a request. Its addresses are exposed, so that a peer can carry them as numbers.
pub struct HostRequest {
    irp: Arc<HostIrp>,
    begun: bool,
    /// The bytes, and what describes them; both from boxes that are freed in `clear`.
    mdl: *mut HostMdl,
}

impl HostRequest {
    fn clear(&mut self) {
        let mdl = core::mem::replace(&mut self.mdl, null_mut());
        if mdl.is_null() {
            return;
        }
        // SAFETY: `buffer` has made it of a box, and nobody has it any more.
        let mdl = unsafe { Box::from_raw(mdl) };
        let bytes = core::ptr::slice_from_raw_parts_mut(mdl.bytes, mdl.length);
        // SAFETY: as above.
        drop(unsafe { Box::from_raw(bytes) });
    }
}

// SAFETY: the memory is the value's own, and a request that is in flight is shared under a lock.
unsafe impl Send for HostRequest {}

// SAFETY: the irp is shared by both ends, so it stays for as long as either has it, and is completed once.
unsafe impl Request for HostRequest {
    fn new() -> Result<Self> {
        Ok(Self { irp: Arc::default(), begun: false, mdl: null_mut() })
    }

    fn begin(&mut self) -> *mut c_void {
        *self.irp.state() = State::default();
        self.begun = true;
        Arc::into_raw(Arc::clone(&self.irp)).cast_mut().cast()
    }

    fn wait(&mut self, limit: Duration, _: &AtPassive<'_>) -> Option<Completion> {
        let state = self.irp.state();
        let waiting = |state: &mut State| state.completion.is_none();
        let waited = self.irp.completed.wait_timeout_while(state, limit, waiting);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        self.begun = state.completion.is_none();
        state.completion
    }

    fn cancel(&mut self) {
        self.irp.state().cancelled = true;
    }

    fn buffer(&mut self, length: usize) -> Result<RequestBuffer> {
        assert!(!self.begun, "the peer has the buffer");
        self.clear();
        let length = length.max(1);
        let bytes = Box::into_raw(std::vec![0_u8; length].into_boxed_slice()).cast::<u8>();
        bytes.expose_provenance();
        self.mdl = Box::into_raw(Box::new(HostMdl { bytes, length }));
        Ok(RequestBuffer { mdl: self.mdl.cast(), bytes: NonNull::new(bytes).unwrap_or(NonNull::dangling()) })
    }

    fn finish(
        mut self,
        send: impl FnOnce(*mut c_void),
        context: *mut c_void,
        release: unsafe fn(*mut c_void),
    ) {
        let irp = self.begin();
        self.irp.state().release = Some((context.expose_provenance(), release));
        send(irp);
        let release = {
            let mut state = self.irp.state();
            state.returned = true;
            state.released()
        };
        call(release);
    }
}

impl Drop for HostRequest {
    fn drop(&mut self) {
        self.clear();
    }
}

impl fmt::Debug for HostRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostRequest").field("irp", &self.irp).finish_non_exhaustive()
    }
}
