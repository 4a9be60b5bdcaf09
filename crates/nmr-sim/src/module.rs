//! What a module handed over when it registered, and the only calls into it.

#![expect(unsafe_code, reason = "calls the C callbacks of modules with the addresses that the modules gave")]

use crate::registered::Registered;
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
    registered: Registered,
    context: *mut c_void,
}

enum Callbacks {
    Client(Beginning<AttachProvider>),
    Provider(Beginning<AttachClient>),
}

/// How a characteristics structure begins. The types of its callbacks say that they may unwind, which they must not, so
/// that the [fence](crate::fence) sees it.
#[derive(Clone, Copy)]
#[repr(C)]
struct Beginning<Attach> {
    version: u16,
    length: u16,
    attach: Attach,
    detach: unsafe extern "system-unwind" fn(*mut c_void) -> Status,
    cleanup: Option<unsafe extern "system-unwind" fn(*mut c_void)>,
}

type AttachProvider =
    unsafe extern "system-unwind" fn(BindingHandle, *mut c_void, *const RegistrationInstance) -> Status;

type AttachClient = unsafe extern "system-unwind" fn(
    BindingHandle,
    *mut c_void,
    *const RegistrationInstance,
    *mut c_void,
    *const c_void,
    *mut *mut c_void,
    *mut *const c_void,
) -> Status;

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
        let registered = unsafe { Registered::read(characteristics.cast()) }?;
        // SAFETY: not NULL, thus valid by this function's contract, and its callbacks are not NULL.
        let callbacks = Callbacks::Client(unsafe { characteristics.cast::<Beginning<_>>().read() });
        Some(Self { callbacks, registered, context })
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
        let registered = unsafe { Registered::read(characteristics.cast()) }?;
        // SAFETY: not NULL, thus valid by this function's contract, and its callbacks are not NULL.
        let callbacks = Callbacks::Provider(unsafe { characteristics.cast::<Beginning<_>>().read() });
        Some(Self { callbacks, registered, context })
    }

    pub(crate) fn side(&self) -> Side {
        match self.callbacks {
            Callbacks::Client(_) => Side::Client,
            Callbacks::Provider(_) => Side::Provider,
        }
    }

    /// What the module registered.
    pub(crate) fn registered(&self) -> &Registered {
        &self.registered
    }

    /// Copies the `NpiSpecificCharacteristics` of the module too, `bytes` long.
    pub(crate) fn keep_characteristics(&mut self, bytes: usize) {
        self.registered.keep_characteristics(bytes);
    }

    pub(crate) fn npi(&self) -> NpiId {
        self.registered.npi()
    }

    /// Who the module said it is when it registered.
    pub(crate) fn id(&self) -> Option<ModuleId> {
        self.registered.id()
    }

    pub(crate) fn number(&self) -> u32 {
        self.registered.number()
    }

    /// What the module gave to have its callbacks told.
    pub(crate) fn context(&self) -> *const c_void {
        self.context
    }

    /// Calls a client's `ClientAttachProvider` for `provider`.
    pub(crate) fn attach_provider(&self, binding: BindingHandle, provider: &Self) -> Status {
        let Callbacks::Client(client) = &self.callbacks else { return Status::INVALID_PARAMETER };
        // SAFETY: the invariants of both modules; neither wait returns while this binding exists.
        unsafe { (client.attach)(binding, self.context, provider.registered.instance()) }
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
            (provider.attach)(
                binding,
                self.context,
                client.registered.instance(),
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
            Callbacks::Client(client) => unsafe { (client.detach)(binding_context) },
            // SAFETY: as above.
            Callbacks::Provider(provider) => unsafe { (provider.detach)(binding_context) },
        }
    }

    /// Whether the module has a cleanup callback.
    pub(crate) fn cleans_up(&self) -> bool {
        match &self.callbacks {
            Callbacks::Client(client) => client.cleanup.is_some(),
            Callbacks::Provider(provider) => provider.cleanup.is_some(),
        }
    }

    /// Calls the module's cleanup callback, if it has one, with the binding context that it gave for the binding.
    pub(crate) fn clean_up(&self, binding_context: *mut c_void) {
        let cleanup = match &self.callbacks {
            Callbacks::Client(client) => client.cleanup,
            Callbacks::Provider(provider) => provider.cleanup,
        };
        if let Some(cleanup) = cleanup {
            // SAFETY: the invariant of the module; a binding is cleaned up once, when both sides have detached.
            unsafe { cleanup(binding_context) };
        }
    }
}
