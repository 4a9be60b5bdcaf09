//! The nine functions: each finds what its handle stands for and hands over to the world.

#![expect(unsafe_code, reason = "implements the unsafe trait of the contract and reads what C callers pass")]

use crate::binding::{Binding, Half};
use crate::contract::Rule;
use crate::handles::{Kind, decode, encode};
use crate::irql::Irql;
use crate::module::Module;
use crate::registration::Registration;
use crate::side::Side;
use crate::table::Place;
use crate::world::World;
use nmr_abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, ProviderCharacteristics, ProviderHandle, Registrar,
    Status,
};
use std::ffi::c_void;
use std::sync::Arc;

// SAFETY: callbacks run on the caller's thread with no lock held (`callbacks.rs`), detach only after the attach
// returned and each callback at most once (`binding.rs`, tested in every order), and a wait returns only when the
// registration has no binding left (`wait.rs`), after which nothing leads to it.
unsafe impl Registrar for World {
    unsafe fn register_client(
        &self,
        characteristics: *const ClientCharacteristics,
        client_context: *mut c_void,
        client_handle: &mut ClientHandle,
    ) -> Status {
        self.judge_level("NmrRegisterClient", Irql::Passive);
        // SAFETY: the same contract.
        let module = unsafe { Module::client(characteristics, client_context) };
        match self.register(Side::Client, module) {
            Ok(place) => {
                *client_handle =
                    ClientHandle::from_raw(encode(self.inner.mark, Kind::Registration(Side::Client), place));
                Status::SUCCESS
            }
            Err(status) => status,
        }
    }

    unsafe fn deregister_client(&self, client_handle: ClientHandle) -> Status {
        let function = "NmrDeregisterClient";
        self.judge_level(function, Irql::Dispatch);
        self.registration(client_handle.as_raw(), Side::Client, function)
            .map_or(Status::INVALID_PARAMETER, |registration| self.deregister(&registration))
    }

    unsafe fn wait_for_client_deregister_complete(&self, client_handle: ClientHandle) -> Status {
        self.registration(client_handle.as_raw(), Side::Client, "NmrWaitForClientDeregisterComplete")
            .map_or(Status::INVALID_PARAMETER, |registration| self.wait(&registration))
    }

    unsafe fn client_attach_provider(
        &self,
        nmr_binding_handle: BindingHandle,
        client_binding_context: *mut c_void,
        client_dispatch: *const c_void,
        provider_binding_context: &mut *mut c_void,
        provider_dispatch: &mut *const c_void,
    ) -> Status {
        let function = "NmrClientAttachProvider";
        self.judge_level(function, Irql::Passive);
        let Some(binding) =
            self.binding(nmr_binding_handle, Side::Client, function, |_| Rule::AttachOutsideCallback)
        else {
            return Status::INVALID_PARAMETER;
        };
        let answer = self.client_attach(&binding, client_binding_context, client_dispatch);
        if answer.status.is_success() {
            *provider_binding_context = answer.context;
            *provider_dispatch = answer.dispatch;
        }
        answer.status
    }

    unsafe fn client_detach_provider_complete(&self, nmr_binding_handle: BindingHandle) {
        let function = "NmrClientDetachProviderComplete";
        self.judge_level(function, Irql::Dispatch);
        if let Some(binding) = self.binding(nmr_binding_handle, Side::Client, function, Half::late_completion)
        {
            self.complete(&binding, Side::Client);
        }
    }

    unsafe fn register_provider(
        &self,
        characteristics: *const ProviderCharacteristics,
        provider_context: *mut c_void,
        provider_handle: &mut ProviderHandle,
    ) -> Status {
        self.judge_level("NmrRegisterProvider", Irql::Passive);
        // SAFETY: the same contract.
        let module = unsafe { Module::provider(characteristics, provider_context) };
        match self.register(Side::Provider, module) {
            Ok(place) => {
                *provider_handle = ProviderHandle::from_raw(encode(
                    self.inner.mark,
                    Kind::Registration(Side::Provider),
                    place,
                ));
                Status::SUCCESS
            }
            Err(status) => status,
        }
    }

    unsafe fn deregister_provider(&self, provider_handle: ProviderHandle) -> Status {
        let function = "NmrDeregisterProvider";
        self.judge_level(function, Irql::Dispatch);
        self.registration(provider_handle.as_raw(), Side::Provider, function)
            .map_or(Status::INVALID_PARAMETER, |registration| self.deregister(&registration))
    }

    unsafe fn wait_for_provider_deregister_complete(&self, provider_handle: ProviderHandle) -> Status {
        self.registration(provider_handle.as_raw(), Side::Provider, "NmrWaitForProviderDeregisterComplete")
            .map_or(Status::INVALID_PARAMETER, |registration| self.wait(&registration))
    }

    unsafe fn provider_detach_client_complete(&self, nmr_binding_handle: BindingHandle) {
        let function = "NmrProviderDetachClientComplete";
        self.judge_level(function, Irql::Dispatch);
        if let Some(binding) =
            self.binding(nmr_binding_handle, Side::Provider, function, Half::late_completion)
        {
            self.complete(&binding, Side::Provider);
        }
    }
}

impl World {
    /// The registration that `raw` stands for; if there is none, `function` has broken a rule.
    fn registration(&self, raw: *mut c_void, side: Side, function: &str) -> Option<Arc<Registration>> {
        let place = self.place(raw, Kind::Registration(side), function)?;
        let registration = self.inner.registrations.get(place);
        if registration.is_none() {
            let number = place.number;
            let known = self.inner.registrations.was_issued(number);
            let rule = if known { Rule::StaleHandle } else { Rule::UnknownHandle };
            self.violated(rule, || format!("{function} is given {raw:p}, {side} {number}"));
        }
        registration
    }

    /// The binding that `handle` stands for; if there is none, `function` has broken a rule: the one that `late` names
    /// if the binding ended not long ago.
    fn binding(
        &self,
        handle: BindingHandle,
        side: Side,
        function: &str,
        late: impl FnOnce(Half) -> Rule,
    ) -> Option<Arc<Binding>> {
        let place = self.place(handle.as_raw(), Kind::Binding(side), function)?;
        let binding = self.inner.bindings.get(place);
        if binding.is_none() {
            let number = place.number;
            let rule = match self.inner.epitaphs.read(place, side) {
                Some(half) => late(half),
                None if self.inner.bindings.was_issued(number) => Rule::StaleHandle,
                None => Rule::UnknownHandle,
            };
            self.violated(rule, || {
                format!(
                    "{function} is given the {side}'s handle of binding {number}, which is not there any more"
                )
            });
        }
        binding
    }

    fn place(&self, raw: *mut c_void, wanted: Kind, function: &str) -> Option<Place> {
        let (rule, is) = match decode(self.inner.mark, raw) {
            Ok((kind, place)) if kind == wanted => return Some(place),
            Ok((kind @ Kind::Binding(_), _)) if matches!(wanted, Kind::Binding(_)) => {
                (Rule::WrongSide, kind.name())
            }
            Ok((kind, _)) => (Rule::WrongKindOfHandle, kind.name()),
            Err(is) => (Rule::UnknownHandle, is),
        };
        self.violated(rule, || format!("{function} wants {} and is given {raw:p}, {is}", wanted.name()));
        None
    }
}
