//! Critical regions: between entering and leaving one, a thread cannot be suspended by a user's program.
//!
//! A region belongs to the driver that entered it. Who leaves it is not asked: a function whose last act is to leave
//! jumps there, and what is found on the stack then is its caller, in another driver perhaps.

use std::sync::atomic::Ordering;

use crate::{images, report, thread};

/// `KeEnterCriticalRegion`.
pub(crate) extern "system" fn enter() {
    let from = thread::caller();
    thread::with(|thread| {
        let outer = thread.critical_regions.get();
        thread.critical_regions.set(outer + 1);
        if let Some(entered_from) =
            usize::try_from(outer).ok().and_then(|outer| thread.entered_from.get(outer))
        {
            entered_from.set(from);
            belongs_to(from, 1);
        }
    });
}

/// `KeLeaveCriticalRegion`.
pub(crate) extern "system" fn leave() {
    let left = thread::with(|thread| {
        let outer = thread.critical_regions.get() - 1;
        let known = usize::try_from(outer).ok()?;
        thread.critical_regions.set(outer);
        if let Some(entered_from) = thread.entered_from.get(known) {
            belongs_to(entered_from.get(), -1);
        }
        Some(())
    });
    if left.is_none() {
        report::broken(
            thread::caller(),
            format_args!("leaves a critical region that this thread has not entered"),
        );
    }
}

/// Counts a region of the driver that `from` is in.
fn belongs_to(from: usize, by: i64) {
    if let Some(image) = images::of(from) {
        image.critical_regions.fetch_add(by, Ordering::Relaxed);
    }
}
