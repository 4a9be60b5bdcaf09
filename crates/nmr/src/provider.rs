//! What a driver writes to be a provider of an NPI.

use crate::{AtMostDispatch, AtPassive, Driver, Npi, Offer, ProviderTable, Refusal};

/// The provider binding context: one value for each client that is attached to the driver.
///
/// Clients' calls arrive on this value, from the moment the attach callback answers until NMR's cleanup callback:
/// implement the NPI's `Provider` trait on it. The functions go on working after the provider has detached, because
/// clients may not have. The value is dropped at IRQL <= DISPATCH_LEVEL on any thread, so its Drop must not wait.
pub trait ProviderBinding: Sized + Send + Sync + 'static {
    /// The driver that declares the registration.
    type Driver: Driver;
    /// The NPI.
    type Npi: ProviderTable<Self>;

    /// Decides about one client, at PASSIVE_LEVEL and possibly on another driver's thread, inside that client's
    /// `NmrClientAttachProvider`.
    ///
    /// Behind `NPI_PROVIDER_ATTACH_CLIENT_FN`:
    /// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/nc-netioddk-npi_provider_attach_client_fn>
    ///
    /// # Errors
    /// A [`Refusal`] declines the client.
    fn attach(
        driver: &'static Self::Driver,
        client: &Offer<'_, <Self::Npi as Npi>::ClientCharacteristics>,
        at: &AtPassive<'_>,
    ) -> Result<Self, Refusal>;

    /// No new call gets through to the client any more; called once, by whoever closes the binding first, at
    /// IRQL <= DISPATCH_LEVEL and before the detach is complete, also for a binding that never opened. Must not wait.
    fn closing(&self, at: &AtMostDispatch<'_>) {
        let _ = at;
    }
}
