//! The passage against a tiny registrar. One text for two worlds: plain threads and Miri by default, every schedule up
//! to a bound under loom.

#![expect(
    unsafe_code,
    reason = "what the steps order is a plain cell, so that a missing edge is a data race"
)]

mod against_the_gate;

use super::passage::{Deregistered, NotActivated, Passage, Steps, Waited};
use super::word::RegistrationState;
use crate::model_check::{Arc, AtomicUsize, ModelEvent, Ordering, UnsafeCell, model, spawn, yield_now};
use crate::{AtMostDispatch, Error, MayWait, Result};
use core::time::Duration;
use std::sync::Mutex;

/// What NMR knows of a registration, and what it would take amiss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Calls {
    pub(crate) registered: usize,
    pub(crate) closed: usize,
    pub(crate) deregistered: usize,
    pub(crate) waited: usize,
    pub(crate) seen_out: usize,
}

/// A registration with a registrar of its own.
pub(crate) struct TinyRegistration {
    pub(crate) passage: Passage<ModelEvent>,
    /// Written by whoever registers, read by whoever deregisters and waits: they have to be ordered.
    handle: UnsafeCell<usize>,
    calls: Mutex<Calls>,
    answer: Deregistered,
    /// Set inside `register`.
    pub(crate) registering: AtomicUsize,
}

// SAFETY: the tests are there to prove that the passage orders all access to `handle`.
unsafe impl Sync for TinyRegistration {}
// SAFETY: as for `Sync`.
unsafe impl Send for TinyRegistration {}

impl TinyRegistration {
    pub(crate) fn idle(answer: Deregistered) -> Self {
        let registration = Self {
            passage: Passage::new(),
            handle: UnsafeCell::new(0),
            calls: Mutex::default(),
            answer,
            registering: AtomicUsize::new(0),
        };
        // SAFETY: nobody else knows it yet, and a model event may move.
        unsafe { registration.passage.prepare() };
        registration
    }

    pub(crate) fn registered() -> Self {
        let registration = Self::idle(Deregistered::Pending);
        registration.activate().expect("idle");
        registration
    }

    pub(crate) fn activate(&self) -> Result<(), NotActivated> {
        self.passage.activate(&self, &at_most_dispatch(), &mut || self.register(), &mut || ())
    }

    pub(crate) fn register(&self) -> Result<()> {
        let mut calls = self.calls.lock().expect("no panic");
        assert_eq!(calls.registered, calls.seen_out, "registered while NMR still has it");
        calls.registered += 1;
        drop(calls);
        // SAFETY: the owner of Registering is alone; that it is, is what is being checked.
        self.handle.with_mut(|handle| unsafe { *handle = HANDLE });
        self.registering.store(1, Ordering::Release);
        Ok(())
    }

    pub(crate) fn deactivate(&self) {
        self.passage.deactivate(&self, &at_most_dispatch());
    }

    pub(crate) fn wait_deactivated(&self) {
        self.passage.wait_deactivated(&self, &may_wait());
    }

    pub(crate) fn take_down(&self) {
        self.passage.take_down(&self, &may_wait());
    }

    pub(crate) fn until_registering(&self) {
        while self.registering.load(Ordering::Acquire) == 0 {
            yield_now();
        }
    }

    pub(crate) fn calls(&self) -> Calls {
        *self.calls.lock().expect("no panic")
    }

    pub(crate) fn assert_gone_through_once(&self) {
        // Before anything else here, which would order it.
        // SAFETY: the deactivation is over, and nothing follows it; that this thread sees that, is what is being checked.
        let handle = self.handle.with(|handle| unsafe { *handle });
        assert_eq!(handle, 0, "waited, and does not see what was done before");
        let calls = self.calls();
        let Calls { registered, deregistered, waited, seen_out, .. } = calls;
        assert_eq!((registered, deregistered, waited, seen_out), (1, 1, 1, 1), "{calls:?}");
        assert_eq!(self.passage.state(), RegistrationState::Idle);
    }

    fn is_owned(&self) {
        assert!(
            !self.passage.event().is_set(),
            "waiters would spin: the event of the last step was set late"
        );
    }

    fn reads_handle(&self) {
        // SAFETY: ordered after the registration; that it is, is what is being checked.
        let handle = self.handle.with(|handle| unsafe { *handle });
        assert_eq!(handle, HANDLE, "the handle is not the one of this registration");
    }
}

const HANDLE: usize = 0x4a0d;

impl Steps for &TinyRegistration {
    fn close(&self, _: &AtMostDispatch<'_>) {
        self.calls.lock().expect("no panic").closed += 1;
    }

    fn deregister(&self) -> Deregistered {
        self.is_owned();
        self.reads_handle();
        let mut calls = self.calls.lock().expect("no panic");
        calls.deregistered += 1;
        assert_eq!(calls.deregistered, calls.registered, "deregistered twice, or what was never registered");
        self.answer
    }

    fn wait(&self, _: &MayWait<'_>) -> Waited {
        self.is_owned();
        self.reads_handle();
        let mut calls = self.calls.lock().expect("no panic");
        calls.waited += 1;
        assert!(calls.waited <= calls.deregistered, "waited for before NmrDeregister* answered");
        Waited::Done
    }

    fn see_out(&self, _: &MayWait<'_>) {
        // SAFETY: the owner of Waiting is alone; that it is, is what is being checked.
        self.handle.with_mut(|handle| unsafe { *handle = 0 });
        self.calls.lock().expect("no panic").seen_out += 1;
    }

