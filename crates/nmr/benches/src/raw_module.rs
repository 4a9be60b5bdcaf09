//! Modules as one would write them in C, without the framework: bare Nmr* calls, and peers that drain as they are told.

#![expect(unsafe_code, reason = "plays C modules: makes the Nmr* calls and receives NMR's pointers")]

use core::ffi::c_void;
use core::ptr::{null, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering};

use nmr::abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, Guid, ProviderCharacteristics, ProviderHandle,
    Registrar, RegistrationInstance,
};
use nmr::{ModuleId, Status};
use nmr_sim::World;

/// How a provider answers its detach callbacks.
pub trait Detaching: Send + Sync + 'static {
    /// The detach callback for `bound`. If it answers STATUS_PENDING, it or somebody else calls
    /// [`Detachment::complete`].
    fn detach(&self, bound: &Bound) -> Status;
}

/// Detaches at once.
#[derive(Clone, Copy, Debug)]
pub struct AtOnce;

impl Detaching for AtOnce {
    fn detach(&self, _: &Bound) -> Status {
        Status::SUCCESS
    }
}

/// A detach that may be completed.
#[derive(Debug)]
pub struct Detachment {
    world: World,
    handle: BindingHandle,
}

impl Detachment {
    /// `NmrProviderDetachClientComplete`.
    pub fn complete(self) {
        // SAFETY: made by the detach callback of this binding, which answers STATUS_PENDING; used up here.
        unsafe { self.world.provider_detach_client_complete(self.handle) };
    }
}

/// Who a module is, in storage that stays where it is for as long as NMR may look at it.
struct Identity {
    npi: Guid,
    module: ModuleId,
}

impl Identity {
    fn new(npi: Guid) -> Box<Self> {
        static LAST: AtomicUsize = AtomicUsize::new(1);
        let number = LAST.fetch_add(1, Ordering::Relaxed) as u128;
        Box::new(Self { npi, module: ModuleId::from_guid(Guid::from_u128(number)) })
    }

    fn instance(&self) -> RegistrationInstance {
        RegistrationInstance::new(&self.npi, &self.module)
    }
}

/// A client that accepts every provider and detaches at once.
pub struct RawClient {
    world: Box<World>,
    characteristics: Box<ClientCharacteristics>,
    _identity: Box<Identity>,
}

// SAFETY: the pointers in the characteristics lead to the identity, which does not change.
unsafe impl Send for RawClient {}
// SAFETY: as above; each registration has a handle of its own.
unsafe impl Sync for RawClient {}

impl RawClient {
    /// A client of `npi`, not registered yet.
    pub fn new(world: &World, npi: Guid) -> Self {
        let identity = Identity::new(npi);
        let characteristics = Box::new(ClientCharacteristics {
            version: 0,
            length: size_of::<ClientCharacteristics>() as u16,
            attach_provider,
            detach_provider,
            cleanup_binding_context: Some(forget),
            registration_instance: identity.instance(),
        });
        Self { world: Box::new(world.clone()), characteristics, _identity: identity }
    }

    /// `NmrRegisterClient`.
    pub fn register(&self) -> RegisteredClient<'_> {
        let mut handle = ClientHandle::NULL;
        let context = core::ptr::from_ref::<World>(&self.world).cast_mut().cast();
        // SAFETY: all that is passed stays in its boxes, and the answer waits before they can go.
        let status = unsafe { self.world.register_client(&*self.characteristics, context, &mut handle) };
        assert_eq!(status, Status::SUCCESS, "NmrRegisterClient");
        RegisteredClient { client: self, handle }
    }
}

impl std::fmt::Debug for RawClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RawClient")
    }
}

/// A registered client. It has to be deregistered.
#[must_use]
#[derive(Debug)]
pub struct RegisteredClient<'a> {
    client: &'a RawClient,
    handle: ClientHandle,
}

impl<'a> RegisteredClient<'a> {
    /// `NmrDeregisterClient`.
    pub fn deregister(self) -> EndingClient<'a> {
        // SAFETY: registered, and deregistered here only.
        let status = unsafe { self.client.world.deregister_client(self.handle) };
        assert_eq!(status, Status::PENDING, "NmrDeregisterClient");
        EndingClient(self)
    }
}

/// A client that has to be waited for.
#[must_use]
#[derive(Debug)]
pub struct EndingClient<'a>(RegisteredClient<'a>);

impl EndingClient<'_> {
    /// `NmrWaitForClientDeregisterComplete`.
    pub fn wait(self) {
        let RegisteredClient { client, handle } = self.0;
        // SAFETY: deregistered, and waited for here only.
        let status = unsafe { client.world.wait_for_client_deregister_complete(handle) };
        assert_eq!(status, Status::SUCCESS, "NmrWaitForClientDeregisterComplete");
    }
}

