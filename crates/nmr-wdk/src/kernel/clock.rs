//! The time since the machine started.

#![expect(unsafe_code, reason = "calls the kernel's clock")]

use core::time::Duration;
use wdk_sys::{LARGE_INTEGER, ntddk};

const NANOSECONDS: u64 = 1_000_000_000;

/// `KeQueryPerformanceCounter`. Any IRQL.
pub(super) fn now() -> Duration {
    let mut frequency = LARGE_INTEGER { QuadPart: 0 };
    // SAFETY: may be called at any IRQL, with a place for the frequency.
    let ticks = unsafe { ntddk::KeQueryPerformanceCounter(&mut frequency) };
    // SAFETY: every bit pattern is a number.
    let ticks = unsafe { ticks.QuadPart } as u64;
    // SAFETY: as above.
    let frequency = (unsafe { frequency.QuadPart } as u64).max(1);
    Duration::new(ticks / frequency, ((ticks % frequency) * NANOSECONDS / frequency) as u32)
}
