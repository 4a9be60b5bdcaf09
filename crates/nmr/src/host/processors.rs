//! The processors of a host: one mutex each, which is held by whoever is at DISPATCH_LEVEL on it.
//!
//! That is the model of what the kernel does: code at DISPATCH_LEVEL is not interrupted by its processor's DPCs, so a DPC
//! takes the processor's mutex, and runs after whoever had it. The threads of a process are spread over the processors; like a
//! machine's, they are the same for all drivers.

#![expect(unsafe_code, reason = "holds mutexes between a raise and a lower, and calls the routines of DPCs")]

use crate::{DpcRoutine, RawDpc};
use core::cell::Cell;
use core::ffi::c_void;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

/// How many there are.
pub(super) const COUNT: usize = 4;

const PASSIVE: u8 = 0;
const DISPATCH: u8 = 2;

static PROCESSORS: [spin::Mutex<()>; COUNT] = [const { spin::Mutex::new(()) }; COUNT];
static THREADS: AtomicUsize = AtomicUsize::new(1);

std::thread_local! {
    /// What numbers the thread, from 1.
    static THREAD: usize = THREADS.fetch_add(1, Ordering::Relaxed);
    static PROCESSOR: Cell<Option<usize>> = const { Cell::new(None) };
    static IRQL: Cell<u8> = const { Cell::new(PASSIVE) };
    static CRITICAL_REGIONS: Cell<usize> = const { Cell::new(0) };
}

/// The thread's number, from 1.
pub(super) fn thread() -> usize {
    THREAD.with(|thread| *thread)
}

/// The processor that the thread runs on: always the same, as no harm comes of a thread that moves.
pub(super) fn current() -> usize {
    PROCESSOR.get().unwrap_or_else(|| {
        let processor = thread() % COUNT;
        PROCESSOR.set(Some(processor));
        processor
    })
}

pub(super) fn raise_to_dispatch() -> u8 {
    let before = IRQL.replace(DISPATCH);
    if before < DISPATCH {
        while PROCESSORS[current()].try_lock().map(core::mem::forget).is_none() {
            // Whoever is at DISPATCH_LEVEL there runs on a processor of its own here.
            thread::yield_now();
        }
    }
    before
}

/// # Safety
/// This thread raised the IRQL from `before`.
pub(super) unsafe fn lower(before: u8) {
    IRQL.set(before);
    if before < DISPATCH {
        // SAFETY: raising to DISPATCH_LEVEL took the mutex and forgot its guard.
        unsafe { PROCESSORS[current()].force_unlock() };
    }
}

pub(super) fn enter_critical_region() -> bool {
    let below = IRQL.get() < DISPATCH;
    if below {
        CRITICAL_REGIONS.set(CRITICAL_REGIONS.get() + 1);
    }
    below
}

pub(super) fn leave_critical_region() {
    CRITICAL_REGIONS.set(CRITICAL_REGIONS.get() - 1);
}

pub(super) fn irql() -> u8 {
    IRQL.get()
}

/// Runs `body` as if a device had interrupted the thread, for tests of what is reported there.
pub fn above_dispatch<T>(body: impl FnOnce() -> T) -> T {
    struct Restore(u8);
    impl Drop for Restore {
        fn drop(&mut self) {
            IRQL.set(self.0);
        }
    }
    let _restore = Restore(IRQL.replace(DISPATCH + 1));
    body()
}

/// How many critical regions the calling thread is in, for tests of what runs inside one.
pub fn critical_regions() -> usize {
    CRITICAL_REGIONS.get()
}

/// A routine and its context.
#[derive(Debug)]
pub struct HostDpc(Mutex<Option<Routine>>);

#[derive(Clone, Copy, Debug)]
struct Routine {
    routine: DpcRoutine,
    context: *mut c_void,
}

// SAFETY: whoever initialises a DPC says that its routine may be called with the context, on the thread of a processor.
unsafe impl Send for Routine {}

// SAFETY: `DpcThreads` runs the routine under the mutex of its processor.
unsafe impl RawDpc for HostDpc {
    const UNINITIALIZED: Self = Self(Mutex::new(None));

    unsafe fn initialize(&self, routine: DpcRoutine, context: *mut c_void) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Routine { routine, context });
    }
}

/// The DPCs of one host, each on a thread of its own, as if it had interrupted its processor.
#[derive(Debug, Default)]
pub(super) struct DpcThreads {
    queued: Mutex<usize>,
    run: Condvar,
}

impl DpcThreads {
    /// # Safety
    /// As for `System::queue_dpc`.
    pub(super) unsafe fn queue(self: &std::sync::Arc<Self>, dpc: &'static HostDpc, processor: usize) {
        let routine = *dpc.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(routine) = routine else { panic!("a DPC is initialised before it is queued") };
        *self.queued.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        let this = self.clone();
        thread::spawn(move || {
            let Routine { routine, context } = { routine };
            PROCESSOR.set(Some(processor));
            let before = raise_to_dispatch();
            // SAFETY: initialised with this context, and at DISPATCH_LEVEL on the processor it was queued for.
            unsafe { routine(context) };
            // SAFETY: raised above.
            unsafe { lower(before) };
            *this.queued.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
            this.run.notify_all();
        });
    }

    /// Returns when every DPC that was queued has run.
    pub(super) fn flush(&self) {
        let queued = self.queued.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.run.wait_while(queued, |queued| *queued > 0).unwrap_or_else(PoisonError::into_inner));
    }
}
