//! Activations and deactivations against the gate that unload shuts.

#![expect(
    unsafe_code,
    reason = "the driver's storage is a plain cell, so that a missing edge is a data race"
)]

use super::{Calls, TinyRegistration, at_most_dispatch, on_thread};
use crate::model_check::{Arc, UnsafeCell, model, yield_now};
use crate::registration::RegistrationState;
use crate::registration::passage::Deregistered;
use crate::unload::{Gate, Inside};

/// A registration behind its driver's gate, and the storage that is gone when unload has returned.
struct Gated {
    gate: Gate,
    registration: TinyRegistration,
    storage: UnsafeCell<usize>,
}

// SAFETY: the tests are there to prove that the gate orders all access to `storage`.
unsafe impl Sync for Gated {}
// SAFETY: as for `Sync`.
unsafe impl Send for Gated {}

impl Gated {
    fn around(registration: TinyRegistration) -> Arc<Self> {
        let gate = Gate::new();
        gate.open();
        Arc::new(Self { gate, registration, storage: UnsafeCell::new(1) })
    }

    fn is_in_storage(&self) {
        // SAFETY: inside the gate, so unload has not returned; that it has not is what is being checked.
        let storage = self.storage.with(|storage| unsafe { *storage });
        assert_eq!(storage, 1, "returned through an image that is gone");
    }

    fn activate(&self) {
        let Some(mut pass) = self.gate.enter(Inside::Activating) else { return };
        let registration = &self.registration;
        let _ = registration.passage.activate(
            &registration,
            &at_most_dispatch(),
            &mut || registration.register(),
            &mut || pass.deactivates(),
        );
        self.is_in_storage();
    }

    fn deactivate(&self) {
        let Some(_pass) = self.gate.enter(Inside::Deactivating) else { return };
        self.registration.deactivate();
        self.is_in_storage();
    }

    fn unload(&self) {
        self.gate.shut();
        while self.gate.activations() > 0 {
            yield_now();
        }
        let state = self.registration.passage.state();
        assert_ne!(state, RegistrationState::Registering, "somebody registers behind a gate that is shut");
        self.registration.take_down();
        while self.gate.deactivations() > 0 {
            yield_now();
        }
        // SAFETY: nobody is inside any more; that nobody is, is what is being checked.
        self.storage.with_mut(|storage| unsafe { *storage = 0 });
        assert_eq!(self.registration.passage.state(), RegistrationState::Idle);
        let Calls { registered, seen_out, .. } = self.registration.calls();
        assert_eq!(registered, seen_out);
    }
}

#[test]
fn activate_against_the_gate() {
    model(|| {
        let gated = Gated::around(TinyRegistration::idle(Deregistered::Pending));
        let activating = on_thread(&gated, Gated::activate);
        gated.unload();
        activating();
        assert_eq!(gated.registration.passage.state(), RegistrationState::Idle);
    });
}

#[test]
fn deactivate_against_the_gate() {
    model(|| {
        let gated = Gated::around(TinyRegistration::registered());
        let deactivating = on_thread(&gated, Gated::deactivate);
        gated.unload();
        deactivating();
        gated.registration.assert_gone_through_once();
    });
}

#[test]
fn activate_and_deactivate_against_the_gate() {
    model(|| {
        let gated = Gated::around(TinyRegistration::idle(Deregistered::Pending));
        let activating = on_thread(&gated, Gated::activate);
        let deactivating = on_thread(&gated, Gated::deactivate);
        gated.unload();
        activating();
        deactivating();
        assert_eq!(gated.registration.passage.state(), RegistrationState::Idle);
    });
}
