//! Registering and attaching: the registering thread offers each pair, one after the other.

use crate::binding::{Binding, Progress, Verdict};
use crate::contract::Rule;
use crate::frames;
use crate::module::{Module, ProviderAnswer};
use crate::registration::Registration;
use crate::schedule::{Callback, Point};
use crate::side::Side;
use crate::sync::{Brief, lock};
use crate::table::Place;
use crate::trace::What;
use crate::tsan;
use crate::world::World;
use nmr_abi::Status;
use std::collections::VecDeque;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

impl World {
    /// `NmrRegisterClient` and `NmrRegisterProvider`: the place of the registration, when everybody on the other
    /// side has been offered to, or offered it.
    pub(crate) fn register(&self, side: Side, module: Option<Module>) -> Result<Place, Status> {
        let Some(mut module) = module else {
            self.note(|| What::RegisterFailed { side, status: Status::INVALID_PARAMETER });
            self.violated(Rule::NullPointer, || format!("a {side} registers"));
            return Err(Status::INVALID_PARAMETER);
        };
        if self.inner.faults.strikes() {
            self.note(|| What::RegisterFailed { side, status: Status::INSUFFICIENT_RESOURCES });
            return Err(Status::INSUFFICIENT_RESOURCES);
        }
        let npi = self.inner.npis.get(module.npi());
        module.keep_characteristics(npi.sizes.characteristics(side));
        let registration = Arc::new(Registration::new(self.inner.registrations.place(), npi, module));
        tsan::published(&*registration);
        let place = registration.place;
        self.inner.registrations.insert(place, Arc::clone(&registration));
        self.note(|| What::Registered {
            side,
            registration: place.number,
            npi: registration.module.npi(),
            module: registration.module.id(),
            number: registration.module.number(),
        });
        let (peers, shared) = registration.npi.join(&registration);
        self.judge_registered(&registration, shared);
        let mut peers = VecDeque::from(peers);
        let number = |peer: &Registration| peer.module.number();
        while let Some(peer) = self.next_of(&mut peers, Point::NextOffer(side), number) {
            match side {
                Side::Client => self.offer(Arc::clone(&registration), peer),
                Side::Provider => self.offer(peer, Arc::clone(&registration)),
            }
        }
        Ok(place)
    }

    /// Offers `provider` to `client`, unless one of them has begun to deregister.
    fn offer(&self, client: Arc<Registration>, provider: Arc<Registration>) {
        let Some(binding) = self.pair(client, provider) else { return };
        let (number, npi) = (binding.number, binding.client.module.npi());
        let (client, provider) = (binding.client.number, binding.provider.number);
        self.note(|| What::Offered { binding: number, client, provider, npi });

        let status = self.call_client_attach(&binding);

        let (verdict, rule) = {
            let mut progress = lock(&binding.progress);
            let (verdict, rule) = progress.attach_returned(status);
            // Noted under the lock: as soon as the binding counts as attached, somebody may detach it.
            self.note(|| match verdict {
                Verdict::Attached | Verdict::ProviderAlone => {
                    What::Attached { binding: number, client, provider, npi, status }
                }
                Verdict::Refused => What::Refused { binding: number, client, provider, npi, status },
            });
            (verdict, rule)
        };
        match verdict {
            Verdict::Attached if binding.client.is_ending() || binding.provider.is_ending() => {
                // Whoever deregistered found the binding unattached and left it alone, or is about to find it
                // attached; `detach` is carried out by one of the two.
                self.detach(&binding);
            }
            Verdict::Attached => {}
            Verdict::Refused => self.remove(&binding),
            Verdict::ProviderAlone => self.detach(&binding),
        }
        if let Some(rule) = rule {
            self.violated(rule, || {
                format!("{} returned {status} from its attach callback for binding {number}", binding.client)
            });
        }
    }

    fn pair(&self, client: Arc<Registration>, provider: Arc<Registration>) -> Option<Arc<Binding>> {
        let place = self.inner.bindings.place();
        let binding = Arc::new(Binding {
            number: place.number,
            place,
            client,
            provider,
            client_context: AtomicPtr::new(null_mut()),
            provider_context: AtomicPtr::new(null_mut()),
            client_dispatch: AtomicPtr::new(null_mut()),
            provider_dispatch: AtomicPtr::new(null_mut()),
            tables: OnceLock::new(),
            progress: Brief::new(Progress::new(self.inner.settings)),
        });
        if !binding.client.adopt(&binding) {
            return None;
        }
        if !binding.provider.adopt(&binding) {
            binding.client.forget(binding.number);
            return None;
        }
        self.inner.bindings.insert(place, Arc::clone(&binding));
        Some(binding)
    }

    /// `NmrClientAttachProvider`.
    pub(crate) fn client_attach(
        &self,
        binding: &Binding,
        client_context: *mut c_void,
        client_dispatch: *const c_void,
    ) -> ProviderAnswer {
        let refused = |status| ProviderAnswer { status, context: null_mut(), dispatch: null_mut() };
        let inside = frames::innermost(|frame| {
            frame.world == self.address()
                && frame.binding == binding.number
                && frame.callback == Callback::Attach(Side::Client)
        });
        if inside.is_none() {
            let number = binding.number;
            self.violated(Rule::AttachOutsideCallback, || format!("{} for binding {number}", binding.client));
            return refused(Status::INVALID_PARAMETER);
        }
        if lock(&binding.progress).is_accepted() {
            let number = binding.number;
            self.violated(Rule::AttachedTwice, || format!("{} for binding {number}", binding.client));
            return refused(Status::INVALID_PARAMETER);
        }
        if self.inner.faults.strikes() {
            lock(&binding.progress).answer(Status::INSUFFICIENT_RESOURCES);
            return refused(Status::INSUFFICIENT_RESOURCES);
        }
        binding.client_context.store(client_context, Relaxed);
        binding.client_dispatch.store(client_dispatch.cast_mut(), Relaxed);
        let answer = self.call_provider_attach(binding, client_context, client_dispatch);
        binding.provider_context.store(answer.context, Relaxed);
        binding.provider_dispatch.store(answer.dispatch.cast_mut(), Relaxed);
        if answer.status.is_success() {
            self.keep_tables(binding);
        }
        lock(&binding.progress).answer(answer.status);
        if answer.status.is_success() && answer.status != Status::SUCCESS {
            let (number, status) = (binding.number, answer.status);
            self.violated(Rule::AttachAnswer, || {
                format!(
                    "{} returned {status} from its attach callback for binding {number}",
                    binding.provider
                )
            });
        }
        answer
    }
}