/// A client that takes every provider, with neither context nor table. The registration context is the world.
pub(crate) unsafe extern "system" fn attach_provider(
    binding: BindingHandle,
    context: *mut c_void,
    _: *const RegistrationInstance,
) -> Status {
    // SAFETY: the registration context is the client's world.
    let world = unsafe { &*context.cast_const().cast::<World>() };
    let (mut provider_context, mut provider_table) = (null_mut(), null());
    // SAFETY: inside the attach callback of this binding; this client has neither context nor table.
    unsafe {
        world.client_attach_provider(binding, null_mut(), null(), &mut provider_context, &mut provider_table)
    }
}

unsafe extern "system" fn detach_provider(_: *mut c_void) -> Status {
    Status::SUCCESS
}

unsafe extern "system" fn forget(_: *mut c_void) {}

/// What a provider's callbacks need, away from what those of another one do.
#[repr(align(128))]
struct Behaviour {
    world: World,
    table: *const c_void,
    detaching: Box<dyn Detaching>,
    attached: AtomicUsize,
}

/// One binding of a provider.
#[derive(Debug)]
#[repr(align(64))]
pub struct Bound {
    behaviour: *const Behaviour,
    /// Which of the provider's bindings it is, counted from 0.
    pub number: usize,
    handle: BindingHandle,
}

impl Bound {
    /// For a detach that will be completed.
    pub fn pend(&self) -> Detachment {
        // SAFETY: outlives the registration, which has this binding.
        let behaviour = unsafe { &*self.behaviour };
        Detachment { world: behaviour.world.clone(), handle: self.handle }
    }
}

/// A registered provider that accepts every client. It is deregistered and waited for when it is dropped.
pub struct RawProvider {
    behaviour: Box<Behaviour>,
    handle: ProviderHandle,
    _characteristics: Box<ProviderCharacteristics>,
    _identity: Box<Identity>,
}

// SAFETY: the pointers lead to boxes that this value owns and does not change.
unsafe impl Send for RawProvider {}
// SAFETY: as above.
unsafe impl Sync for RawProvider {}

impl RawProvider {
    /// Registers a provider of `npi` whose dispatch table is `table`, or which has none.
    pub fn register(
        world: &World,
        npi: Guid,
        table: Option<*const c_void>,
        detaching: impl Detaching,
    ) -> Self {
        let identity = Identity::new(npi);
        let characteristics = Box::new(ProviderCharacteristics {
            version: 0,
            length: size_of::<ProviderCharacteristics>() as u16,
            attach_client,
            detach_client,
            cleanup_binding_context: Some(free),
            registration_instance: identity.instance(),
        });
        let behaviour = Box::new(Behaviour {
            world: world.clone(),
            table: table.unwrap_or_default(),
            detaching: Box::new(detaching),
            attached: AtomicUsize::new(0),
        });
        let mut handle = ProviderHandle::NULL;
        let context = core::ptr::from_ref::<Behaviour>(&behaviour).cast_mut().cast();
        // SAFETY: all that is passed stays in its boxes, and dropping the answer waits before they can go.
        let status = unsafe { world.register_provider(&*characteristics, context, &mut handle) };
        assert_eq!(status, Status::SUCCESS, "NmrRegisterProvider");
        Self { behaviour, handle, _characteristics: characteristics, _identity: identity }
    }
}

impl Drop for RawProvider {
    fn drop(&mut self) {
        // SAFETY: registered, and deregistered here only.
        let status = unsafe { self.behaviour.world.deregister_provider(self.handle) };
        assert_eq!(status, Status::PENDING, "NmrDeregisterProvider");
        // SAFETY: deregistered, and waited for here only.
        let status = unsafe { self.behaviour.world.wait_for_provider_deregister_complete(self.handle) };
        assert_eq!(status, Status::SUCCESS, "NmrWaitForProviderDeregisterComplete");
    }
}

impl std::fmt::Debug for RawProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RawProvider")
    }
}

unsafe extern "system" fn attach_client(
    handle: BindingHandle,
    context: *mut c_void,
    _: *const RegistrationInstance,
    _: *mut c_void,
    _: *const c_void,
    provider_context: *mut *mut c_void,
    provider_table: *mut *const c_void,
) -> Status {
    // SAFETY: the registration context is the provider's behaviour, which outlives the registration.
    let behaviour = unsafe { &*context.cast_const().cast::<Behaviour>() };
    let number = behaviour.attached.fetch_add(1, Ordering::Relaxed);
    let bound = Box::into_raw(Box::new(Bound { behaviour, number, handle }));
    // SAFETY: NMR passes places for both.
    unsafe { provider_context.write(bound.cast()) };
    // SAFETY: as above.
    unsafe { provider_table.write(behaviour.table) };
    Status::SUCCESS
}

unsafe extern "system" fn detach_client(context: *mut c_void) -> Status {
    // SAFETY: the binding context of the attach callback, which cleanup has not freed.
    let bound = unsafe { &*context.cast_const().cast::<Bound>() };
    // SAFETY: outlives the registration.
    let behaviour = unsafe { &*bound.behaviour };
    behaviour.detaching.detach(bound)
}

unsafe extern "system" fn free(context: *mut c_void) {
    // SAFETY: the binding context of the attach callback, freed here and nowhere else.
    drop(unsafe { Box::from_raw(context.cast::<Bound>()) });
}
