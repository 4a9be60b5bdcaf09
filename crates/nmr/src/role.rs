//! The two roles in an NPI, and the Nmr* calls that differ between them. No other file makes one of these calls.

#![expect(unsafe_code, reason = "makes the Nmr* calls")]

use crate::rundown::{ShardWord, Shards};
use crate::trampoline;
use crate::{
    AtMostDispatch, AtPassive, Characteristics, ClientBinding, ClientTable, Driver, Npi, Offer, PeerCalls,
    ProviderBinding, ProviderTable, Refusal, Side, System,
};
use core::ffi::c_void;
use core::fmt;
use core::marker::PhantomData;
use nmr_abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, ProviderCharacteristics, ProviderHandle, Registrar,
    RegistrationInstance, Status,
};

/// What a registration is in its NPI. Implemented by [`Client`] and [`Provider`] only.
pub trait Role: sealed::Sealed + Sized + 'static {
    /// The driver's value for each binding.
    type Binding: Send + Sync + 'static;
    /// The NPI.
    type Npi: Npi;
    /// The driver.
    type Driver: Driver;
    /// How the peer is called.
    type PeerCalls: PeerCalls;
    /// What the peer shows before it is attached.
    type PeerCharacteristics: Characteristics;
    /// What is handed to NMR.
    type Characteristics: Copy + fmt::Debug;
    /// The words that count calls in flight.
    #[doc(hidden)]
    type Shards: Shards;
    /// Which side this is.
    const SIDE: Side;
    /// Whether calls at DISPATCH_LEVEL go uncounted, so that closing waits for a grace period.
    const CALLS_AT_DISPATCH: bool;

    #[doc(hidden)]
    fn decide(
        driver: &'static Self::Driver,
        offer: &Offer<'_, Self::PeerCharacteristics>,
        at: &AtPassive<'_>,
    ) -> Result<Self::Binding, Refusal>;
    #[doc(hidden)]
    fn closing(binding: &Self::Binding, at: &AtMostDispatch<'_>);
    #[doc(hidden)]
    fn own_table(version: u16) -> *const c_void;
    #[doc(hidden)]
    fn characteristics(instance: RegistrationInstance) -> Self::Characteristics;

    /// `NmrRegisterClient` or `NmrRegisterProvider`.
    ///
    /// # Safety
    /// As the method of [`Registrar`] for this side.
    #[doc(hidden)]
    unsafe fn register<N: Registrar>(
        nmr: &N,
        characteristics: *const Self::Characteristics,
        context: *mut c_void,
        handle: &mut *mut c_void,
    ) -> Status;
    /// `NmrDeregisterClient` or `NmrDeregisterProvider`.
    ///
    /// # Safety
    /// As the method of [`Registrar`] for this side.
    #[doc(hidden)]
    unsafe fn deregister<N: Registrar>(nmr: &N, handle: *mut c_void) -> Status;
    /// `NmrWaitForClientDeregisterComplete` or `NmrWaitForProviderDeregisterComplete`.
    ///
    /// # Safety
    /// As the method of [`Registrar`] for this side.
    #[doc(hidden)]
    unsafe fn wait<N: Registrar>(nmr: &N, handle: *mut c_void) -> Status;
    /// `NmrClientDetachProviderComplete` or `NmrProviderDetachClientComplete`.
    ///
    /// # Safety
    /// As the method of [`Registrar`] for this side.
    #[doc(hidden)]
    unsafe fn detach_complete<N: Registrar>(nmr: &N, binding: BindingHandle);
}

mod sealed {
    pub trait Sealed {}
}

/// The role of a client whose binding contexts are `B`.
///
/// `SHARDS` is the number of words of 64 bytes in which each binding counts its calls: 1, or 16 for NPIs that are called
/// from many processors at a time. `CALLS_AT_DISPATCH` says whether [`PeerRef::call_at_dispatch`](crate::PeerRef::call_at_dispatch)
/// may be used.
pub struct Client<B, const SHARDS: usize = 1, const CALLS_AT_DISPATCH: bool = false>(PhantomData<fn() -> B>);

/// The role of a provider whose binding contexts are `B`; the other parameters as for [`Client`].
pub struct Provider<B, const SHARDS: usize = 1, const CALLS_AT_DISPATCH: bool = false>(
    PhantomData<fn() -> B>,
);

/// Roles whose calls may be made at DISPATCH_LEVEL without being counted.
#[diagnostic::on_unimplemented(
    message = "this registration does not declare calls at DISPATCH_LEVEL",
    note = "add `calls_at_dispatch: allow` to the registration in `driver!`: closing its bindings then waits for a grace period"
)]
pub trait CallsAtDispatch: Role {}

impl<B: ClientBinding, const SHARDS: usize> CallsAtDispatch for Client<B, SHARDS, true> {}
impl<B: ProviderBinding, const SHARDS: usize> CallsAtDispatch for Provider<B, SHARDS, true> {}

impl<B, const SHARDS: usize, const CALLS_AT_DISPATCH: bool> fmt::Debug
    for Client<B, SHARDS, CALLS_AT_DISPATCH>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl<B, const SHARDS: usize, const CALLS_AT_DISPATCH: bool> fmt::Debug
    for Provider<B, SHARDS, CALLS_AT_DISPATCH>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provider")
    }
}

impl<B, const SHARDS: usize, const CALLS_AT_DISPATCH: bool> sealed::Sealed
    for Client<B, SHARDS, CALLS_AT_DISPATCH>
{
}
impl<B, const SHARDS: usize, const CALLS_AT_DISPATCH: bool> sealed::Sealed
    for Provider<B, SHARDS, CALLS_AT_DISPATCH>
{
}

