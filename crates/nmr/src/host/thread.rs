//! The thread of a host.

#![expect(unsafe_code, reason = "runs an entry point with a pointer that it takes along")]

use super::HostEvent;
use crate::{MayWait, RawEvent, ThreadEntry};
use core::ffi::c_void;
use core::time::Duration;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// A thread, and an event that is set when it has left its entry point.
#[derive(Debug)]
pub(super) struct HostThread {
    thread: JoinHandle<()>,
    ended: Arc<HostEvent>,
}

/// A pointer that a thread takes along.
struct Passed(*mut c_void);

// SAFETY: the caller of `HostThread::start` says that the context may be used on the new thread.
unsafe impl Send for Passed {}

/// Says so when the thread has left its entry point, whichever way.
struct Ending(Arc<HostEvent>);

impl Drop for Ending {
    fn drop(&mut self) {
        // SAFETY: an event of a host is ready as it is.
        unsafe { self.0.set() };
    }
}

impl HostThread {
    /// # Safety
    /// As for [`System::spawn`](crate::System::spawn).
    pub(super) unsafe fn start(entry: ThreadEntry, context: *mut c_void) -> Self {
        let context = Passed(context);
        let ended = Arc::new(HostEvent::UNINITIALIZED);
        let ending = Ending(Arc::clone(&ended));
        let thread = thread::spawn(move || {
            let (Passed(context), _ending) = { (context, ending) };
            // SAFETY: the caller passes what `entry` expects.
            unsafe { entry(context) }
        });
        Self { thread, ended }
    }

    /// Whether the thread leaves its entry point within `limit`.
    pub(super) fn ends_within(&self, may_wait: &MayWait<'_>, limit: Duration) -> bool {
        // SAFETY: an event of a host is ready as it is.
        unsafe { self.ended.wait(may_wait, Some(limit)) }
    }

    /// Waits for the thread; answers what it panicked with.
    pub(super) fn join(self) -> thread::Result<()> {
        self.thread.join()
    }
}
