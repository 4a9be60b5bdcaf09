//! Time, finer than Wine's kernel has it.

#![expect(unsafe_code, reason = "writes the time where drivers ask for it")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use windows_sys::Win32::System::SystemInformation::GetTickCount64;

/// 100 ns units from the beginning of Windows' calendar to that of `UNIX_EPOCH`.
const CALENDAR: u64 = 116_444_736_000_000_000;

/// A time in the kernel's units.
fn units(time: Duration) -> u64 {
    u64::try_from(time.as_nanos() / 100).unwrap_or(u64::MAX)
}

/// The time since the machine was started, and a clock that goes on from there.
fn origin() -> &'static (Instant, Duration) {
    static ORIGIN: std::sync::OnceLock<(Instant, Duration)> = std::sync::OnceLock::new();
    // SAFETY: takes nothing and answers a number.
    ORIGIN.get_or_init(|| (Instant::now(), Duration::from_millis(unsafe { GetTickCount64() })))
}

/// `KeQueryInterruptTime`. As fine as the precise one: nothing may rely on its being coarse.
pub(crate) extern "system" fn interrupt_time() -> u64 {
    let (begin, before) = origin();
    units(begin.elapsed() + *before)
}

/// `KeQueryInterruptTimePrecise`.
///
/// # Safety
/// `counter` is a place for the performance counter.
pub(crate) unsafe extern "system" fn interrupt_time_precise(counter: *mut u64) -> u64 {
    let time = interrupt_time();
    // SAFETY: the contract of this function. The lab's counter runs at 10 MHz, the unit of the time.
    unsafe { counter.write(time) };
    time
}

/// `KeQuerySystemTimePrecise`.
///
/// # Safety
/// `time` is a place for the time.
pub(crate) unsafe extern "system" fn system_time_precise(time: *mut u64) {
    // SAFETY: the contract of this function.
    unsafe { time.write(system_time()) };
}

/// The time of day, in the kernel's units.
pub(crate) fn system_time() -> u64 {
    units(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()) + CALENDAR
}

/// `KeStallExecutionProcessor`.
pub(crate) extern "system" fn stall(microseconds: u32) {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_micros(u64::from(microseconds)) {
        std::hint::spin_loop();
    }
}
