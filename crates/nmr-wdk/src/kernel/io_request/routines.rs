//! Completion routines that have not returned. IoSetCompletionRoutineEx, which would keep the image for them, needs a device
//! and can fail; so they are counted, and Unload waits until the last is over.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use nmr::MayWait;

/// How often Unload looks. A routine takes microseconds, unless its thread is displaced.
const LOOK: Duration = Duration::from_millis(1);

static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// A routine begins. Whoever it wakes, or lets complete a detach, sees this.
pub(super) fn begins() {
    RUNNING.fetch_add(1, Ordering::Relaxed);
}

/// A routine is over, but for its return.
pub(super) fn ends() {
    RUNNING.fetch_sub(1, Ordering::Release);
}

/// Waits until no routine runs. Nothing is in flight any more that could call another. One that runs in a DPC has
/// returned too when the DPCs are flushed; one on a thread that is displaced just there has its return left.
pub(in crate::kernel) fn wait_until_over(_: &MayWait<'_>) {
    while RUNNING.load(Ordering::Acquire) != 0 {
        crate::kernel::thread::sleep(LOOK);
    }
    crate::kernel::dpc::flush();
}
