//! The nine functions of the NMR.

#![expect(unsafe_code, reason = "the nine functions trust their callers with pointers and handles, as in C")]

use crate::{
    BindingHandle, ClientCharacteristics, ClientHandle, ProviderCharacteristics, ProviderHandle, Status,
};
use core::ffi::c_void;

/// A Network Module Registrar: NETIO.SYS in the kernel, a simulator elsewhere. The value is a cheap handle to it.
///
/// # Safety
/// An implementation makes the callbacks of the characteristics it was given as the NMR does: on the caller's thread
/// or another, with no lock of its own held, a detach only after the attach returned, each side's detach and cleanup
/// at most once, cleanup only after both sides have detached, nothing after the wait has returned.
pub unsafe trait Registrar: Clone + Send + Sync + 'static {
    /// `NmrRegisterClient`, at PASSIVE_LEVEL. Attach callbacks may run, and detach callbacks too, before this returns.
    ///
    /// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/nf-netioddk-nmrregisterclient>
    ///
    /// # Safety
    /// `characteristics`, all it points to, and `client_context` stay valid, unchanged and in non-paged memory until
    /// [`Registrar::wait_for_client_deregister_complete`] has returned; the callbacks keep to the contract.
    unsafe fn register_client(
        &self,
        characteristics: *const ClientCharacteristics,
        client_context: *mut c_void,
        client_handle: &mut ClientHandle,
    ) -> Status;

    /// `NmrDeregisterClient`, at IRQL <= DISPATCH_LEVEL. Answers STATUS_PENDING; anything else but STATUS_SUCCESS is
    /// an error. Detach callbacks run before it returns.
    ///
    /// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/nf-netioddk-nmrderegisterclient>
    ///
    /// # Safety
    /// `client_handle` came from [`Registrar::register_client`], and this is its only deregistration.
    unsafe fn deregister_client(&self, client_handle: ClientHandle) -> Status;

    /// `NmrWaitForClientDeregisterComplete`, at IRQL < DISPATCH_LEVEL. Blocks until every binding of the registration
    /// is detached on both sides. STATUS_SUCCESS, or an error.
    ///
    /// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/nf-netioddk-nmrwaitforclientderegistercomplete>
    ///
    /// # Safety
    /// [`Registrar::deregister_client`] answered STATUS_PENDING for `client_handle`, this is the only wait for it, and
    /// the thread is in no callback of a binding of that registration.
    unsafe fn wait_for_client_deregister_complete(&self, client_handle: ClientHandle) -> Status;

    /// `NmrClientAttachProvider`, at PASSIVE_LEVEL: the provider's attach callback runs inside, and its status is
    /// passed on.
    ///
    /// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/nf-netioddk-nmrclientattachprovider>
    ///
    /// # Safety
    /// Called from the attach callback that was given `nmr_binding_handle`. On success `client_binding_context` and
    /// `client_dispatch` stay valid until this side's cleanup callback, or, failing, until this returns.
    unsafe fn client_attach_provider(
        &self,
        nmr_binding_handle: BindingHandle,
        client_binding_context: *mut c_void,
        client_dispatch: *const c_void,
        provider_binding_context: &mut *mut c_void,
        provider_dispatch: &mut *const c_void,
    ) -> Status;

    /// `NmrClientDetachProviderComplete`, at IRQL <= DISPATCH_LEVEL. The binding context may be gone on return.
    ///
    /// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/nf-netioddk-nmrclientdetachprovidercomplete>
    ///
    /// # Safety
    /// The client's detach callback for this binding was called and answers STATUS_PENDING; this is the only completion.
    unsafe fn client_detach_provider_complete(&self, nmr_binding_handle: BindingHandle);

    /// `NmrRegisterProvider`, at PASSIVE_LEVEL. Attach callbacks may run, and detach callbacks too, before this returns.
    ///
    /// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/nf-netioddk-nmrregisterprovider>
    ///
    /// # Safety
    /// As for [`Registrar::register_client`].
    unsafe fn register_provider(
        &self,
        characteristics: *const ProviderCharacteristics,
        provider_context: *mut c_void,
        provider_handle: &mut ProviderHandle,
    ) -> Status;

    /// `NmrDeregisterProvider`, at IRQL <= DISPATCH_LEVEL; as [`Registrar::deregister_client`].
    ///
    /// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/nf-netioddk-nmrderegisterprovider>
    ///
    /// # Safety
    /// `provider_handle` came from [`Registrar::register_provider`], and this is its only deregistration.
    unsafe fn deregister_provider(&self, provider_handle: ProviderHandle) -> Status;

    /// `NmrWaitForProviderDeregisterComplete`, at IRQL < DISPATCH_LEVEL; as
    /// [`Registrar::wait_for_client_deregister_complete`].
    ///
    /// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/nf-netioddk-nmrwaitforproviderderegistercomplete>
    ///
    /// # Safety
    /// [`Registrar::deregister_provider`] answered STATUS_PENDING for `provider_handle`, this is the only wait for it,
    /// and the thread is in no callback of a binding of that registration.
    unsafe fn wait_for_provider_deregister_complete(&self, provider_handle: ProviderHandle) -> Status;

    /// `NmrProviderDetachClientComplete`, at IRQL <= DISPATCH_LEVEL. The binding context may be gone on return.
    ///
    /// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/nf-netioddk-nmrproviderdetachclientcomplete>
    ///
    /// # Safety
    /// The provider's detach callback for this binding was called and answers STATUS_PENDING; this is the only
    /// completion.
    unsafe fn provider_detach_client_complete(&self, nmr_binding_handle: BindingHandle);
}
