//! System threads of the framework's own: they take the driver itself as their context, which is static, and need no
//! storage of their own.

#![expect(unsafe_code, reason = "passes the driver to system threads and joins them")]

use crate::{Driver, Level, MayWait, RawThread, Result, Stage, System, ThreadEntry};
use arrayvec::ArrayVec;
use core::ffi::c_void;

/// However many registrations are left.
const MOST_HELPERS: usize = 64;

/// Makes a thread that runs `entry`, which expects the driver; `what` it is, in the log if there is none. Whoever asks joins
/// it before the driver goes away.
///
/// # Errors
/// What the system failed with.
pub(super) fn spawn<D: Driver>(driver: &'static D, entry: ThreadEntry, what: &str) -> Result<RawThread> {
    let context = core::ptr::from_ref(driver).cast_mut().cast::<c_void>();
    // SAFETY: the entry points of this room expect the driver, which is static, and their threads are joined before it goes
    // away.
    let made = unsafe { driver.system().spawn(entry, context) };
    if let Err(error) = &made {
        driver.system().write(Level::Warning, format_args!("nmr: {}: no {what}: {error}", D::NAME));
    }
    made
}

/// Waits until `thread` is gone.
pub(super) fn join<D: Driver>(driver: &'static D, thread: RawThread, at: &MayWait<'_>) {
    // SAFETY: made by `spawn`, passed here once, and no thread of this room joins itself.
    unsafe { driver.system().join(at, thread) };
}

/// Threads that call NmrDeregister* for the registrations of one stage, because a peer may block in it.
pub(super) struct Helpers {
    threads: ArrayVec<RawThread, MOST_HELPERS>,
    stage: Option<Stage>,
}

impl Helpers {
    pub(super) const fn new() -> Self {
        Self { threads: ArrayVec::new_const(), stage: None }
    }

    /// Whether `stage` is one that nobody has helped with yet; then those of the stage before are gone, which is down.
    pub(super) fn turn_to<D: Driver>(&mut self, driver: &'static D, stage: Stage, at: &MayWait<'_>) -> bool {
        let turns = self.stage != Some(stage);
        if turns {
            self.stage = Some(stage);
            self.join(driver, at);
        }
        turns
    }

    /// Makes `count` helpers, or as many as the system can.
    pub(super) fn start<D: Driver>(&mut self, driver: &'static D, count: usize, entry: ThreadEntry) {
        for _ in 0..count.min(MOST_HELPERS) {
            let Ok(thread) = spawn(driver, entry, "helper") else { return };
            self.threads.push(thread);
        }
    }

    pub(super) fn join<D: Driver>(&mut self, driver: &'static D, at: &MayWait<'_>) {
        for thread in self.threads.drain(..) {
            join(driver, thread, at);
        }
    }
}
