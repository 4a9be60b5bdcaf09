//! Deregistering and detaching: who starts a detach calls both callbacks, who completes it last cleans up.

use crate::binding::{Binding, Next};
use crate::contract::Rule;
use crate::registration::{Registration, Stage};
use crate::schedule::Point;
use crate::side::Side;
use crate::sync::lock;
use crate::trace::What;
use crate::tsan;
use crate::world::World;
use nmr_abi::Status;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

impl World {
    /// `NmrDeregisterClient` and `NmrDeregisterProvider`.
    pub(crate) fn deregister(&self, registration: &Arc<Registration>) -> Status {
        let side = registration.side();
        let bindings: Vec<Arc<Binding>> = {
            let mut life = lock(&registration.life);
            if life.stage != Stage::Registered {
                drop(life);
                self.violated(Rule::DeregisteredTwice, || format!("{registration}"));
                return Status::INVALID_PARAMETER;
            }
            registration.begin_end(&mut life);
            let (registration, npi) = (registration.number, registration.module.npi());
            self.note(|| What::Deregister { side, registration, npi, bindings: life.bindings.len() });
            life.bindings.values().map(Arc::clone).collect()
        };
        tsan::published(&**registration);
        registration.npi.leave(registration);
        self.judge_characteristics(registration, "when it is deregistered");
        self.pause(Point::BeforeDetaching(side));
        let mut bindings = VecDeque::from(bindings);
        let number = |binding: &Binding| binding.of(side.peer()).module.number();
        while let Some(binding) = self.next_of(&mut bindings, Point::NextDetach(side), number) {
            self.detach(&binding);
        }
        if self.inner.idle_deregister_succeeds && self.close_idle(registration) {
            return Status::SUCCESS;
        }
        Status::PENDING
    }

    /// Closes `registration` if nothing of it is left and nobody waits for it; says whether it did.
    fn close_idle(&self, registration: &Registration) -> bool {
        {
            let mut life = lock(&registration.life);
            if life.stage != Stage::Deregistering || !life.bindings.is_empty() {
                return false;
            }
            life.stage = Stage::Closed;
        }
        tsan::observed(registration);
        self.inner.registrations.remove(registration.place);
        registration.npi.release(registration);
        let (side, number, npi) = (registration.side(), registration.number, registration.module.npi());
        self.note(|| What::Closed { side, registration: number, npi });
        true
    }

    /// Detaches `binding` if it is attached and nobody else does.
    pub(crate) fn detach(&self, binding: &Arc<Binding>) {
        if !lock(&binding.progress).begin_detach() {
            return;
        }
        for side in self.order(self.inner.detach_order, Point::DetachOrder) {
            let (number, npi) = (binding.number, binding.client.module.npi());
            {
                let mut progress = lock(&binding.progress);
                if !progress.detach_called(side) {
                    continue;
                }
                self.note(|| What::DetachCalled { side, binding: number, npi });
            }
            let status = self.call_detach(binding, side);
            let (next, rule) = {
                let mut progress = lock(&binding.progress);
                self.note(|| What::DetachReturned { side, binding: number, npi, status });
                progress.detach_returned(side, status)
            };
            self.proceed(binding, next);
            if let Some(rule) = rule {
                let registration = binding.of(side);
                self.violated(rule, || {
                    format!("{registration} returned {status} from its detach callback for binding {number}")
                });
            }
        }
    }

    /// `NmrClientDetachProviderComplete` and `NmrProviderDetachClientComplete`.
    pub(crate) fn complete(&self, binding: &Arc<Binding>, side: Side) {
        self.pause_at(Point::BeforeCompletion(side), binding);
        tsan::published(&**binding);
        if self.inner.faults.holds_back(side, binding) {
            return;
        }
        let (number, npi) = (binding.number, binding.client.module.npi());
        let (next, rule) = {
            let mut progress = lock(&binding.progress);
            let step = progress.complete(side);
            if matches!(step, (_, None | Some(Rule::CompletedBeforeDetach))) {
                self.note(|| What::Completed { side, binding: number, npi });
            }
            step
        };
        self.proceed(binding, next);
        if let Some(rule) = rule {
            self.violated(rule, || format!("{} completes binding {number}", binding.of(side)));
        }
    }

    fn proceed(&self, binding: &Arc<Binding>, next: Next) {
        let next = match next {
            Next::CleanUp => self.clean_up(binding),
            next => next,
        };
        if next == Next::Remove {
            let (binding_number, npi) = (binding.number, binding.client.module.npi());
            self.note(|| What::Ended { binding: binding_number, npi });
            self.remove(binding);
        }
    }

    /// Whether the context that `side` gave is one that its cleanup callback is called for.
    fn cleans_up_context(&self, binding: &Binding, side: Side) -> bool {
        self.inner.cleanup_for_null_context || !binding.context(side).load(Relaxed).is_null()
    }

    fn clean_up(&self, binding: &Arc<Binding>) -> Next {
        self.judge_tables(binding);
        for side in self.order(self.inner.cleanup_order, Point::CleanupOrder) {
            let due = lock(&binding.progress).cleanup_called(side);
            if !due || !binding.of(side).module.cleans_up() || !self.cleans_up_context(binding, side) {
                continue;
            }
            self.note(|| What::Cleanup { side, binding: binding.number, npi: binding.client.module.npi() });
            self.call_cleanup(binding, side);
        }
        lock(&binding.progress).cleaned()
    }

    /// Takes a binding that was refused or has ended out of the world. The handle goes first: when a wait returns,
    /// nothing leads to the module any more.
    pub(crate) fn remove(&self, binding: &Binding) {
        self.inner.bindings.remove(binding.place);
        let halves = {
            let progress = lock(&binding.progress);
            [progress.half(Side::Client), progress.half(Side::Provider)]
        };
        self.inner.epitaphs.engrave(binding.place, halves);
        tsan::observed(binding);
        tsan::published(&*binding.client);
        tsan::published(&*binding.provider);
        binding.client.forget(binding.number);
        binding.provider.forget(binding.number);
    }
}
