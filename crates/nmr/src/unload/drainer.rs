//! Whether a driver has a drainer: at most one thread, which whoever makes the next one, or Unload, joins.

#![expect(unsafe_code, reason = "a cell whose owner is whoever has claimed it")]

use crate::sync::{AtomicBool, AtomicU32, Ordering, const_fn_outside_loom};
use core::cell::UnsafeCell;

const NONE: u32 = 0;
/// One thread looks at the drainer, makes it, or takes it to join it.
const CLAIMED: u32 = 1;
const THERE: u32 = 2;

/// The drainer of a driver, a `T` to be joined.
pub(super) struct Drainer<T> {
    state: AtomicU32,
    /// Whether it has come to its end. Set by itself, as its last access.
    ended: AtomicBool,
    /// Some in THERE; touched by whoever owns CLAIMED.
    thread: UnsafeCell<Option<T>>,
}

// SAFETY: the cell is touched by the one thread that has stepped to CLAIMED, and passes a `T` from thread to thread.
unsafe impl<T: Send> Sync for Drainer<T> {}

/// The right to make the drainer. [`Claim::settle`] gives it back.
#[must_use]
pub(super) struct Claim<'a, T>(&'a Drainer<T>);

impl<T> Drainer<T> {
    const_fn_outside_loom! {
        pub(super) fn new() -> Self {
            Self { state: AtomicU32::new(NONE), ended: AtomicBool::new(false), thread: UnsafeCell::new(None) }
        }
    }

    fn step(&self, from: u32, to: u32) -> bool {
        self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Claims the making of a drainer, unless there is one that drains or somebody else is at it. Passes on the one before,
    /// which has come to its end, to be joined.
    pub(super) fn claim(&self) -> Option<(Claim<'_, T>, Option<T>)> {
        if self.step(NONE, CLAIMED) {
            return Some((Claim(self), None));
        }
        if !self.step(THERE, CLAIMED) {
            return None;
        }
        // Asked by the owner alone: otherwise the one that was seen to have ended could be joined by another meanwhile, and
        // the next one be there.
        if !self.ended.load(Ordering::Acquire) {
            self.state.store(THERE, Ordering::Release);
            return None;
        }
        self.ended.store(false, Ordering::Relaxed);
        Some((Claim(self), self.take()))
    }

    /// Said by the drainer itself, last.
    pub(super) fn ends(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// The drainer, whether it has ended or not, to be joined. For Unload, when nobody claims any more.
    pub(super) fn last(&self) -> Option<T> {
        self.step(THERE, CLAIMED).then(|| {
            let thread = self.take();
            self.state.store(NONE, Ordering::Release);
            thread
        })?
    }

    /// For the owner of CLAIMED.
    fn take(&self) -> Option<T> {
        // SAFETY: as said.
        unsafe { &mut *self.thread.get() }.take()
    }
}

impl<T> Claim<'_, T> {
    /// The drainer has been made, or none.
    pub(super) fn settle(self, thread: Option<T>) {
        let state = if thread.is_some() { THERE } else { NONE };
        // SAFETY: this claim owns the cell.
        unsafe { *self.0.thread.get() = thread };
        self.0.state.store(state, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Gate, Inside};
    use super::*;
    use crate::model_check::{Arc, AtomicUsize, JoinHandle, Ordering, model, spawn, yield_now};

    /// What a drainer is joined by.
    struct Thread {
        has_ended: Arc<AtomicUsize>,
        handle: Option<JoinHandle<()>>,
    }

    struct Tiny {
        gate: Gate,
        drainer: Drainer<Thread>,
        /// Made and not joined yet.
        there: AtomicUsize,
    }

    impl Tiny {
        /// With a drainer that was there, and has ended.
        fn drained_before() -> Arc<Self> {
            let tiny = Self { gate: Gate::new(), drainer: Drainer::new(), there: AtomicUsize::new(1) };
            tiny.gate.open();
            let (claim, _) = tiny.drainer.claim().expect("there is none");
            claim.settle(Some(Thread { has_ended: Arc::new(AtomicUsize::new(1)), handle: None }));
            tiny.drainer.ends();
            Arc::new(tiny)
        }

        fn join(&self, thread: Thread) {
            if let Some(handle) = thread.handle {
                handle.join().expect("no panic");
            }
            assert_eq!(self.there.fetch_sub(1, Ordering::Relaxed), 1, "two drainers at once");
        }

        /// As [`super::super::drain::begin`], with a drainer that finds nothing to do.
        fn begin(tiny: &Arc<Self>) {
            let Some(_inside) = tiny.gate.enter(Inside::Activating) else { return };
            let Some((claim, before)) = tiny.drainer.claim() else { return };
            if let Some(before) = before {
                assert_eq!(before.has_ended.load(Ordering::Acquire), 1, "who asks would wait for a drain");
                tiny.join(before);
            }
            assert_eq!(tiny.there.fetch_add(1, Ordering::Relaxed), 0, "two drainers at once");
            let has_ended = Arc::new(AtomicUsize::new(0));
            let (ending, driver) = (has_ended.clone(), tiny.clone());
            let handle = Some(spawn(move || {
                ending.store(1, Ordering::Release);
                driver.drainer.ends();
            }));
            claim.settle(Some(Thread { has_ended, handle }));
        }
    }

    #[test]
    fn two_threads_ask_for_a_drainer_and_wait_for_none_and_unload_joins_the_last() {
        model(|| {
            let tiny = Tiny::drained_before();
            let other = tiny.clone();
            let asking = spawn(move || Tiny::begin(&other));
            Tiny::begin(&tiny);
            tiny.gate.shut();
            while tiny.gate.activations() > 0 {
                yield_now();
            }
            if let Some(last) = tiny.drainer.last() {
                tiny.join(last);
            }
            assert_eq!(tiny.there.load(Ordering::Relaxed), 0, "a drainer that nobody joins");
            asking.join().expect("no panic");
        });
    }

    #[test]
    fn one_that_drains_is_left_alone_and_one_that_has_ended_is_passed_on() {
        model(|| {
            let drainer = Drainer::new();
            let (claim, before) = drainer.claim().expect("there is none");
            assert!(before.is_none() && drainer.claim().is_none(), "claimed already");
            claim.settle(Some(1));
            assert!(drainer.claim().is_none(), "it drains still");
            drainer.ends();
            let (claim, before) = drainer.claim().expect("it has ended");
            assert_eq!(before, Some(1));
            claim.settle(Some(2));
            assert!(drainer.claim().is_none(), "the end was that of the one before");
            assert_eq!((drainer.last(), drainer.last()), (Some(2), None));
        });
    }
}
