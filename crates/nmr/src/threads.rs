//! The driver's own threads: started by the driver, told to end and joined by the framework.

#![expect(unsafe_code, reason = "passes a start block to a system thread and joins that thread")]

use crate::lock::Lock;
use crate::{AtDispatch, Driver, Error, MayWait, RawEvent, RawThread, Result, System};
use arrayvec::ArrayVec;
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::fmt;
use core::time::Duration;

/// What a thread of the driver runs. It returns when [`OwnThread::goes_on`] or [`OwnThread::sleep`] says so.
pub type ThreadBody<D> = fn(driver: &'static D, thread: &mut OwnThread<'_, D>);

type Event<D> = <<D as Driver>::System as System>::Event;
type RawLockOf<D> = <<D as Driver>::System as System>::Lock;

/// Up to `MOST` threads of driver `D`, in static storage. `driver!` declares them.
pub struct Threads<D: Driver, const MOST: usize> {
    running: Lock<Running, RawLockOf<D>>,
    handles: Lock<ArrayVec<RawThread, MOST>, RawLockOf<D>>,
    starts: [UnsafeCell<Option<Start<D>>>; MOST],
    shared: Shared<D>,
}

/// What every thread of the driver can see.
struct Shared<D: Driver> {
    end: Event<D>,
}

#[derive(Debug)]
struct Running {
    started: usize,
    event_ready: bool,
}

struct Start<D: Driver> {
    driver: &'static D,
    body: ThreadBody<D>,
    shared: &'static Shared<D>,
}

// SAFETY: a start block is written by the one call of `spawn` that reserved it, before its thread exists, and after
// that only read, by that thread.
unsafe impl<D: Driver, const MOST: usize> Sync for Threads<D, MOST> {}

impl<D: Driver, const MOST: usize> Threads<D, MOST> {
    /// No thread yet.
    ///
    /// # Safety
    /// The value is a field of a driver, whose [`Driver::join_threads`] joins it.
    #[doc(hidden)]
    pub const unsafe fn new() -> Self {
        Self {
            running: Lock::new(Running { started: 0, event_ready: false }),
            handles: Lock::new(ArrayVec::new_const()),
            starts: [const { UnsafeCell::new(None) }; MOST],
            shared: Shared { end: Event::<D>::UNINITIALIZED },
        }
    }

    /// Starts a thread at PASSIVE_LEVEL that runs `body`; `PsCreateSystemThread`. For the `start` hook.
    ///
    /// # Errors
    /// STATUS_INSUFFICIENT_RESOURCES when as many threads as declared were started since the driver was loaded, or what
    /// the system failed with.
    pub fn spawn(&'static self, _: &MayWait<'_>, driver: &'static D, body: ThreadBody<D>) -> Result<()> {
        let index = self.reserve()?;
        // SAFETY: the index is this call's alone, and no thread has it yet.
        let start =
            unsafe { &mut *self.starts[index].get() }.insert(Start { driver, body, shared: &self.shared });
        let context = core::ptr::from_mut(start).cast::<c_void>();
        // SAFETY: `run` expects this very start block, which is static; `join` waits for the thread before the driver
        // goes away.
        let thread = unsafe { driver.system().spawn(run::<D>, context) }?;
        self.handles.lock().push(thread);
        Ok(())
    }

    fn reserve(&'static self) -> Result<usize> {
        let mut running = self.running.lock();
        if running.started == MOST {
            return Err(Error::INSUFFICIENT_RESOURCES);
        }
        if !running.event_ready {
            // SAFETY: no thread waits yet, and static storage does not move.
            unsafe { self.shared.end.initialize() };
            running.event_ready = true;
        }
        running.started += 1;
        Ok(running.started - 1)
    }

    /// Wakes the threads that sleep, and has [`OwnThread::goes_on`] answer false. IRQL <= DISPATCH_LEVEL.
    pub fn ask_to_end(&'static self) {
        if self.running.lock().event_ready {
            // SAFETY: initialised, as the flag says.
            unsafe { self.shared.end.set() };
        }
    }

    /// Waits for every thread, on the thread object itself, so that none of them is in the driver's code any more.
    ///
    /// # Safety
    /// The caller is none of the threads, and nobody spawns meanwhile.
    #[doc(hidden)]
    pub unsafe fn join(&'static self, at: &MayWait<'_>, driver: &'static D) {
        let system = driver.system();
        while let Some(thread) = self.take_handle() {
            // SAFETY: started by `spawn` and joined below; the caller is DriverEntry or Unload, which is not it.
            while !unsafe { system.ends_within(at, &thread, system.watchdog_period()) } {
                driver.coordinator().still_waiting(driver, at);
            }
            // SAFETY: as above, and taken once.
            unsafe { system.join(at, thread) };
        }
        let mut running = self.running.lock();
        *running = Running { started: 0, event_ready: false };
    }

    fn take_handle(&self) -> Option<RawThread> {
        self.handles.lock().pop()
    }
}

impl<D: Driver, const MOST: usize> fmt::Debug for Threads<D, MOST> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads").field("most", &MOST).finish_non_exhaustive()
    }
}

/// The running thread, as its body sees it.
pub struct OwnThread<'a, D: Driver> {
    driver: &'static D,
    shared: &'a Shared<D>,
    may_wait: MayWait<'a>,
}

impl<'a, D: Driver> OwnThread<'a, D> {
    /// This thread runs at PASSIVE_LEVEL, outside any callback of NMR.
    pub const fn may_wait(&self) -> &MayWait<'a> {
        &self.may_wait
    }

    /// Runs `body` at DISPATCH_LEVEL on one processor; `KeRaiseIrqlToDpcLevel` and `KeLowerIrql`. The thread cannot sleep
    /// meanwhile.
    pub fn at_dispatch<T>(&mut self, body: impl FnOnce(&AtDispatch<'_>) -> T) -> T {
        self.may_wait.at_dispatch(self.driver.system(), body)
    }

    /// Whether the thread is to go on; false once unload has begun.
    pub fn goes_on(&self) -> bool {
        self.sleep(Duration::ZERO)
    }

    /// Sleeps, or ends early because unload has begun. Answers whether the thread is to go on. A guard that
    /// is held across it holds up the peer's unload for as long.
    pub fn sleep(&self, time: Duration) -> bool {
        // SAFETY: `spawn` initialised the event before it made this thread.
        let asked_to_end = unsafe { self.shared.end.wait(&self.may_wait, Some(time)) };
        !asked_to_end
    }
}

impl<D: Driver> fmt::Debug for OwnThread<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnThread")
    }
}

unsafe extern "C" fn run<D: Driver>(context: *mut c_void) {
    // SAFETY: `spawn` passes a start block that is static and not written any more.
    let Start { driver, body, shared } = unsafe { &*context.cast_const().cast::<Start<D>>() };
    // SAFETY: a system thread starts at PASSIVE_LEVEL, and calls nothing but `body`.
    let may_wait = unsafe { MayWait::assume() };
    body(driver, &mut OwnThread { driver, shared, may_wait });
}
