//! Threads that drivers make: each is known from before its first instruction to after its last in the driver's image.

#![expect(unsafe_code, reason = "starts and ends threads on behalf of drivers")]

use std::ffi::c_void;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::images::{self, Image};
use crate::{report, thread, wine};

const STATUS_SUCCESS: i32 = 0;

type Routine = unsafe extern "system" fn(*mut c_void);

/// A driver's thread that has not left the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Running {
    routine: usize,
    context: usize,
}

static RUNNING: Mutex<Vec<Running>> = Mutex::new(Vec::new());

fn running() -> MutexGuard<'static, Vec<Running>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes one thread with this routine and context off the list.
fn forget(gone: Running) {
    let mut running = running();
    if let Some(index) = running.iter().position(|known| *known == gone) {
        running.swap_remove(index);
    }
}

thread_local! {
    static OWN: std::cell::Cell<Option<Running>> = const { std::cell::Cell::new(None) };
}

/// `PsCreateSystemThread`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn create(
    handle: *mut *mut c_void,
    access: u32,
    attributes: *const c_void,
    process: *mut c_void,
    client: *mut c_void,
    routine: Routine,
    context: *mut c_void,
) -> i32 {
    if images::of(routine as usize).is_none() {
        // SAFETY: the contract of this function.
        return unsafe {
            wine::create_system_thread(handle, access, attributes, process, client, routine, context)
        };
    }
    let made = Running { routine: routine as usize, context: context.expose_provenance() };
    running().push(made);
    let start: *mut (Routine, *mut c_void) = Box::into_raw(Box::new((routine, context)));
    // SAFETY: the contract of this function; `begin` takes the box back.
    let status = unsafe {
        wine::create_system_thread(handle, access, attributes, process, client, begin, start.cast())
    };
    if status < 0 {
        forget(made);
        // SAFETY: no thread was made, so nobody took it.
        drop(unsafe { Box::from_raw(start) });
    }
    status
}

/// The first and the last of a driver's thread.
unsafe extern "system" fn begin(start: *mut c_void) {
    // SAFETY: made by `create` for this very thread.
    let (routine, context) = *unsafe { Box::from_raw(start.cast::<(Routine, *mut c_void)>()) };
    thread::with(|thread| thread.system_routine.set(routine as usize));
    OWN.set(Some(Running { routine: routine as usize, context: context.addr() }));
    // SAFETY: what the driver asked for.
    unsafe { routine(context) };
    leave();
    // SAFETY: ends this thread, in which nothing is left to do.
    unsafe { wine::terminate_system_thread(STATUS_SUCCESS) };
}

/// This thread has left the driver's image for good.
fn leave() {
    if let Some(own) = OWN.take() {
        thread::expect_nothing_held(own.routine);
        forget(own);
    }
}

/// `PsTerminateSystemThread`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn terminate(status: i32) -> i32 {
    let caller = thread::caller();
    if OWN.get().is_none() && images::of(caller).is_some() {
        report::broken(caller, format_args!("ends a thread that it has not made"));
    }
    leave();
    // SAFETY: the contract of this function.
    unsafe { wine::terminate_system_thread(status) }
}

/// Reports threads that still run in the image, which is about to go.
pub(crate) fn report_left(image: &Image) {
    let running = running();
    let left: Vec<_> = running.iter().filter(|thread| image.holds(thread.routine)).collect();
    if let Some(first) = left.first() {
        let count = left.len();
        let text = format_args!("is unloaded with {count} of its threads running, the first began here");
        report::broken_by(&image.name, first.routine, text);
    }
}
