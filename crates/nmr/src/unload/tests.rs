//! The order of unload against a tiny registrar: Unload's thread, helpers, and threads of the driver's own.

use super::order::{self, Issuing, Visit};
use super::{Blocker, Coordinated, Gate, Inside};
use crate::model_check::{model, spawn, yield_now};
use crate::registration::tests::{TinyRegistration, may_wait};
use crate::registration::{Options, Registered, RegistrationState};
use crate::snapshot::{AttachmentRow, RegistrationRow};
use crate::{AtMostDispatch, MayWait, Result, Side, Stage};
use core::time::Duration;
use std::boxed::Box;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// A driver of two registrations, the first in the higher stage or both in one.
struct Tiny {
    gate: Gate,
    issuing: Issuing,
    members: [Member; 2],
}

struct Member {
    stage: Stage,
    registration: TinyRegistration,
    door_shut: AtomicBool,
    closed: AtomicBool,
    /// What has to be down before this is touched.
    after: OnceLock<&'static Member>,
}

impl Member {
    fn of(stage: u8) -> Self {
        Self {
            stage: Stage(stage),
            registration: TinyRegistration::registered(),
            door_shut: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            after: OnceLock::new(),
        }
    }

    fn is_due(&self) {
        let state = self.after.get().map(|member| member.registration.passage.state());
        assert_eq!(state.unwrap_or(RegistrationState::Idle), RegistrationState::Idle, "touched too early");
    }
}

impl Tiny {
    /// In storage that stays, as a driver is.
    fn with_stages(stages: [u8; 2]) -> &'static Self {
        let gate = Gate::new();
        gate.open();
        let tiny: &'static Self =
            Box::leak(Box::new(Self { gate, issuing: Issuing::new(), members: stages.map(Member::of) }));
        // Reachable, so that leak checkers see what is meant; loom has too many of them to remember.
        #[cfg(not(loom))]
        {
            static KEPT: std::sync::Mutex<std::vec::Vec<&Tiny>> = std::sync::Mutex::new(std::vec::Vec::new());
            KEPT.lock().expect("no panic").push(tiny);
        }
        if stages[0] > stages[1] {
            assert!(tiny.members[1].after.set(&tiny.members[0]).is_ok());
        }
        tiny
    }

    fn visit(&'static self, each: &mut dyn FnMut(Stage, &'static dyn Registered<Self>)) {
        for member in &self.members {
            each(member.stage, member);
        }
    }

    fn unload(&'static self) {
        let visit: Visit<'_, Self> = &|each| self.visit(each);
        self.gate.shut();
        while self.gate.activations() > 0 {
            yield_now();
        }
        let highest = order::shut_doors(visit);
        order::take_down(visit, highest, &self.issuing, &|| Duration::ZERO, &may_wait());
        for member in &self.members {
            member.registration.assert_gone_through_once();
        }
        while self.gate.deactivations() > 0 {
            yield_now();
        }
    }

    fn help(&'static self) {
        order::help(&|each| self.visit(each), &self.issuing);
    }

    fn deactivate(&'static self, member: usize) {
        if let Some(_pass) = self.gate.enter(Inside::Deactivating) {
            self.members[member].registration.deactivate();
        }
    }
}

