//! The coordinator: the only place that knows the order in which a driver goes up and comes down.
//!
//! Down: the `stop` hook and word to the driver's own threads; the doors of all registrations; then, stage by stage,
//! every binding is closed, so that all drains overlap, every NmrDeregister* is issued, and each one that pends is
//! waited for; last, the driver's own threads are joined. Nothing returns through the driver's code afterwards but the
//! few instructions of the thread that made this call.

use crate::registration::{Issued, Registered};
use crate::{Driver, MayWait, Result, Stage, System};
use arrayvec::ArrayVec;

/// How many registrations a driver can declare; `driver!` refuses more.
pub(crate) const MOST_REGISTRATIONS: usize = 64;

type Registrations<D> = ArrayVec<(Stage, &'static dyn Registered<D>), MOST_REGISTRATIONS>;

fn registrations<D: Driver>(driver: &'static D) -> Registrations<D> {
    let mut all = Registrations::new();
    driver.for_each_registration(&mut |stage, registration| all.push((stage, registration)));
    all
}

/// Brings `driver` up; on failure down again, whatever had been reached.
pub(crate) fn load<D: Driver>(driver: &'static D, at: &MayWait<'_>) -> Result<()> {
    if let Err(error) = driver.start(at) {
        driver.system().log(format_args!("nmr: {}: start failed: {error}", D::NAME));
        driver.ask_threads_to_end();
        driver.join_threads(at);
        return Err(error);
    }
    for (_, registration) in registrations(driver) {
        if let Err(error) = registration.register(driver, at) {
            unload(driver, at);
            return Err(error);
        }
    }
    driver.system().log(format_args!("nmr: {}: loaded", D::NAME));
    Ok(())
}

/// Takes `driver` down.
pub(crate) fn unload<D: Driver>(driver: &'static D, at: &MayWait<'_>) {
    driver.system().log(format_args!("nmr: {}: unload begins", D::NAME));
    driver.stop(at);
    driver.ask_threads_to_end();
    let all = registrations(driver);
    for (_, registration) in &all {
        registration.shut_door();
    }
    let mut next = all.iter().map(|(stage, _)| *stage).max();
    while let Some(stage) = next {
        take_down(all.iter().filter(|(other, _)| *other == stage).map(|(_, registration)| *registration), at);
        next = all.iter().map(|(other, _)| *other).filter(|other| *other < stage).max();
    }
    driver.join_threads(at);
    driver.system().log(format_args!("nmr: {}: unloaded", D::NAME));
}

/// One stage: close all, issue all, wait for all.
fn take_down<D: Driver>(stage: impl Iterator<Item = &'static dyn Registered<D>> + Clone, at: &MayWait<'_>) {
    for registration in stage.clone() {
        registration.close_bindings(&at.at_most_dispatch());
    }
    let mut pending = ArrayVec::<_, MOST_REGISTRATIONS>::new();
    for registration in stage {
        if registration.issue_deregister(at) == Issued::Pending {
            pending.push(registration);
        }
    }
    for registration in pending {
        registration.wait_deregistered(at);
    }
}
