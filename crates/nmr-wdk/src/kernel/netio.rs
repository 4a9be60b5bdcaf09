//! The nine functions of NETIO.SYS, imported by name: no import library is needed.

#![expect(unsafe_code, reason = "imports and calls C functions")]

use super::Kernel;
use core::ffi::c_void;
use nmr::Status;
use nmr::abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, ProviderCharacteristics, ProviderHandle, Registrar,
};

#[link(name = "netio.sys", kind = "raw-dylib", modifiers = "+verbatim")]
unsafe extern "system" {
    fn NmrRegisterClient(
        client_characteristics: *const ClientCharacteristics,
        client_context: *mut c_void,
        nmr_client_handle: *mut ClientHandle,
    ) -> Status;
    fn NmrDeregisterClient(nmr_client_handle: ClientHandle) -> Status;
    fn NmrWaitForClientDeregisterComplete(nmr_client_handle: ClientHandle) -> Status;
    fn NmrClientAttachProvider(
        nmr_binding_handle: BindingHandle,
        client_binding_context: *mut c_void,
        client_dispatch: *const c_void,
        provider_binding_context: *mut *mut c_void,
        provider_dispatch: *mut *const c_void,
    ) -> Status;
    fn NmrClientDetachProviderComplete(nmr_binding_handle: BindingHandle);
    fn NmrRegisterProvider(
        provider_characteristics: *const ProviderCharacteristics,
        provider_context: *mut c_void,
        nmr_provider_handle: *mut ProviderHandle,
    ) -> Status;
    fn NmrDeregisterProvider(nmr_provider_handle: ProviderHandle) -> Status;
    fn NmrWaitForProviderDeregisterComplete(nmr_provider_handle: ProviderHandle) -> Status;
    fn NmrProviderDetachClientComplete(nmr_binding_handle: BindingHandle);
}

// SAFETY: NETIO.SYS is the NMR whose contract the trait states.
unsafe impl Registrar for Kernel {
    unsafe fn register_client(
        &self,
        characteristics: *const ClientCharacteristics,
        client_context: *mut c_void,
        client_handle: &mut ClientHandle,
    ) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { NmrRegisterClient(characteristics, client_context, client_handle) }
    }

    unsafe fn deregister_client(&self, client_handle: ClientHandle) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { NmrDeregisterClient(client_handle) }
    }

    unsafe fn wait_for_client_deregister_complete(&self, client_handle: ClientHandle) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { NmrWaitForClientDeregisterComplete(client_handle) }
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
            NmrClientAttachProvider(
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
        unsafe { NmrClientDetachProviderComplete(nmr_binding_handle) }
    }

    unsafe fn register_provider(
        &self,
        characteristics: *const ProviderCharacteristics,
        provider_context: *mut c_void,
        provider_handle: &mut ProviderHandle,
    ) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { NmrRegisterProvider(characteristics, provider_context, provider_handle) }
    }

    unsafe fn deregister_provider(&self, provider_handle: ProviderHandle) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { NmrDeregisterProvider(provider_handle) }
    }

    unsafe fn wait_for_provider_deregister_complete(&self, provider_handle: ProviderHandle) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { NmrWaitForProviderDeregisterComplete(provider_handle) }
    }

    unsafe fn provider_detach_client_complete(&self, nmr_binding_handle: BindingHandle) {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { NmrProviderDetachClientComplete(nmr_binding_handle) }
    }
}
