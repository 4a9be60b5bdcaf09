//! What the framework needs of the system below it, besides NMR: a lock, an event, threads, a log, a way to stop.

#![expect(unsafe_code, reason = "threads take a raw entry point and context, as the system does")]

use crate::{Event, Guid, Level, MayWait, RawLock, Result, Side};
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
    /// The deferred procedure call.
    type Dpc: RawDpc;

    /// The number of the processor that the caller runs on, `KeGetCurrentProcessorNumberEx` in the kernel. It may be
    /// another one by the time that this has returned. Any IRQL.
    fn processor() -> usize;

    /// What tells threads apart, `PsGetCurrentThreadId` in the kernel. Any IRQL.
    fn thread() -> usize;

    /// The IRQL that the caller runs at, `KeGetCurrentIrql` in the kernel. Any IRQL.
    fn irql() -> u8;

    /// Keeps the thread from being suspended, `KeEnterCriticalRegion` in the kernel; nothing at DISPATCH_LEVEL, where
    /// no thread can be. Answers whether there is a region to leave. IRQL <= DISPATCH_LEVEL.
    ///
    /// # Safety
    /// The region is left on this thread before the thread returns to whoever called into the driver.
    unsafe fn enter_critical_region() -> bool;

    /// `KeLeaveCriticalRegion`.
    ///
    /// # Safety
    /// This thread entered a region, and has not left it.
    unsafe fn leave_critical_region();

    /// Raises the IRQL to DISPATCH_LEVEL, `KeRaiseIrqlToDpcLevel` in the kernel. Answers the IRQL before.
    ///
    /// # Safety
    /// IRQL <= DISPATCH_LEVEL, and it is lowered again before anything is done that stands for a lower level: tokens of
    /// the calling code are out of reach meanwhile.
    unsafe fn raise_to_dispatch(&self) -> u8;

    /// Lowers the IRQL, `KeLowerIrql` in the kernel.
    ///
    /// # Safety
    /// This thread raised the IRQL from `before`, and is on the same processor since.
    unsafe fn lower(&self, before: u8);

    /// How many processors are active, `KeQueryActiveProcessorCountEx` in the kernel. Any IRQL.
    fn active_processors(&self) -> usize;

    /// Runs `dpc` on `processor`, soon; `KeSetTargetProcessorDpcEx` and `KeInsertQueueDpc` in the kernel.
    ///
    /// # Safety
    /// `dpc` is initialised and not queued, and the system's DPCs are flushed before the code of its routine goes away.
    unsafe fn queue_dpc(&self, dpc: &'static Self::Dpc, processor: usize);

    /// Waits until all DPCs that were queued have run, `KeFlushQueuedDpcs` in the kernel.
    fn flush_dpcs(&self, may_wait: &MayWait<'_>);

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

    /// Waits until the thread is gone, for `limit` at most. Answers whether it is; [`System::join`] does not wait then.
    ///
    /// # Safety
    /// As for [`System::join`], which is still to come.
    unsafe fn ends_within(&self, may_wait: &MayWait<'_>, thread: &RawThread, limit: Duration) -> bool;

    /// The time since some moment in the past; it never goes back. Any IRQL.
    fn now(&self) -> Duration;

    /// How long a call into NMR may take before Unload has other threads make the next ones: one tick of the clock.
    fn clock_tick(&self) -> Duration {
        Duration::from_micros(15_625)
    }

    /// How often Unload says what it waits for.
    fn watchdog_period(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// Leaves word of what holds Unload up where it can be read while Unload hangs. Each line replaces the one before.
    fn report_blocker(&self, may_wait: &MayWait<'_>, line: fmt::Arguments<'_>);

    /// Lets time pass.
    fn sleep(&self, may_wait: &MayWait<'_>, time: Duration);

    /// Writes one line to the debugger's log, if lines of `level` are wanted. Any IRQL at which the system can do it.
    fn write(&self, level: Level, line: fmt::Arguments<'_>);

    /// Writes one line of level [`Level::Info`].
    fn log(&self, line: fmt::Arguments<'_>) {
        self.write(Level::Info, line);
    }

    /// Hands `event` to those who listen to ETW, if the system has it. Any IRQL at which the log can be written.
    fn trace(&self, event: &Event<'_>) {
        let _ = event;
    }

    /// Stops the machine: an invariant that protects memory is gone, and going on would corrupt it.
    fn stop(&self, failure: Failure) -> !;
}

/// The entry point of a thread.
pub type ThreadEntry = unsafe extern "C" fn(context: *mut c_void);

/// A thread of the system, until it is joined.
#[derive(Debug)]
pub struct RawThread(*mut c_void);

// SAFETY: a token for a thread; what it stands for is reached by the methods of `System` alone.
unsafe impl Send for RawThread {}

impl RawThread {
    /// Wraps what the system calls the thread.
    pub const fn from_raw(raw: *mut c_void) -> Self {
        Self(raw)
    }

    /// What the system calls the thread, for a look at it.
    pub const fn as_raw(&self) -> *mut c_void {
        self.0
    }

    /// What the system calls the thread.
    pub const fn into_raw(self) -> *mut c_void {
        self.0
    }
}

/// An event that stays set until it is cleared; a notification event in the kernel.
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

    /// Clears it; `KeClearEvent`. IRQL <= DISPATCH_LEVEL.
    ///
    /// # Safety
    /// The event is initialised.
    unsafe fn clear(&self);

    /// Waits until it is set, or until `limit` has passed. Answers whether it is set.
    ///
    /// # Safety
    /// The event is initialised.
    unsafe fn wait(&self, may_wait: &MayWait<'_>, limit: Option<Duration>) -> bool;
}

/// An ordinary deferred procedure call of high importance, never a threaded one.
///
/// # Safety
/// The routine runs at DISPATCH_LEVEL on the processor that the DPC was queued for, and not before code there that was at
/// DISPATCH_LEVEL when the DPC was queued has lowered the IRQL; it sees what was written before the DPC was queued, and
/// what that code wrote.
pub unsafe trait RawDpc: Send + Sync + 'static {
    /// A DPC that has not been initialised.
    const UNINITIALIZED: Self;

    /// Makes the DPC ready, `KeInitializeDpc` and `KeSetImportanceDpc` in the kernel. Any IRQL.
    ///
    /// # Safety
    /// The DPC is not queued and does not move afterwards; `routine` may be called with `context`.
    unsafe fn initialize(&self, routine: DpcRoutine, context: *mut c_void);
}

/// What a DPC runs.
pub type DpcRoutine = unsafe extern "C" fn(context: *mut c_void);

/// A call of NMR that must not fail has failed; these are the parameters that the crash dump shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which call.
    pub kind: FailureKind,
    /// What it answered.
    pub status: Status,
    /// The side of the registration.
    pub side: Side,
    /// The NPI of the registration.
    pub npi: Guid,
}

/// Which call must not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// `NmrDeregister*` answered neither STATUS_PENDING nor STATUS_SUCCESS: the registration can neither be waited for
    /// nor be left behind.
    Deregister,
    /// `NmrWaitFor*DeregisterComplete` did not answer STATUS_SUCCESS: peers may still call in.
    Wait,
}

/// What becomes of the machine then; `on_failure` in `driver!`. The driver cannot be unloaded either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// It stops, with [`System::stop`].
    #[default]
    Bugcheck,
    /// It goes on with the driver in it: Unload never returns, and says why every [`System::watchdog_period`].
    Park,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, status, side, npi } = self;
        match kind {
            FailureKind::Deregister => {
                write!(f, "deregistering the {side} of NPI {npi} failed with {status}")
            }
            FailureKind::Wait => {
                write!(f, "waiting for the deregistration of the {side} of NPI {npi} failed with {status}")
            }
        }
    }
}
