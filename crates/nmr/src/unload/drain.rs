//! The drain that somebody asks for who must not wait for it: a thread of the driver makes it.
//!
//! A peer may block in its detach callback for as long as it likes. Whoever asked, a program behind the control device, would
//! be inside the driver for as long; so the drainer calls NmrDeregister* in its place, and helpers of the drainer those that
//! are left, each registration by whoever claims it first. The drainer goes on until nothing is left or unload begins, and
//! Unload joins it: there is at most one, and none is made once the gate is shut.

#![expect(unsafe_code, reason = "entry points of system threads, which take the driver as a bare address")]

use super::threads::{self, Helpers};
use super::{Inside, stages};
use crate::{AtMostDispatch, Driver, MayWait, Result, System};
use core::ffi::c_void;

/// Sees to it that there is a drainer, unless nothing is left or unload has begun.
///
/// # Errors
/// What the system failed to make a thread with.
pub(crate) fn begin<D: Driver>(driver: &'static D, at: &MayWait<'_>) -> Result<()> {
    let coordinator = driver.coordinator();
    // Unload does not begin with the registrations before this is over, and then finds the drainer.
    let Some(_inside) = coordinator.gate().enter(Inside::Activating) else { return Ok(()) };
    let Some((claim, before)) = coordinator.drainer().claim() else { return Ok(()) };
    if let Some(before) = before {
        threads::join(driver, before, at);
    }
    if stages::are_drained(driver) {
        claim.settle(None);
        return Ok(());
    }
    let made = threads::spawn(driver, drain_all::<D>, "drainer");
    let (drainer, result) = made.map_or_else(|error| (None, Err(error)), |made| (Some(made), Ok(())));
    claim.settle(drainer);
    result
}

/// Waits until the drainer is gone. For Unload, when the gate is shut and nobody is inside [`begin`].
pub(super) fn end<D: Driver>(driver: &'static D, at: &MayWait<'_>) {
    if let Some(drainer) = driver.coordinator().drainer().last() {
        threads::join(driver, drainer, at);
    }
}

unsafe extern "C" fn drain_all<D: Driver>(context: *mut c_void) {
    // SAFETY: `spawn` passes the driver.
    let driver = unsafe { &*context.cast_const().cast::<D>() };
    // SAFETY: a system thread starts at PASSIVE_LEVEL, and is in no callback.
    let at = unsafe { MayWait::assume() };
    let mut helpers = Helpers::new();
    while let Some(stage) = stages::highest_left(driver) {
        if !driver.coordinator().gate().is_open() {
            break;
        }
        if helpers.turn_to(driver, stage, &at) {
            // This thread is one of those that claim registrations.
            let others = stages::registered(driver, stage).saturating_sub(1);
            helpers.start(driver, others, help::<D>);
        }
        stages::deactivate(driver, stage, at.at_most_dispatch());
        driver.system().sleep(&at, driver.system().clock_tick() / 4);
    }
    helpers.join(driver, &at);
    driver.coordinator().drainer().ends();
}

unsafe extern "C" fn help<D: Driver>(context: *mut c_void) {
    // SAFETY: `spawn` passes the driver.
    let driver = unsafe { &*context.cast_const().cast::<D>() };
    // SAFETY: PASSIVE_LEVEL is below DISPATCH_LEVEL.
    let at: AtMostDispatch<'_> = unsafe { AtMostDispatch::assume() };
    if let Some(stage) = stages::highest_left(driver) {
        stages::deactivate(driver, stage, &at);
    }
}
