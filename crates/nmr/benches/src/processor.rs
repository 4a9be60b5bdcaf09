//! The processors: pinning the thread to one, and the time that it got. Linux; elsewhere nothing is measured.

use std::io;
use std::time::Duration;

/// The processors that this process may use.
///
/// # Errors
/// The system does not say.
#[cfg(target_os = "linux")]
pub fn usable() -> io::Result<Vec<usize>> {
    use rustix::thread::{CpuSet, sched_getaffinity};

    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|processor| set.is_set(*processor)).collect())
}

/// Keeps the calling thread on `processor`.
///
/// # Errors
/// The thread may not run there.
#[cfg(target_os = "linux")]
pub fn pin(processor: usize) -> io::Result<()> {
    use rustix::thread::{CpuSet, sched_setaffinity};

    let mut set = CpuSet::new();
    set.set(processor);
    Ok(sched_setaffinity(None, &set)?)
}

/// How long the calling thread has been running on any processor.
#[cfg(target_os = "linux")]
pub fn thread_time() -> Duration {
    use rustix::time::{ClockId, clock_gettime};

    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// None.
///
/// # Errors
/// Always: this system is not known.
#[cfg(not(target_os = "linux"))]
pub fn usable() -> io::Result<Vec<usize>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "times are measured on Linux only"))
}

/// Does nothing.
///
/// # Errors
/// Always: this system is not known.
#[cfg(not(target_os = "linux"))]
pub fn pin(_: usize) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "times are measured on Linux only"))
}

/// Nothing, so that no sample counts.
#[cfg(not(target_os = "linux"))]
pub fn thread_time() -> Duration {
    Duration::ZERO
}
