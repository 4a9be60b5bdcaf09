//! The notification event.

#![expect(unsafe_code, reason = "calls the kernel's event routines on memory that they own")]

use super::thread::{TimeLimit, succeeded};
use core::cell::UnsafeCell;
use core::fmt;
use core::mem::MaybeUninit;
use core::time::Duration;
use nmr::{MayWait, RawEvent};
use wdk_sys::{_EVENT_TYPE, _KWAIT_REASON, _MODE, KEVENT, ntddk};

/// A KEVENT.
pub struct KernelEvent(UnsafeCell<MaybeUninit<KEVENT>>);

impl KernelEvent {
    fn raw(&self) -> *mut KEVENT {
        self.0.get().cast()
    }

    /// `KeWaitForSingleObject`. Answers whether it was set; otherwise the limit has come.
    ///
    /// # Safety
    /// It is initialised, and the thread is below DISPATCH_LEVEL.
    pub(super) unsafe fn wait_below_dispatch(&self, limit: Option<Duration>) -> bool {
        let mut limit = limit.map(TimeLimit::relative);
        let limit = limit.as_mut().map_or(core::ptr::null_mut(), TimeLimit::as_mut_ptr);
        // SAFETY: as the caller says; in kernel mode, so that the stack stays in memory meanwhile.
        let status = unsafe {
            ntddk::KeWaitForSingleObject(
                self.raw().cast(),
                _KWAIT_REASON::Executive,
                _MODE::KernelMode as i8,
                0,
                limit,
            )
        };
        succeeded(status)
    }
}

impl fmt::Debug for KernelEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KernelEvent")
    }
}

// SAFETY: the cell is touched by the kernel's routines only, which are made for many threads.
unsafe impl Sync for KernelEvent {}
// SAFETY: as for `Sync`; an event that has been initialised is never moved, as `RawEvent::initialize` demands.
unsafe impl Send for KernelEvent {}

// SAFETY: `KeWaitForSingleObject` on a notification event returns STATUS_SUCCESS after a `KeSetEvent`, with a barrier.
unsafe impl RawEvent for KernelEvent {
    const UNINITIALIZED: Self = Self(UnsafeCell::new(MaybeUninit::uninit()));

    unsafe fn initialize(&self) {
        // SAFETY: the caller says that nobody uses the event.
        unsafe { ntddk::KeInitializeEvent(self.raw(), _EVENT_TYPE::NotificationEvent, 0) };
    }

    unsafe fn set(&self) {
        // SAFETY: the caller says that it is initialised; Wait is FALSE, so any IRQL <= DISPATCH_LEVEL will do.
        unsafe { ntddk::KeSetEvent(self.raw(), 0, 0) };
    }

    unsafe fn clear(&self) {
        // SAFETY: the caller says that it is initialised; any IRQL <= DISPATCH_LEVEL will do.
        unsafe { ntddk::KeClearEvent(self.raw()) };
    }

    unsafe fn wait(&self, _: &MayWait<'_>, limit: Option<Duration>) -> bool {
        // SAFETY: the caller says that it is initialised, and MayWait that the thread is at PASSIVE_LEVEL.
        unsafe { self.wait_below_dispatch(limit) }
    }
}
