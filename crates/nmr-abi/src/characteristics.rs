//! What a module hands to `NmrRegisterClient` or `NmrRegisterProvider`.

use crate::{
    ClientAttachProvider, ClientCleanupBindingContext, ClientDetachProvider, ProviderAttachClient,
    ProviderCleanupBindingContext, ProviderDetachClient, RegistrationInstance,
};
use core::mem::offset_of;

/// `NPI_CLIENT_CHARACTERISTICS` (72 bytes). Must stay valid, in non-paged memory, until the wait has returned.
///
/// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/ns-netioddk-_npi_client_characteristics>
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ClientCharacteristics {
    /// 0.
    pub version: u16,
    /// `sizeof(NPI_CLIENT_CHARACTERISTICS)`, in bytes.
    pub length: u16,
    /// Called for each provider of the NPI.
    pub attach_provider: ClientAttachProvider,
    /// Called once for each attached provider when either side deregisters.
    pub detach_provider: ClientDetachProvider,
    /// Called when both sides have detached; `None` only if there is nothing to clean up.
    pub cleanup_binding_context: Option<ClientCleanupBindingContext>,
    /// What providers see of the client.
    pub registration_instance: RegistrationInstance,
}

/// `NPI_PROVIDER_CHARACTERISTICS` (72 bytes). Must stay valid, in non-paged memory, until the wait has returned.
///
/// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/ns-netioddk-_npi_provider_characteristics>
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ProviderCharacteristics {
    /// 0.
    pub version: u16,
    /// `sizeof(NPI_PROVIDER_CHARACTERISTICS)`, in bytes.
    pub length: u16,
    /// Called for each client that wants to attach.
    pub attach_client: ProviderAttachClient,
    /// Called once for each attached client when either side deregisters.
    pub detach_client: ProviderDetachClient,
    /// Called when both sides have detached; `None` only if there is nothing to clean up.
    pub cleanup_binding_context: Option<ProviderCleanupBindingContext>,
    /// What clients see of the provider.
    pub registration_instance: RegistrationInstance,
}

const _: () = {
    assert!(size_of::<ClientCharacteristics>() == 72 && align_of::<ClientCharacteristics>() == 8);
    assert!(offset_of!(ClientCharacteristics, length) == 2);
    assert!(offset_of!(ClientCharacteristics, attach_provider) == 8);
    assert!(offset_of!(ClientCharacteristics, detach_provider) == 16);
    assert!(offset_of!(ClientCharacteristics, cleanup_binding_context) == 24);
    assert!(offset_of!(ClientCharacteristics, registration_instance) == 32);
    assert!(size_of::<ProviderCharacteristics>() == 72 && align_of::<ProviderCharacteristics>() == 8);
    assert!(offset_of!(ProviderCharacteristics, length) == 2);
    assert!(offset_of!(ProviderCharacteristics, attach_client) == 8);
    assert!(offset_of!(ProviderCharacteristics, detach_client) == 16);
    assert!(offset_of!(ProviderCharacteristics, cleanup_binding_context) == 24);
    assert!(offset_of!(ProviderCharacteristics, registration_instance) == 32);
};
