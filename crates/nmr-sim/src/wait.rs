//! Waiting for the end of a deregistration.

use crate::contract::Rule;
use crate::frames;
use crate::irql::Irql;
use crate::registration::{Registration, Stage};
use crate::schedule::Callback;
use crate::side::Side;
use crate::sync::lock;
use crate::trace::What;
use crate::tsan;
use crate::world::World;
use nmr_abi::Status;
use std::fmt::Write;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

impl World {
    /// `NmrWaitForClientDeregisterComplete` and `NmrWaitForProviderDeregisterComplete`.
    pub(crate) fn wait(&self, registration: &Arc<Registration>) -> Status {
        if let Some(refusal) = self.judge_place_of_wait(registration) {
            return refusal;
        }
        let mut life = lock(&registration.life);
        let broken = match life.stage {
            Stage::Registered => Some((Rule::WaitBeforeDeregister, Status::INVALID_PARAMETER)),
            Stage::Waiting => Some((Rule::WaitedTwice, Status::INVALID_PARAMETER)),
            Stage::Closed => Some((Rule::StaleHandle, Status::INVALID_PARAMETER)),
            Stage::Deregistering => None,
        };
        if let Some((rule, status)) = broken {
            drop(life);
            self.violated(rule, || format!("{registration} is waited for"));
            return status;
        }
        life.stage = Stage::Waiting;
        let (side, npi, number) = (registration.side(), registration.module.npi(), registration.number);
        self.note(|| What::Waiting { side, registration: number, npi, bindings: life.bindings.len() });
        if !life.bindings.is_empty() {
            drop(life);
            self.until_empty(registration);
            life = lock(&registration.life);
        }
        life.stage = Stage::Closed;
        drop(life);
        tsan::observed(&**registration);
        self.judge_characteristics(registration, "when its wait returns");
        registration.npi.release(registration);
        self.inner.registrations.remove(registration.place);
        self.note(|| What::Waited {
            side,
            registration: number,
            npi,
            registrations_left: self.inner.registrations.len(),
            bindings_left: self.inner.bindings.len(),
        });
        Status::SUCCESS
    }

    /// Whether the calling thread is where this wait could never end, or should not be made.
    fn judge_place_of_wait(&self, registration: &Registration) -> Option<Status> {
        if self.judge_wait_level(registration) {
            return Some(Status::INVALID_DEVICE_STATE);
        }
        let here = |frame: &frames::Frame| frame.world == self.address();
        let own = frames::innermost(|frame| {
            here(frame) && [frame.client, frame.provider].contains(&registration.number)
        });
        if let Some(frame) = own {
            self.violated(Rule::WaitInsideCallback, || {
                format!(
                    "{registration} is waited for inside {} for binding {}",
                    frame.callback, frame.binding
                )
            });
            return Some(Status::INVALID_DEVICE_STATE);
        }
        let detaching =
            frames::innermost(|frame| here(frame) && !matches!(frame.callback, Callback::Attach(_)));
        if let Some(frame) = detaching {
            self.violated(Rule::WaitInDetach, || {
                format!(
                    "{registration} is waited for inside {} for binding {}",
                    frame.callback, frame.binding
                )
            });
        }
        None
    }

    fn judge_wait_level(&self, registration: &Registration) -> bool {
        let function = match registration.side() {
            Side::Client => "NmrWaitForClientDeregisterComplete",
            Side::Provider => "NmrWaitForProviderDeregisterComplete",
        };
        self.judge_level(function, Irql::Apc)
    }

    /// Returns when `registration`, whose stage says that it is waited for, has no binding left.
    fn until_empty(&self, registration: &Arc<Registration>) {
        if let Some(schedule) = &self.inner.schedule {
            let waited_for = Arc::clone(registration);
            if !schedule.wait(Arc::new(move || waited_for.is_empty())) {
                let stuck = stuck(registration);
                panic!("nothing can end the wait for {registration} any more; it is held by{stuck}");
            }
        }
        let began = Instant::now();
        let mut stretch = self.inner.patience.first_stretch();
        let mut rope = lock(&registration.rope);
        while !registration.is_empty() {
            let waited = began.elapsed();
            match stretch.map(|stretch| stretch.saturating_sub(waited)) {
                None => rope = registration.bell.wait(rope).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => {
                    drop(rope);
                    let stuck = stuck(registration);
                    let text = format!(
                        "the wait for {registration} has not returned after {waited:.1?}; it is held by{stuck}"
                    );
                    stretch = self.inner.patience.run_out(&text, waited).map(|more| waited + more);
                    rope = lock(&registration.rope);
                }
                Some(left) => {
                    let waited = registration.bell.wait_timeout(rope, left);
                    rope = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }
}

/// One line for each binding that is left, saying whose turn it is.
fn stuck(registration: &Registration) -> String {
    let bindings: Vec<_> = lock(&registration.life).bindings.values().cloned().collect();
    let mut text = String::new();
    for binding in bindings {
        let progress = lock(&binding.progress);
        let _ = write!(text, "\n  binding {}: ", binding.number);
        let _ = match progress.describe() {
            Some(phase) => write!(text, "{} and {}: {phase}", binding.client, binding.provider),
            None => write!(
                text,
                "{} {}; {} {}",
                binding.client,
                progress.half(Side::Client).describe(),
                binding.provider,
                progress.half(Side::Provider).describe()
            ),
        };
    }
    text
}
