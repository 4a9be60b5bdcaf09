//! The thread that watches unload: it makes helpers when a peer blocks NmrDeregister*, and names whoever holds unload up.
//!
//! Monitor and helpers take the driver itself as their context, which is static: they need no storage of their own. The
//! monitor joins the helpers, and Unload joins the monitor.

#![expect(unsafe_code, reason = "passes the driver to system threads and joins them")]

use super::{order, watchdog};
use crate::registration::Registered;
use crate::{Driver, Level, MayWait, RawThread, Stage, System, ThreadEntry};
use arrayvec::ArrayVec;
use core::ffi::c_void;

/// However many registrations are left.
const MOST_HELPERS: usize = 64;

/// The monitor of a driver that is being unloaded.
#[must_use]
pub(super) struct Monitor(RawThread);

impl Monitor {
    /// Starts it, if the system can make a thread.
    pub(super) fn start<D: Driver>(driver: &'static D) -> Option<Self> {
        let thread = spawn(driver, watch::<D>, "monitor")?;
        driver.coordinator().set_watched(true);
        Some(Self(thread))
    }

    /// Tells it to end, and waits until it and its helpers are gone.
    pub(super) fn join<D: Driver>(self, driver: &'static D, at: &MayWait<'_>) {
        driver.coordinator().end_watch();
        // SAFETY: `start` made it, and the caller is Unload's thread.
        unsafe { driver.system().join(at, self.0) };
        driver.coordinator().set_watched(false);
    }
}

fn spawn<D: Driver>(driver: &'static D, entry: ThreadEntry, what: &str) -> Option<RawThread> {
    let context = core::ptr::from_ref(driver).cast_mut().cast::<c_void>();
    // SAFETY: both entry points of this file expect the driver, which is static; `Monitor::join` and `Helpers::join`
    // are called before the driver goes away.
    match unsafe { driver.system().spawn(entry, context) } {
        Ok(thread) => Some(thread),
        Err(error) => {
            driver
                .system()
                .write(Level::Warning, format_args!("nmr: {}: no {what} for unload: {error}", D::NAME));
            None
        }
    }
}

unsafe extern "C" fn watch<D: Driver>(context: *mut c_void) {
    // SAFETY: `spawn` passes the driver.
    let driver = unsafe { &*context.cast_const().cast::<D>() };
    // SAFETY: a system thread starts at PASSIVE_LEVEL, and is in no callback.
    let at = unsafe { MayWait::assume() };
    let system = driver.system();
    let coordinator = driver.coordinator();
    let mut helpers = Helpers { threads: ArrayVec::new(), stage: None };
    let mut reported = system.now();
    // The clock may tick between two looks: a quarter of a tick is as often as the system can do it.
    while !coordinator.wait_for_end(&at, system.clock_tick() / 4) {
        let now = system.now();
        if let Some((stage, since)) = coordinator.issuing().since()
            && now.saturating_sub(since) >= system.clock_tick()
        {
            helpers.start(driver, stage, &at);
        }
        if now.saturating_sub(reported) >= system.watchdog_period() {
            watchdog::report(driver, &at);
            reported = now;
        }
    }
    helpers.join(system, &at);
}

/// The helpers of one stage.
struct Helpers {
    threads: ArrayVec<RawThread, MOST_HELPERS>,
    stage: Option<Stage>,
}

impl Helpers {
    /// Makes one helper for each registration of `stage` that is left, once.
    fn start<D: Driver>(&mut self, driver: &'static D, stage: Stage, at: &MayWait<'_>) {
        if self.stage == Some(stage) {
            return;
        }
        self.stage = Some(stage);
        // Those of the stage before have issued all that they claimed: that stage is down.
        self.join(driver.system(), at);
        driver.coordinator().issuing().help_with(stage);
        let visit =
            |each: &mut dyn FnMut(Stage, &'static dyn Registered<D>)| driver.for_each_registration(each);
        let left = order::left(&visit, stage).min(MOST_HELPERS);
        if left > 0 {
            driver.system().log(format_args!("nmr: {}: a peer blocks; {left} helpers for the rest", D::NAME));
        }
        for _ in 0..left {
            let Some(thread) = spawn(driver, help::<D>, "helper") else { return };
            self.threads.push(thread);
        }
    }

    fn join<S: System>(&mut self, system: &S, at: &MayWait<'_>) {
        for thread in self.threads.drain(..) {
            // SAFETY: made by `start` and taken out here; the caller is the monitor.
            unsafe { system.join(at, thread) };
        }
    }
}

unsafe extern "C" fn help<D: Driver>(context: *mut c_void) {
    // SAFETY: `spawn` passes the driver.
    let driver = unsafe { &*context.cast_const().cast::<D>() };
    let visit = |each: &mut dyn FnMut(Stage, &'static dyn Registered<D>)| driver.for_each_registration(each);
    order::help(&visit, driver.coordinator().issuing());
}