impl<B: ClientBinding, const SHARDS: usize, const CALLS_AT_DISPATCH: bool> Role
    for Client<B, SHARDS, CALLS_AT_DISPATCH>
{
    type Binding = B;
    type Npi = B::Npi;
    type Driver = B::Driver;
    type PeerCalls = <B::Npi as Npi>::ProviderCalls;
    type PeerCharacteristics = <B::Npi as Npi>::ProviderCharacteristics;
    type Characteristics = ClientCharacteristics;
    type Shards = [ShardWord; SHARDS];
    const SIDE: Side = Side::Client;
    const CALLS_AT_DISPATCH: bool = CALLS_AT_DISPATCH;

    fn decide(
        driver: &'static B::Driver,
        offer: &Offer<'_, Self::PeerCharacteristics>,
        at: &AtPassive<'_>,
    ) -> Result<B, Refusal> {
        B::attach(driver, offer, at)
    }

    fn closing(binding: &B, at: &AtMostDispatch<'_>) {
        binding.closing(at);
    }

    fn own_table(version: u16) -> *const c_void {
        <B::Npi as ClientTable<B>>::client_table(version)
    }

    fn characteristics(registration_instance: RegistrationInstance) -> ClientCharacteristics {
        ClientCharacteristics {
            version: 0,
            length: size_of::<ClientCharacteristics>() as u16,
            attach_provider: trampoline::client_attach::<Self>,
            detach_provider: trampoline::detach::<Self>,
            cleanup_binding_context: Some(trampoline::cleanup::<Self>),
            registration_instance,
        }
    }

    unsafe fn register<N: Registrar>(
        nmr: &N,
        characteristics: *const ClientCharacteristics,
        context: *mut c_void,
        handle: &mut *mut c_void,
    ) -> Status {
        let mut client = ClientHandle::NULL;
        // SAFETY: the caller keeps the contract of this very call.
        let status = unsafe { nmr.register_client(characteristics, context, &mut client) };
        *handle = client.as_raw();
        status
    }

    unsafe fn deregister<N: Registrar>(nmr: &N, handle: *mut c_void) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { nmr.deregister_client(ClientHandle::from_raw(handle)) }
    }

    unsafe fn wait<N: Registrar>(nmr: &N, handle: *mut c_void) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { nmr.wait_for_client_deregister_complete(ClientHandle::from_raw(handle)) }
    }

    unsafe fn detach_complete<N: Registrar>(nmr: &N, binding: BindingHandle) {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { nmr.client_detach_provider_complete(binding) }
    }
}

impl<B: ProviderBinding, const SHARDS: usize, const CALLS_AT_DISPATCH: bool> Role
    for Provider<B, SHARDS, CALLS_AT_DISPATCH>
{
    type Binding = B;
    type Npi = B::Npi;
    type Driver = B::Driver;
    type PeerCalls = <B::Npi as Npi>::ClientCalls;
    type PeerCharacteristics = <B::Npi as Npi>::ClientCharacteristics;
    type Characteristics = ProviderCharacteristics;
    type Shards = [ShardWord; SHARDS];
    const SIDE: Side = Side::Provider;
    const CALLS_AT_DISPATCH: bool = CALLS_AT_DISPATCH;

    fn decide(
        driver: &'static B::Driver,
        offer: &Offer<'_, Self::PeerCharacteristics>,
        at: &AtPassive<'_>,
    ) -> Result<B, Refusal> {
        B::attach(driver, offer, at)
    }

    fn closing(binding: &B, at: &AtMostDispatch<'_>) {
        binding.closing(at);
    }

    fn own_table(version: u16) -> *const c_void {
        <B::Npi as ProviderTable<B>>::provider_table(version)
    }

    fn characteristics(registration_instance: RegistrationInstance) -> ProviderCharacteristics {
        ProviderCharacteristics {
            version: 0,
            length: size_of::<ProviderCharacteristics>() as u16,
            attach_client: trampoline::provider_attach::<Self>,
            detach_client: trampoline::detach::<Self>,
            cleanup_binding_context: Some(trampoline::cleanup::<Self>),
            registration_instance,
        }
    }

    unsafe fn register<N: Registrar>(
        nmr: &N,
        characteristics: *const ProviderCharacteristics,
        context: *mut c_void,
        handle: &mut *mut c_void,
    ) -> Status {
        let mut provider = ProviderHandle::NULL;
        // SAFETY: the caller keeps the contract of this very call.
        let status = unsafe { nmr.register_provider(characteristics, context, &mut provider) };
        *handle = provider.as_raw();
        status
    }

    unsafe fn deregister<N: Registrar>(nmr: &N, handle: *mut c_void) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { nmr.deregister_provider(ProviderHandle::from_raw(handle)) }
    }

    unsafe fn wait<N: Registrar>(nmr: &N, handle: *mut c_void) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { nmr.wait_for_provider_deregister_complete(ProviderHandle::from_raw(handle)) }
    }

    unsafe fn detach_complete<N: Registrar>(nmr: &N, binding: BindingHandle) {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { nmr.provider_detach_client_complete(binding) }
    }
}

/// The system below the driver of a role.
pub(crate) type SystemOf<R> = <<R as Role>::Driver as Driver>::System;

/// The event of that system.
pub(crate) type EventOf<R> = <SystemOf<R> as System>::Event;
