//! The test seam: plain threads, repeated, or every schedule up to a bound under loom.

#[cfg(loom)]
pub(crate) use loom::{
    cell::UnsafeCell,
    sync::atomic::{AtomicUsize, Ordering},
    sync::{Arc, Mutex},
    thread::spawn,
};
#[cfg(not(loom))]
pub(crate) use std::{
    sync::atomic::{AtomicUsize, Ordering},
    sync::{Arc, Mutex},
    thread::spawn,
};

/// Runs `body` under every schedule with at most three preemptions.
#[cfg(loom)]
pub(crate) fn model(body: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(body);
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
