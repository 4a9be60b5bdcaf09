//! Waiting for the end of a deregistration.

use crate::contract::Rule;
use crate::frames;
use crate::irql::Irql;
use crate::registration::{Life, Registration, Stage};
use crate::schedule::Callback;
use crate::side::Side;
use crate::sync::lock;
use crate::trace::What;
use crate::tsan;
use crate::world::World;
use nmr_abi::Status;
use std::fmt::Write;
use std::sync::{Arc, MutexGuard, PoisonError};
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
        let mut life = self.until_empty(registration, life);
        life.stage = Stage::Closed;
        drop(life);
        tsan::observed(registration);
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

    fn until_empty<'a>(
        &self,
        registration: &'a Arc<Registration>,
        mut life: MutexGuard<'a, Life>,
    ) -> MutexGuard<'a, Life> {
        if life.bindings.is_empty() {
            return life;
        }
        if let Some(schedule) = &self.inner.schedule {
            drop(life);
            let waited_for = Arc::clone(registration);
            let may_end = schedule.wait(Arc::new(move || lock(&waited_for.life).bindings.is_empty()));
            life = lock(&registration.life);
            if !may_end {
                let stuck = stuck(life);
                panic!("nothing can end the wait for {registration} any more; it is held by{stuck}");
            }
        }
        let began = Instant::now();
        let mut stretch = self.inner.patience.first_stretch();
        while !life.bindings.is_empty() {
            let waited = began.elapsed();
            match stretch.map(|stretch| stretch.saturating_sub(waited)) {
                None => life = registration.emptied.wait(life).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => {
                    let stuck = stuck(life);
                    let text = format!(
                        "the wait for {registration} has not returned after {waited:.1?}; it is held by{stuck}"
                    );
                    stretch = self.inner.patience.run_out(&text, waited).map(|more| waited + more);
                    life = lock(&registration.life);
                }
                Some(left) => {
                    let waited = registration.emptied.wait_timeout(life, left);
                    life = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
        life
    }
}

/// One line for each binding that is left, saying whose turn it is.
fn stuck(life: MutexGuard<'_, Life>) -> String {
    let bindings: Vec<_> = life.bindings.values().cloned().collect();
    drop(life);
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
