//! What the framework needs of the system below it, besides NMR: a lock, an event, threads, a log, a way to stop.

#![expect(unsafe_code, reason = "threads take a raw entry point and context, as the system does")]

use crate::{MayWait, RawLock, Result};
use core::ffi::c_void;
use core::fmt;
use core::time::Duration;
use nmr_abi::{Registrar, Status};

/// The kernel, or a stand-in for it. The value is a cheap handle; `nmr-wdk` has the one that drivers use.
///
/// # Safety
/// As for [`Registrar`], and: [`System::spawn`] runs the entry point once on a thread of its own, and
/// [`System::join`] returns only when no instruction of that thread will run any more.
pub unsafe trait System: Registrar {
    /// The spin lock.
    type Lock: RawLock;
    /// The event.
    type Event: RawEvent;

    /// Starts a thread at PASSIVE_LEVEL, `PsCreateSystemThread` in the kernel.
    ///
    /// # Errors
    /// The system cannot make a thread.
    ///
    /// # Safety
    /// `context` is what `entry` expects, and stays valid until the thread is joined; the thread is joined before the
    /// code of `entry` goes away.
    unsafe fn spawn(&self, entry: ThreadEntry, context: *mut c_void) -> Result<RawThread>;

    /// Waits until the thread is gone, on the thread object itself.
    ///
    /// # Safety
    /// `thread` came from [`System::spawn`] and was not joined before; the caller is another thread.
    unsafe fn join(&self, may_wait: &MayWait<'_>, thread: RawThread);

    /// Lets time pass.
    fn sleep(&self, may_wait: &MayWait<'_>, time: Duration);

    /// Writes one line to the debugger's log. Any IRQL at which the system can do it.
    fn log(&self, line: fmt::Arguments<'_>);

    /// Stops the machine: an invariant that protects memory is gone, and going on would corrupt it.
    fn stop(&self, failure: Failure) -> !;
}

/// The entry point of a thread.
pub type ThreadEntry = unsafe extern "C" fn(context: *mut c_void);

/// A thread of the system, until it is joined.
#[derive(Debug)]
pub struct RawThread(*mut c_void);

// SAFETY: a token for a thread; what it stands for is reached by `System::join` alone.
unsafe impl Send for RawThread {}

impl RawThread {
    /// Wraps what the system calls the thread.
    pub const fn from_raw(raw: *mut c_void) -> Self {
        Self(raw)
    }

    /// What the system calls the thread.
    pub const fn into_raw(self) -> *mut c_void {
        self.0
    }
}

/// An event that stays set until it is reset; a notification event in the kernel.
///
/// # Safety
/// A [`RawEvent::wait`] that answers true returned after a [`RawEvent::set`], and sees what was written before it.
pub unsafe trait RawEvent: Send + Sync + 'static {
    /// An event that has not been initialised.
    const UNINITIALIZED: Self;

    /// Makes the event ready, and not set. IRQL any.
    ///
    /// # Safety
    /// Nobody waits for the event; it does not move afterwards.
    unsafe fn initialize(&self);

    /// Sets it. IRQL <= DISPATCH_LEVEL.
    ///
    /// # Safety
    /// The event is initialised.
    unsafe fn set(&self);

    /// Waits until it is set, or until `limit` has passed. Answers whether it is set.
    ///
    /// # Safety
    /// The event is initialised.
    unsafe fn wait(&self, may_wait: &MayWait<'_>, limit: Option<Duration>) -> bool;
}

/// What can go so wrong that the machine has to stop, with the parameters that the crash dump shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// `NmrDeregister*` answered neither STATUS_PENDING nor STATUS_SUCCESS: the registration can neither be waited for
    /// nor be left behind.
    Deregister(Status),
    /// `NmrWaitFor*DeregisterComplete` did not answer STATUS_SUCCESS: peers may still call in.
    Wait(Status),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deregister(status) => write!(f, "deregistering failed with {status}"),
            Self::Wait(status) => write!(f, "waiting for a deregistration failed with {status}"),
        }
    }
}
