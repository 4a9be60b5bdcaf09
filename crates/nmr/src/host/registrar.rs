//! A host passes the calls of NMR on to the registrar below it.

#![expect(unsafe_code, reason = "passes calls on that are unsafe")]

use super::Host;
use core::ffi::c_void;
use nmr_abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, ProviderCharacteristics, ProviderHandle, Registrar,
    Status,
};

// SAFETY: passes every call on to a registrar.
unsafe impl<N: Registrar> Registrar for Host<N> {
    unsafe fn register_client(
        &self,
        characteristics: *const ClientCharacteristics,
        client_context: *mut c_void,
        client_handle: &mut ClientHandle,
    ) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.registrar.register_client(characteristics, client_context, client_handle) }
    }

    unsafe fn deregister_client(&self, client_handle: ClientHandle) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.registrar.deregister_client(client_handle) }
    }

    unsafe fn wait_for_client_deregister_complete(&self, client_handle: ClientHandle) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.registrar.wait_for_client_deregister_complete(client_handle) }
    }

    unsafe fn client_attach_provider(
        &self,
        nmr_binding_handle: BindingHandle,
        client_binding_context: *mut c_void,
        client_dispatch: *const c_void,
        provider_binding_context: &mut *mut c_void,
        provider_dispatch: &mut *const c_void,
    ) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe {
            self.registrar.client_attach_provider(
                nmr_binding_handle,
                client_binding_context,
                client_dispatch,
                provider_binding_context,
                provider_dispatch,
            )
        }
    }

    unsafe fn client_detach_provider_complete(&self, nmr_binding_handle: BindingHandle) {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.registrar.client_detach_provider_complete(nmr_binding_handle) }
    }

    unsafe fn register_provider(
        &self,
        characteristics: *const ProviderCharacteristics,
        provider_context: *mut c_void,
        provider_handle: &mut ProviderHandle,
    ) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.registrar.register_provider(characteristics, provider_context, provider_handle) }
    }

    unsafe fn deregister_provider(&self, provider_handle: ProviderHandle) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.registrar.deregister_provider(provider_handle) }
    }

    unsafe fn wait_for_provider_deregister_complete(&self, provider_handle: ProviderHandle) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.registrar.wait_for_provider_deregister_complete(provider_handle) }
    }

    unsafe fn provider_detach_client_complete(&self, nmr_binding_handle: BindingHandle) {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.registrar.provider_detach_client_complete(nmr_binding_handle) }
    }
}
