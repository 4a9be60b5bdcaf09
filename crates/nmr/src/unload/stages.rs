//! The stages of a driver that is drained while it runs: the highest that has something left is the one to be touched.

use crate::{AtMostDispatch, Driver, Stage};
use nmr_abi::attachments::RegistrationState;

/// The highest stage in which something is left that an unload would wait for.
pub(super) fn highest_left<D: Driver>(driver: &'static D) -> Option<Stage> {
    let mut highest = None;
    driver.for_each_registration(&mut |stage, registration| {
        if !registration.row().is_drained() {
            highest = highest.max(Some(stage));
        }
    });
    highest
}

/// Whether nothing is left.
pub(super) fn are_drained<D: Driver>(driver: &'static D) -> bool {
    highest_left(driver).is_none()
}

/// How many registrations of `stage` NMR has, with nobody deregistering them yet.
pub(super) fn registered<D: Driver>(driver: &'static D, stage: Stage) -> usize {
    let mut count = 0;
    driver.for_each_registration(&mut |other, registration| {
        count += usize::from(other == stage && registration.row().state == RegistrationState::REGISTERED);
    });
    count
}

/// Deactivates every registration of `stage`.
pub(super) fn deactivate<D: Driver>(driver: &'static D, stage: Stage, at: &AtMostDispatch<'_>) {
    driver.for_each_registration(&mut |other, registration| {
        if other == stage {
            registration.deactivate(at);
        }
    });
}

/// Deactivates the stages from the highest down to the first that has something left. Answers whether nothing is.
pub(crate) fn drain_here<D: Driver>(driver: &'static D, at: &AtMostDispatch<'_>) -> bool {
    let mut touched = None;
    while let Some(stage) = highest_left(driver) {
        if touched == Some(stage) {
            return false;
        }
        touched = Some(stage);
        deactivate(driver, stage, at);
    }
    true
}
