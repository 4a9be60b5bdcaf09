//! What a module handed over when it registered, and the only calls into it.

#![expect(unsafe_code, reason = "calls the C callbacks of modules with the addresses that the modules gave")]

use crate::side::Side;
use nmr_abi::{
    BindingHandle, ClientCharacteristics, ModuleId, NpiId, ProviderCharacteristics, RegistrationInstance,
    Status,
};
use std::ffi::c_void;
use std::ptr::null_mut;

/// The callbacks and addresses of a module.
///
/// # Invariants
/// They came from `NmrRegisterClient` or `NmrRegisterProvider`, whose caller vouched that the callbacks keep to the
/// contract and that the addresses stay valid until the wait for the registration has returned. The registration
/// that owns this value makes no call after that: a wait returns only when the registration has no binding left.
pub(crate) struct Module {
    callbacks: Callbacks,
    /// The module's own structure, which peers are shown.
    instance: *const RegistrationInstance,
    context: *mut c_void,
    npi: NpiId,
    id: Option<ModuleId>,
    number: u32,
    lengths_are_right: bool,
}

enum Callbacks {
    Client(ClientCharacteristics),
    Provider(ProviderCharacteristics),
}

// SAFETY: the addresses are followed by the module's callbacks and by its peers, which the contract lets run on any
// thread; here they are only carried.
unsafe impl Send for Module {}
// SAFETY: as for `Send`; nothing here changes after construction.
unsafe impl Sync for Module {}

/// What a provider's attach callback answered.
pub(crate) struct ProviderAnswer {
    pub(crate) status: Status,
    pub(crate) context: *mut c_void,
    pub(crate) dispatch: *const c_void,
}

impl Module {
    /// Reads what a client registers; `None` if a pointer that must not be NULL is.
    ///
    /// # Safety
    /// As for `nmr_abi::Registrar::register_client`.
    pub(crate) unsafe fn client(
        characteristics: *const ClientCharacteristics,
        context: *mut c_void,
    ) -> Option<Self> {
        // SAFETY: passed on from this function's contract.
        if characteristics.is_null() || unsafe { callback_is_missing(characteristics) } {
            return None;
        }
        // SAFETY: not NULL, thus valid by this function's contract, and its callbacks are not NULL.
        let copy = unsafe { characteristics.read() };
        // SAFETY: a field of a structure that is valid by this function's contract.
        let instance = unsafe { &raw const (*characteristics).registration_instance };
        let right = usize::from(copy.length) == size_of::<ClientCharacteristics>();
        // SAFETY: passed on from this function's contract.
        unsafe { Self::new(Callbacks::Client(copy), instance, context, right) }
    }

    /// Reads what a provider registers; `None` if a pointer that must not be NULL is.
    ///
    /// # Safety
    /// As for `nmr_abi::Registrar::register_provider`.
    pub(crate) unsafe fn provider(
        characteristics: *const ProviderCharacteristics,
        context: *mut c_void,
    ) -> Option<Self> {
        // SAFETY: passed on from this function's contract.
        if characteristics.is_null() || unsafe { callback_is_missing(characteristics) } {
            return None;
        }
        // SAFETY: not NULL, thus valid by this function's contract, and its callbacks are not NULL.
        let copy = unsafe { characteristics.read() };
        // SAFETY: a field of a structure that is valid by this function's contract.
        let instance = unsafe { &raw const (*characteristics).registration_instance };
        let right = usize::from(copy.length) == size_of::<ProviderCharacteristics>();
        // SAFETY: passed on from this function's contract.
        unsafe { Self::new(Callbacks::Provider(copy), instance, context, right) }
    }

    /// # Safety
    /// `instance` and all it points to are valid until the wait for the registration has returned.
    unsafe fn new(
        callbacks: Callbacks,
        instance: *const RegistrationInstance,
        context: *mut c_void,
        length_is_right: bool,
    ) -> Option<Self> {
        // SAFETY: valid by this function's contract.
        let copy = unsafe { instance.read() };
        if copy.npi_id.is_null() {
            return None;
        }
        // SAFETY: not NULL, and valid by this function's contract.
        let npi = unsafe { copy.npi_id.read() };
        // SAFETY: NULL, which `as_ref` sees, or valid by this function's contract.
        let id = unsafe { copy.module_id.as_ref() }.copied();
        let lengths_are_right =
            length_is_right && usize::from(copy.size) == size_of::<RegistrationInstance>();
        Some(Self { callbacks, instance, context, npi, id, number: copy.number, lengths_are_right })
    }