impl Registered<Tiny> for Member {
    fn name(&self) -> &'static str {
        "member"
    }

    fn side(&self) -> Side {
        Side::Client
    }

    fn bindings_left(&self) -> usize {
        0
    }

    fn callbacks_running(&self) -> usize {
        0
    }

    #[expect(unsafe_code, reason = "the trait's")]
    unsafe fn prepare(&'static self, _: &'static Tiny, _: &'static Options, _: &Coordinated) {}

    fn registers_at_load(&self, _: &Coordinated) -> bool {
        true
    }

    fn register(&'static self, _: &MayWait<'_>, _: &Coordinated) -> Result<()> {
        Ok(())
    }

    fn shut_door(&self, _: &Coordinated) {
        self.door_shut.store(true, Ordering::Relaxed);
    }

    fn close_bindings(&'static self, _: &AtMostDispatch<'_>, _: &Coordinated) {
        assert!(self.door_shut.load(Ordering::Relaxed), "closed with the door open");
        self.is_due();
        self.closed.store(true, Ordering::Relaxed);
    }

    fn is_registered(&self, _: &Coordinated) -> bool {
        self.registration.passage.state() == RegistrationState::Registered
    }

    fn is_known_to_nmr(&self, _: &Coordinated) -> bool {
        self.registration.passage.state() != RegistrationState::Idle
    }

    fn issue_deregister(&'static self, _: &Coordinated) {
        assert!(self.closed.load(Ordering::Relaxed), "deregistered before its stage was closed");
        self.is_due();
        self.registration.passage.deregister_closed(&&self.registration);
    }

    fn wait_deregistered(&'static self, _: &MayWait<'_>, _: &Coordinated) {
        self.registration.take_down();
    }

    fn for_each_blocker(&'static self, _: u64, _: &mut dyn FnMut(&Blocker), _: &Coordinated) {}

    fn row(&self) -> RegistrationRow {
        unreachable!("nobody takes a snapshot in a model")
    }

    fn for_each_attachment(&'static self, _: u64, _: &mut dyn FnMut(AttachmentRow)) {}

    fn deactivate(&'static self, _: &AtMostDispatch<'_>) {
        unreachable!("the order of unload deactivates nothing")
    }
}

#[test]
fn a_helper_and_unload_claim_each_registration_once() {
    model(|| {
        let tiny = Tiny::with_stages([0, 0]);
        tiny.issuing.help_with(Stage(0));
        let helper = spawn(|| tiny.help());
        tiny.unload();
        helper.join().expect("no panic");
        assert!(tiny.members.iter().all(|member| member.closed.load(Ordering::Relaxed)));
    });
}

#[test]
fn a_helper_that_comes_late_leaves_the_next_stage_alone() {
    model(|| {
        let tiny = Tiny::with_stages([1, 0]);
        tiny.issuing.help_with(Stage(1));
        let helper = spawn(|| tiny.help());
        tiny.unload();
        helper.join().expect("no panic");
    });
}

#[test]
fn unload_meets_a_deactivation_and_a_helper() {
    model(|| {
        let tiny = Tiny::with_stages([0, 0]);
        tiny.issuing.help_with(Stage(0));
        let helper = spawn(|| tiny.help());
        let deactivating = spawn(|| tiny.deactivate(1));
        tiny.unload();
        helper.join().expect("no panic");
        deactivating.join().expect("no panic");
    });
}

#[test]
fn a_higher_stage_is_down_before_a_lower_one_is_touched() {
    model(|| {
        let tiny = Tiny::with_stages([1, 0]);
        let deactivating = spawn(|| tiny.deactivate(0));
        tiny.unload();
        deactivating.join().expect("no panic");
    });
}

#[test]
fn a_helper_helps_with_the_stage_that_it_was_made_for() {
    model(|| {
        let tiny = Tiny::with_stages([1, 0]);
        for member in &tiny.members {
            member.door_shut.store(true, Ordering::Relaxed);
            member.closed.store(true, Ordering::Relaxed);
        }
        tiny.members[0].registration.take_down();
        let left = || order::left(&|each| tiny.visit(each), Stage(0));
        tiny.issuing.begin(Stage(0), Duration::ZERO);
        tiny.issuing.help_with(Stage(1));
        tiny.help();
        assert_eq!(left(), 1, "made for the stage above");
        tiny.issuing.help_with(Stage(0));
        tiny.help();
        assert_eq!(left(), 0);
    });
}

/// Peers that block for less than a tick each are timed together: the clock starts with the stage, not with each call.
#[test]
fn a_stage_is_timed_from_its_first_deregistration() {
    model(|| {
        let issuing = Issuing::new();
        assert_eq!(issuing.since(), None);
        let began = Duration::from_millis(3);
        issuing.begin(Stage(1), began);
        assert_eq!(issuing.since(), Some((Stage(1), began)));
        let tiny = Tiny::with_stages([0, 0]);
        let clock = core::cell::Cell::new(0);
        let now = || {
            clock.set(clock.get() + 1);
            Duration::from_secs(clock.get())
        };
        tiny.gate.shut();
        let visit: Visit<'_, Tiny> = &|each| tiny.visit(each);
        let highest = order::shut_doors(visit);
        order::take_down(visit, highest, &tiny.issuing, &now, &may_wait());
        assert_eq!((clock.get(), tiny.issuing.since()), (1, None), "asked once for a stage of two");
    });
}
