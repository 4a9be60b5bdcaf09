//! The six callbacks that the NMR makes. Each runs on the thread, and at the IRQL, of whoever caused it.

use crate::{BindingHandle, RegistrationInstance, Status};
use core::ffi::c_void;

/// `NPI_CLIENT_ATTACH_PROVIDER_FN`, at PASSIVE_LEVEL: a provider of the client's NPI exists. The client declines with
/// a failure code, or calls `NmrClientAttachProvider` and returns exactly its status.
///
/// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/nc-netioddk-npi_client_attach_provider_fn>
pub type ClientAttachProvider = unsafe extern "system" fn(
    nmr_binding_handle: BindingHandle,
    client_context: *mut c_void,
    provider_registration_instance: *const RegistrationInstance,
) -> Status;

/// `NPI_CLIENT_DETACH_PROVIDER_FN`, at IRQL <= DISPATCH_LEVEL: start no new call into the provider. SUCCESS if none is
/// in progress, else PENDING and, when the last has ended, one `NmrClientDetachProviderComplete`.
///
/// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/nc-netioddk-npi_client_detach_provider_fn>
pub type ClientDetachProvider = unsafe extern "system" fn(client_binding_context: *mut c_void) -> Status;

/// `NPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN`, at IRQL <= DISPATCH_LEVEL: both sides have detached, the context may go.
///
/// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/nc-netioddk-npi_client_cleanup_binding_context_fn>
pub type ClientCleanupBindingContext = unsafe extern "system" fn(client_binding_context: *mut c_void);

/// `NPI_PROVIDER_ATTACH_CLIENT_FN`, at PASSIVE_LEVEL, inside the client's `NmrClientAttachProvider`: a client wants to
/// attach. The provider declines with a failure code, or sets both out parameters and returns SUCCESS.
///
/// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/nc-netioddk-npi_provider_attach_client_fn>
pub type ProviderAttachClient = unsafe extern "system" fn(
    nmr_binding_handle: BindingHandle,
    provider_context: *mut c_void,
    client_registration_instance: *const RegistrationInstance,
    client_binding_context: *mut c_void,
    client_dispatch: *const c_void,
    provider_binding_context: *mut *mut c_void,
    provider_dispatch: *mut *const c_void,
) -> Status;

/// `NPI_PROVIDER_DETACH_CLIENT_FN`, at IRQL <= DISPATCH_LEVEL: start no new call into the client. SUCCESS if none is in
/// progress, else PENDING and, when the last has ended, one `NmrProviderDetachClientComplete`.
///
/// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/nc-netioddk-npi_provider_detach_client_fn>
pub type ProviderDetachClient = unsafe extern "system" fn(provider_binding_context: *mut c_void) -> Status;

/// `NPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN`, at IRQL <= DISPATCH_LEVEL: both sides have detached, the context may go.
///
/// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/nc-netioddk-npi_provider_cleanup_binding_context_fn>
pub type ProviderCleanupBindingContext = unsafe extern "system" fn(provider_binding_context: *mut c_void);
