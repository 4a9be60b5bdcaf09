//! The two roles in an NPI, and the Nmr* calls that differ between them. No other file makes one of these calls.

#![expect(unsafe_code, reason = "makes the Nmr* calls")]

use crate::trampoline;
use crate::{
    AtMostDispatch, AtPassive, ClientBinding, ClientTable, Driver, Npi, Offer, PeerCalls, ProviderBinding,
    ProviderTable, Refusal, Side,
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
    /// What is handed to NMR.
    type Characteristics: Copy + fmt::Debug;
    /// Which side this is.
    const SIDE: Side;

    #[doc(hidden)]
    fn decide(
        driver: &'static Self::Driver,
        offer: &Offer<'_>,
        at: &AtPassive<'_>,
    ) -> Result<Self::Binding, Refusal>;
    #[doc(hidden)]
    fn closing(binding: &Self::Binding, at: &AtMostDispatch<'_>);
    #[doc(hidden)]
    fn own_table() -> *const c_void;
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
pub struct Client<B>(PhantomData<fn() -> B>);

/// The role of a provider whose binding contexts are `B`.
pub struct Provider<B>(PhantomData<fn() -> B>);

impl<B> fmt::Debug for Client<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl<B> fmt::Debug for Provider<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provider")
    }
}

impl<B> sealed::Sealed for Client<B> {}
impl<B> sealed::Sealed for Provider<B> {}

impl<B: ClientBinding> Role for Client<B> {
    type Binding = B;
    type Npi = B::Npi;
    type Driver = B::Driver;
    type PeerCalls = <B::Npi as Npi>::ProviderCalls;
    type Characteristics = ClientCharacteristics;
    const SIDE: Side = Side::Client;

    fn decide(driver: &'static B::Driver, offer: &Offer<'_>, at: &AtPassive<'_>) -> Result<B, Refusal> {
        B::attach(driver, offer, at)
    }

    fn closing(binding: &B, at: &AtMostDispatch<'_>) {
        binding.closing(at);
    }

    fn own_table() -> *const c_void {
        <B::Npi as ClientTable<B>>::client_table()
    }

    fn characteristics(registration_instance: RegistrationInstance) -> ClientCharacteristics {
        ClientCharacteristics {
            version: 0,
            length: size_of::<ClientCharacteristics>() as u16,
            attach_provider: trampoline::client_attach::<B>,
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

impl<B: ProviderBinding> Role for Provider<B> {
    type Binding = B;
    type Npi = B::Npi;
    type Driver = B::Driver;
    type PeerCalls = <B::Npi as Npi>::ClientCalls;
    type Characteristics = ProviderCharacteristics;
    const SIDE: Side = Side::Provider;

    fn decide(driver: &'static B::Driver, offer: &Offer<'_>, at: &AtPassive<'_>) -> Result<B, Refusal> {
        B::attach(driver, offer, at)
    }

    fn closing(binding: &B, at: &AtMostDispatch<'_>) {
        binding.closing(at);
    }

    fn own_table() -> *const c_void {
        <B::Npi as ProviderTable<B>>::provider_table()
    }

    fn characteristics(registration_instance: RegistrationInstance) -> ProviderCharacteristics {
        ProviderCharacteristics {
            version: 0,
            length: size_of::<ProviderCharacteristics>() as u16,
            attach_client: trampoline::provider_attach::<B>,
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
