//! What a driver writes to be a client of an NPI.

use crate::{AtMostDispatch, AtPassive, ClientTable, Driver, Npi, Offer, Refusal};

/// The client binding context: one value for each provider that the driver is attached to as a client.
///
/// The value lives from the attach decision until NMR's cleanup callback, whatever happens in between. If the NPI has
/// functions that providers call, they are called on this value. It is dropped at IRQL <= DISPATCH_LEVEL on any thread, so
/// its Drop must not wait.
///
/// ```
/// # use nmr::{AtPassive, ClientBinding, Driver, Npi, ClientTable, Offer, Refusal};
/// struct Attached;
///
/// # trait Demo: ClientBinding {}
/// # fn show<D: Driver, N: ClientTable<Attached>>() {
/// // impl ClientBinding for Attached { type Driver = MyDriver; type Npi = echo::Npi; ... }
/// fn attach(provider: &Offer<'_>) -> Result<Attached, Refusal> {
///     match provider.number() {
///         0 => Ok(Attached),
///         _ => Err(Refusal::because("only the first instance is used")),
///     }
/// }
/// # }
/// ```
pub trait ClientBinding: Sized + Send + Sync + 'static {
    /// The driver that declares the registration.
    type Driver: Driver;
    /// The NPI.
    type Npi: ClientTable<Self>;

    /// Decides about one provider, at PASSIVE_LEVEL and possibly on another driver's thread. NMR offers every provider
    /// of the NPI, so this is where a client looks at module id and number. The value is in place
    /// before `NmrClientAttachProvider` is called, so the provider may call it before this driver can call the provider.
    ///
    /// Behind `NPI_CLIENT_ATTACH_PROVIDER_FN`:
    /// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/nc-netioddk-npi_client_attach_provider_fn>
    ///
    /// # Errors
    /// A [`Refusal`] declines the provider; NMR does not offer it again until one side registers anew.
    fn attach(
        driver: &'static Self::Driver,
        provider: &Offer<'_, <Self::Npi as Npi>::ProviderCharacteristics>,
        at: &AtPassive<'_>,
    ) -> Result<Self, Refusal>;

    /// No new call gets through to the provider any more; called once, by whoever closes the binding first, at
    /// IRQL <= DISPATCH_LEVEL and before the detach is complete, also for a binding that never opened. The place to cancel what is in flight; must not wait.
    fn closing(&self, at: &AtMostDispatch<'_>) {
        let _ = at;
    }
}
