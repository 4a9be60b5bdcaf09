//! The coordinator: the only place that knows the order in which a driver goes up and comes down.
//!
//! Down: the `stop` hook and word to the driver's own threads; the doors of all registrations; then, stage by stage,
//! every binding is closed, so that all drains overlap, every NmrDeregister* is issued, and each one that pends is
//! waited for; last, the driver's own threads are joined. Nothing returns through the driver's code afterwards but the
//! few instructions of the thread that made this call.

#![expect(unsafe_code, reason = "joins the driver's threads")]

use crate::registration::Registered;
use crate::{Driver, MayWait, Result, Stage, System};

/// What the steps of a registration ask for: only this file can make one.
#[derive(Debug)]
pub struct Coordinator(());

/// Brings `driver` up; on failure down again, whatever had been reached.
pub(crate) fn load<D: Driver>(driver: &'static D, at: &MayWait<'_>) -> Result<()> {
    if let Err(error) = driver.start(at) {
        driver.system().log(format_args!("nmr: {}: start failed: {error}", D::NAME));
        driver.ask_threads_to_end();
        // SAFETY: this is `Driver::load`.
        unsafe { driver.join_threads(at) };
        return Err(error);
    }
    let mut registered = Ok(());
    driver.for_each_registration(&mut |_, registration| {
        if registered.is_ok() {
            registered = registration.register(driver, at, &Coordinator(()));
        }
    });
    match registered {
        Ok(()) => driver.system().log(format_args!("nmr: {}: loaded", D::NAME)),
        Err(_) => unload(driver, at),
    }
    registered
}

/// Takes `driver` down.
pub(crate) fn unload<D: Driver>(driver: &'static D, at: &MayWait<'_>) {
    driver.system().log(format_args!("nmr: {}: unload begins", D::NAME));
    driver.stop(at);
    driver.ask_threads_to_end();
    let mut highest = Stage(0);
    driver.for_each_registration(&mut |stage, registration| {
        registration.shut_door(&Coordinator(()));
        highest = highest.max(stage);
    });
    for stage in (0..=highest.0).rev().map(Stage) {
        take_down(driver, stage, at);
    }
    // SAFETY: this is `Driver::unload`, or a `Driver::load` that failed.
    unsafe { driver.join_threads(at) };
    // The end of a grace period may have completed the last detach, and be on its way out still.
    driver.system().flush_dpcs(at);
    driver.system().log(format_args!("nmr: {}: unloaded", D::NAME));
}

/// One stage: close all, issue all, wait for all.
fn take_down<D: Driver>(driver: &'static D, stage: Stage, at: &MayWait<'_>) {
    let each = |step: &dyn Fn(&'static dyn Registered<D>)| {
        driver.for_each_registration(&mut |other, registration| {
            if other == stage {
                step(registration);
            }
        });
    };
    each(&|registration| registration.close_bindings(&at.at_most_dispatch(), &Coordinator(())));
    each(&|registration| registration.issue_deregister(at, &Coordinator(())));
    each(&|registration| registration.wait_deregistered(at, &Coordinator(())));
}
