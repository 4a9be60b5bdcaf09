//! Requests of std in place of IRPs, and MDLs that are address and length.

#![expect(unsafe_code, reason = "requests travel through C as addresses")]

use core::ffi::c_void;
use nmr::{AtPassive, Result, Status};
use nmr_npis::wsk::{Completion, Request};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// A request as WSK sees it: each `PIRP` is one reference to it.
#[derive(Default)]
pub struct Irp {
    state: Mutex<State>,
    completed: Condvar,
}

#[derive(Default)]
struct State {
    completion: Option<Completion>,
    cancelled: bool,
    /// What is to be called when it is completed, with what.
    release: Option<Release>,
}

/// A context, and the function that takes it.
type Release = (usize, unsafe fn(*mut c_void));

impl Irp {
    /// The request that `irp` is, taken over by WSK.
    pub fn take(irp: *mut c_void) -> Arc<Self> {
        // SAFETY: `begin` has given one reference away with it.
        unsafe { Arc::from_raw(irp.cast_const().cast()) }
    }

    pub fn is_cancelled(&self) -> bool {
        self.state.lock().expect("no panic").cancelled
    }

    /// `IoCompleteRequest`.
    pub fn complete(&self, status: Status, information: usize) {
        let release = {
            let mut state = self.state.lock().expect("no panic");
            assert!(
                state.completion.replace(Completion { status, information }).is_none(),
                "completed twice"
            );
            state.release.take()
        };
        self.completed.notify_all();
        if let Some((context, release)) = release {
            // SAFETY: as whoever finished the request has said.
            unsafe { release(core::ptr::with_exposed_provenance_mut(context)) };
        }
    }
}

/// The driver's end of a request.
pub struct HostRequest {
    irp: Arc<Irp>,
    mdl: Box<Mdl>,
}

/// What an MDL describes.
pub struct Mdl {
    pub memory: *mut u8,
    pub length: usize,
}

// SAFETY: an address, which is only followed while a request is in flight.
unsafe impl Send for HostRequest {}

// SAFETY: a request is shared by both ends, so it stays for as long as either has it; it is waited for on its own event.
unsafe impl Request for HostRequest {
    fn new() -> Result<Self> {
        Ok(Self { irp: Arc::default(), mdl: Box::new(Mdl { memory: core::ptr::null_mut(), length: 0 }) })
    }

    fn begin(&mut self) -> *mut c_void {
        *self.irp.state.lock().expect("no panic") = State::default();
        Arc::into_raw(Arc::clone(&self.irp)).cast_mut().cast()
    }

    fn wait(&mut self, limit: Duration, _: &AtPassive<'_>) -> Option<Completion> {
        let state = self.irp.state.lock().expect("no panic");
        let waiting = |state: &mut State| state.completion.is_none();
        let (state, _) = self.irp.completed.wait_timeout_while(state, limit, waiting).expect("no panic");
        state.completion
    }

    fn cancel(&mut self) {
        self.irp.state.lock().expect("no panic").cancelled = true;
    }

    unsafe fn describe(&mut self, memory: *mut u8, length: usize) -> Result<*mut c_void> {
        *self.mdl = Mdl { memory, length };
        Ok((&raw mut *self.mdl).cast())
    }

    fn finish(
        mut self,
        send: impl FnOnce(*mut c_void),
        context: *mut c_void,
        release: unsafe fn(*mut c_void),
    ) {
        let irp = self.begin();
        self.irp.state.lock().expect("no panic").release = Some((context.expose_provenance(), release));
        send(irp);
    }
}
