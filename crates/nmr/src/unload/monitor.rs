//! The thread that watches unload: it makes helpers when a peer blocks NmrDeregister*, and names whoever holds unload up.
//!
//! The monitor joins the helpers, and Unload joins the monitor.

#![expect(unsafe_code, reason = "entry points of system threads, which take the driver as a bare address")]

use super::threads::{self, Helpers};
use super::{order, watchdog};
use crate::registration::Registered;
use crate::{Driver, MayWait, RawThread, Stage, System};
use core::ffi::c_void;

/// The monitor of a driver that is being unloaded. Dropped, it is told to end, and it and its helpers are gone: also on the
/// host, where an unload that stops the machine unwinds.
#[must_use]
pub(super) struct Monitor<'a, 't, D: Driver> {
    driver: &'static D,
    at: &'a MayWait<'t>,
    thread: Option<RawThread>,
}

impl<'a, 't, D: Driver> Monitor<'a, 't, D> {
    /// Starts it, if the system can make a thread.
    pub(super) fn start(driver: &'static D, at: &'a MayWait<'t>) -> Option<Self> {
        let thread = threads::spawn(driver, watch::<D>, "monitor for unload").ok()?;
        driver.coordinator().set_watched(true);
        Some(Self { driver, at, thread: Some(thread) })
    }
}

impl<D: Driver> Drop for Monitor<'_, '_, D> {
    fn drop(&mut self) {
        self.driver.coordinator().end_watch();
        if let Some(thread) = self.thread.take() {
            threads::join(self.driver, thread, self.at);
        }
        self.driver.coordinator().set_watched(false);
    }
}

unsafe extern "C" fn watch<D: Driver>(context: *mut c_void) {
    // SAFETY: `spawn` passes the driver.
    let driver = unsafe { &*context.cast_const().cast::<D>() };
    // SAFETY: a system thread starts at PASSIVE_LEVEL, and is in no callback.
    let at = unsafe { MayWait::assume() };
    let system = driver.system();
    let coordinator = driver.coordinator();
    let mut helpers = Helpers::new();
    let mut reported = system.now();
    // The clock may tick between two looks: a quarter of a tick is as often as the system can do it.
    while !coordinator.wait_for_end(&at, system.clock_tick() / 4) {
        let now = system.now();
        if let Some((stage, since)) = coordinator.issuing().since()
            && now.saturating_sub(since) >= system.clock_tick()
            && helpers.turn_to(driver, stage, &at)
        {
            help_with(driver, stage, &mut helpers);
        }
        if now.saturating_sub(reported) >= system.watchdog_period() {
            watchdog::report(driver, &at);
            reported = now;
        }
    }
    helpers.join(driver, &at);
}

/// Makes one helper for each registration of `stage` that is left.
fn help_with<D: Driver>(driver: &'static D, stage: Stage, helpers: &mut Helpers) {
    driver.coordinator().issuing().help_with(stage);
    let visit = |each: &mut dyn FnMut(Stage, &'static dyn Registered<D>)| driver.for_each_registration(each);
    let left = order::left(&visit, stage);
    if left > 0 {
        driver.system().log(format_args!("nmr: {}: a peer blocks; {left} helpers for the rest", D::NAME));
    }
    helpers.start(driver, left, help::<D>);
}

unsafe extern "C" fn help<D: Driver>(context: *mut c_void) {
    // SAFETY: `spawn` passes the driver.
    let driver = unsafe { &*context.cast_const().cast::<D>() };
    let visit = |each: &mut dyn FnMut(Stage, &'static dyn Registered<D>)| driver.for_each_registration(each);
    order::help(&visit, driver.coordinator().issuing());
}
