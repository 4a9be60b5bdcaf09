//! The test seam: plain threads, repeated, or every schedule up to a bound under loom.

#![expect(unsafe_code, reason = "implements the event's trait for the models")]

use crate::{MayWait, RawEvent};
use core::time::Duration;
use std::sync::PoisonError;

#[cfg(loom)]
pub(crate) use loom::{
    cell::UnsafeCell,
    sync::atomic::{AtomicUsize, Ordering},
    sync::{Arc, Condvar, Mutex},
    thread::{JoinHandle, yield_now},
};
#[cfg(not(loom))]
pub(crate) use std::{
    sync::atomic::{AtomicUsize, Ordering},
    sync::{Arc, Condvar, Mutex},
    thread::{JoinHandle, spawn, yield_now},
};

#[cfg(loom)]
std::thread_local! {
    /// Whether the model that this test runs has started a thread. Loom runs all threads of a model on the test's own.
    static HAS_THREADS: core::cell::Cell<bool> = const { core::cell::Cell::new(false) };
}

/// Starts a thread of the model.
#[cfg(loom)]
pub(crate) fn spawn<T: 'static>(body: impl FnOnce() -> T + 'static) -> JoinHandle<T> {
    HAS_THREADS.set(true);
    loom::thread::spawn(body)
}

/// Runs `body` under every schedule with at most three preemptions.
///
/// # Panics
/// If a body that starts threads was run under one schedule: then loom saw no choice in it, and it proves nothing.
#[cfg(loom)]
pub(crate) fn model(body: impl Fn() + Send + Sync + 'static) {
    // Not one of loom's atomics: it has to outlive each execution.
    let executions = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = executions.clone();
    HAS_THREADS.set(false);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        body();
    });
    let executions = executions.load(std::sync::atomic::Ordering::Relaxed);
    std::println!("{executions} executions");
    assert!(executions > 1 || !HAS_THREADS.get(), "loom ran a model with threads under one schedule only");
}

/// Runs `body` often; the schedules are those that the machine happens to make.
#[cfg(not(loom))]
pub(crate) fn model(body: impl Fn() + Send + Sync + 'static) {
    let rounds = if cfg!(miri) { 8 } else { 500 };
    for _ in 0..rounds {
        body();
    }
}

/// `core`'s cell with the accessors of loom's.
#[cfg(not(loom))]
pub(crate) struct UnsafeCell<T>(core::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(core::cell::UnsafeCell::new(value))
    }

    pub(crate) fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }

    pub(crate) fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }
}

/// An event whose waits have no limit: one that nobody ends is a deadlock, which loom reports.
pub(crate) struct ModelEvent(core::cell::UnsafeCell<Option<(Mutex<bool>, Condvar)>>);

// SAFETY: written by `initialize` alone, whose caller is alone; the rest is Sync.
unsafe impl Sync for ModelEvent {}
// SAFETY: as for `Sync`.
unsafe impl Send for ModelEvent {}

impl ModelEvent {
    pub(crate) fn is_set(&self) -> bool {
        *self.parts().0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn parts(&self) -> &(Mutex<bool>, Condvar) {
        // SAFETY: nobody writes after `initialize`.
        unsafe { &*self.0.get() }.as_ref().expect("initialised")
    }
}

// SAFETY: the flag is under a mutex, which orders setter and waiter.
unsafe impl RawEvent for ModelEvent {
    const UNINITIALIZED: Self = Self(core::cell::UnsafeCell::new(None));

    unsafe fn initialize(&self) {
        // SAFETY: the caller is alone.
        unsafe { *self.0.get() = Some((Mutex::new(false), Condvar::new())) };
    }

    unsafe fn set(&self) {
        let (flag, changed) = self.parts();
        *flag.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
    }

    unsafe fn clear(&self) {
        *self.parts().0.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }

    unsafe fn wait(&self, _: &MayWait<'_>, _: Option<Duration>) -> bool {
        let (flag, changed) = self.parts();
        let mut set = flag.lock().unwrap_or_else(PoisonError::into_inner);
        while !*set {
            set = changed.wait(set).unwrap_or_else(PoisonError::into_inner);
        }
        true
    }
}