    pub(crate) fn side(&self) -> Side {
        match self.callbacks {
            Callbacks::Client(_) => Side::Client,
            Callbacks::Provider(_) => Side::Provider,
        }
    }

    pub(crate) fn npi(&self) -> NpiId {
        self.npi
    }

    /// Who the module said it is when it registered.
    pub(crate) fn id(&self) -> Option<ModuleId> {
        self.id
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn lengths_are_right(&self) -> bool {
        self.lengths_are_right
    }

    /// Calls a client's `ClientAttachProvider` for `provider`.
    pub(crate) fn attach_provider(&self, binding: BindingHandle, provider: &Self) -> Status {
        let Callbacks::Client(client) = &self.callbacks else { return Status::INVALID_PARAMETER };
        // SAFETY: the invariants of both modules; neither wait returns while this binding exists.
        unsafe { (client.attach_provider)(binding, self.context, provider.instance) }
    }

    /// Calls a provider's `ProviderAttachClient` for `client`.
    pub(crate) fn attach_client(
        &self,
        binding: BindingHandle,
        client: &Self,
        client_context: *mut c_void,
        client_dispatch: *const c_void,
    ) -> ProviderAnswer {
        let mut answer =
            ProviderAnswer { status: Status::INVALID_PARAMETER, context: null_mut(), dispatch: null_mut() };
        let Callbacks::Provider(provider) = &self.callbacks else { return answer };
        // SAFETY: the invariants of both modules; neither wait returns while this binding exists. The client vouches
        // for its context and dispatch by the contract of NmrClientAttachProvider.
        answer.status = unsafe {
            (provider.attach_client)(
                binding,
                self.context,
                client.instance,
                client_context,
                client_dispatch,
                &raw mut answer.context,
                &raw mut answer.dispatch,
            )
        };
        answer
    }

    /// Calls the module's detach callback with the binding context that it gave for the binding.
    pub(crate) fn detach(&self, binding_context: *mut c_void) -> Status {
        match &self.callbacks {
            // SAFETY: the invariant of the module; the context is valid until its cleanup callback, which comes later.
            Callbacks::Client(client) => unsafe { (client.detach_provider)(binding_context) },
            // SAFETY: as above.
            Callbacks::Provider(provider) => unsafe { (provider.detach_client)(binding_context) },
        }
    }

    /// Whether the module has a cleanup callback.
    pub(crate) fn cleans_up(&self) -> bool {
        match &self.callbacks {
            Callbacks::Client(client) => client.cleanup_binding_context.is_some(),
            Callbacks::Provider(provider) => provider.cleanup_binding_context.is_some(),
        }
    }

    /// Calls the module's cleanup callback, if it has one, with the binding context that it gave for the binding.
    pub(crate) fn clean_up(&self, binding_context: *mut c_void) {
        let cleanup = match &self.callbacks {
            Callbacks::Client(client) => client.cleanup_binding_context,
            Callbacks::Provider(provider) => provider.cleanup_binding_context,
        };
        if let Some(cleanup) = cleanup {
            // SAFETY: the invariant of the module; a binding is cleaned up once, when both sides have detached.
            unsafe { cleanup(binding_context) };
        }
    }
}

/// Whether the attach or the detach callback of a structure that C filled in is NULL, which the Rust types of the
/// fields cannot say.
///
/// # Safety
/// `characteristics` is valid, except that its callbacks may be NULL.
unsafe fn callback_is_missing<T>(characteristics: *const T) -> bool {
    const { assert!(size_of::<T>() == size_of::<[usize; 9]>()) };
    // SAFETY: both structures begin with two 16-bit fields and function pointers at bytes 8 and 16 (asserted in
    // nmr-abi); `Option` of a function pointer may hold NULL.
    let head = unsafe { characteristics.cast::<Head>().read() };
    head.attach.is_none() || head.detach.is_none()
}

/// What the two characteristics structures begin with.
#[repr(C)]
struct Head {
    _version: u16,
    _length: u16,
    attach: Option<fn()>,
    detach: Option<fn()>,
}
