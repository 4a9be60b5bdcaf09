//! Critical regions: between entering and leaving one, a thread cannot be suspended by a user's program.

use std::sync::atomic::Ordering;

use crate::{images, report, thread};

fn count(by: i32) -> i32 {
    if let Some(image) = images::of(thread::caller()) {
        image.critical_regions.fetch_add(i64::from(by), Ordering::Relaxed);
    }
    thread::with(|thread| {
        let regions = thread.critical_regions.get() + by;
        thread.critical_regions.set(regions);
        regions
    })
}

/// `KeEnterCriticalRegion`.
pub(crate) extern "system" fn enter() {
    count(1);
}

/// `KeLeaveCriticalRegion`.
pub(crate) extern "system" fn leave() {
    if count(-1) < 0 {
        report::broken(
            thread::caller(),
            format_args!("leaves a critical region that this thread has not entered"),
        );
        count(1);
    }
}