    fn pause(&self, _: &MayWait<'_>) {
        yield_now();
    }

    fn patience(&self) -> Duration {
        Duration::MAX
    }

    fn still_waiting(&self, _: &MayWait<'_>) {
        unreachable!("a model event has no limit");
    }
}

pub(crate) fn may_wait() -> MayWait<'static> {
    // SAFETY: a test's thread.
    unsafe { MayWait::assume() }
}

pub(crate) fn at_most_dispatch() -> AtMostDispatch<'static> {
    // SAFETY: a test's thread.
    unsafe { AtMostDispatch::assume() }
}

fn on_thread<T: Send + Sync + 'static>(
    shared: &Arc<T>,
    body: impl FnOnce(&T) + Send + 'static,
) -> impl FnOnce() {
    let shared = shared.clone();
    let thread = spawn(move || body(&shared));
    move || thread.join().expect("no panic")
}

#[test]
fn unload_meets_registering() {
    model(|| {
        let registration = Arc::new(TinyRegistration::idle(Deregistered::Pending));
        let activating = on_thread(&registration, |registration| registration.activate().expect("idle"));
        registration.until_registering();
        registration.take_down();
        registration.assert_gone_through_once();
        activating();
    });
}

#[test]
fn unload_meets_issuing() {
    model(|| {
        let registration = Arc::new(TinyRegistration::registered());
        let deactivating = on_thread(&registration, TinyRegistration::deactivate);
        registration.take_down();
        registration.assert_gone_through_once();
        deactivating();
        registration.assert_gone_through_once();
    });
}

#[test]
fn two_waiters_one_wait() {
    model(|| {
        let registration = Arc::new(TinyRegistration::registered());
        registration.deactivate();
        let other = on_thread(&registration, |registration| {
            registration.wait_deactivated();
            registration.assert_gone_through_once();
        });
        registration.wait_deactivated();
        registration.assert_gone_through_once();
        other();
    });
}

#[test]
fn unload_and_a_waiter_and_whoever_issues() {
    model(|| {
        let registration = Arc::new(TinyRegistration::registered());
        let deactivating = on_thread(&registration, |registration| {
            registration.deactivate();
            registration.wait_deactivated();
            registration.assert_gone_through_once();
        });
        registration.take_down();
        registration.assert_gone_through_once();
        deactivating();
    });
}

#[test]
fn deactivate_meets_registering() {
    model(|| {
        let registration = Arc::new(TinyRegistration::idle(Deregistered::Pending));
        let activating = on_thread(&registration, |registration| registration.activate().expect("idle"));
        registration.until_registering();
        registration.deactivate();
        registration.wait_deactivated();
        registration.assert_gone_through_once();
        activating();
        assert_eq!(registration.calls().closed, 1, "closed by whoever deregisters, before it does");
    });
}

#[test]
fn a_waiter_is_not_caught_by_the_next_activation() {
    model(|| {
        let registration = Arc::new(TinyRegistration::registered());
        registration.deactivate();
        let other = on_thread(&registration, |registration| {
            registration.wait_deactivated();
            registration.activate().expect("idle again");
        });
        registration.wait_deactivated();
        other();
        let Calls { registered, deregistered, waited, .. } = registration.calls();
        assert_eq!((registered, deregistered, waited), (2, 1, 1));
        assert_eq!(registration.passage.state(), RegistrationState::Registered);
    });
}

#[test]
fn two_activators_one_registration() {
    model(|| {
        let registration = Arc::new(TinyRegistration::idle(Deregistered::Pending));
        let won = Arc::new(AtomicUsize::new(0));
        let activates = |won: &Arc<AtomicUsize>| {
            let won = won.clone();
            move |registration: &TinyRegistration| match registration.activate() {
                Ok(()) => {
                    won.fetch_add(1, Ordering::Relaxed);
                }
                Err(refused) => assert_eq!(refused, NotActivated::NotIdle),
            }
        };
        let other = on_thread(&registration, activates(&won));
        activates(&won)(&registration);
        other();
        assert_eq!(won.load(Ordering::Relaxed), 1);
        assert_eq!(registration.calls().registered, 1);
    });
}

#[test]
fn success_is_not_waited_for_at_nmr() {
    model(|| {
        let registration = TinyRegistration::idle(Deregistered::Done);
        registration.activate().expect("idle");
        registration.take_down();
        let Calls { deregistered, waited, seen_out, .. } = registration.calls();
        assert_eq!((deregistered, waited, seen_out), (1, 0, 1));
    });
}

#[test]
fn a_registration_that_fails_is_idle_again_and_a_request_is_granted() {
    model(|| {
        let registration = Arc::new(TinyRegistration::idle(Deregistered::Pending));
        let failing = on_thread(&registration, |registration| {
            let mut fails = || {
                registration.registering.store(1, Ordering::Release);
                Err(Error::INSUFFICIENT_RESOURCES)
            };
            let failed =
                registration.passage.activate(&registration, &at_most_dispatch(), &mut fails, &mut || ());
            assert_eq!(failed, Err(NotActivated::Failed(Error::INSUFFICIENT_RESOURCES)));
        });
        registration.until_registering();
        registration.deactivate();
        registration.wait_deactivated();
        assert_eq!(registration.passage.state(), RegistrationState::Idle);
        failing();
        assert_eq!(registration.calls(), Calls::default());
    });
}
