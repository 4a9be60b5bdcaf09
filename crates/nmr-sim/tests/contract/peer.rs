//! A module as one would write it in C, with hooks for what a test wants it to do.
//!
//! Binding contexts are allocations that live from the attach to the cleanup callback, so that Miri sees every use
//! that comes too late and every one that is never cleaned up.

#![expect(unsafe_code, reason = "plays a C module: raw callbacks and contexts")]

use nmr_abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, Guid, ModuleId, NpiId, ProviderCharacteristics,
    ProviderHandle, Registrar, RegistrationInstance, Status,
};
use nmr_sim::{Side, World};
use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::ThreadId;

/// A world in which a wait that hangs says what holds it.
pub(crate) fn world() -> World {
    World::with_wait_limit(std::time::Duration::from_secs(30))
}

/// What a peer was called for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Attach,
    Detach,
    Cleanup,
}

type AttachHook = Box<dyn Fn(&Offer<'_>) -> Status + Send + Sync>;
type DetachHook = Box<dyn Fn(&Bound) -> Status + Send + Sync>;
type CleanupHook = Box<dyn Fn(&Bound) + Send + Sync>;

/// What a peer does when it is called.
pub(crate) struct Script {
    attach: AttachHook,
    detach: DetachHook,
    cleanup: CleanupHook,
}

impl Default for Script {
    /// Accepts every offer, detaches at once.
    fn default() -> Self {
        Self { attach: Box::new(accept), detach: Box::new(|_| Status::SUCCESS), cleanup: Box::new(|_| {}) }
    }
}

impl Script {
    pub(crate) fn attach(mut self, hook: impl Fn(&Offer<'_>) -> Status + Send + Sync + 'static) -> Self {
        self.attach = Box::new(hook);
        self
    }

    pub(crate) fn detach(mut self, hook: impl Fn(&Bound) -> Status + Send + Sync + 'static) -> Self {
        self.detach = Box::new(hook);
        self
    }

    pub(crate) fn cleanup(mut self, hook: impl Fn(&Bound) + Send + Sync + 'static) -> Self {
        self.cleanup = Box::new(hook);
        self
    }
}

/// A registered, or not yet registered, module.
pub(crate) struct Peer {
    pub(crate) world: World,
    pub(crate) side: Side,
    script: Script,
    npi: NpiId,
    module: ModuleId,
    characteristics: OnceLock<Characteristics>,
    handle: Mutex<Option<Handle>>,
    calls: Mutex<Vec<(Call, ThreadId)>>,
    bound: Mutex<Vec<BindingHandle>>,
}

enum Characteristics {
    Client(ClientCharacteristics),
    Provider(ProviderCharacteristics),
}

#[derive(Clone, Copy, Debug)]
enum Handle {
    Client(ClientHandle),
    Provider(ProviderHandle),
}

// SAFETY: the pointers in the characteristics lead into the `Peer` itself, which nobody changes.
unsafe impl Send for Characteristics {}
// SAFETY: as for `Send`.
unsafe impl Sync for Characteristics {}

/// A peer's binding context.
pub(crate) struct Bound {
    pub(crate) peer: *const Peer,
    pub(crate) handle: BindingHandle,
}

impl Bound {
    pub(crate) fn peer(&self) -> &Peer {
        // SAFETY: a test keeps its peers until they are taken down.
        unsafe { &*self.peer }
    }

    /// Completes the detach with the function of this side.
    pub(crate) fn complete(&self) {
        let peer = self.peer();
        complete(&peer.world, peer.side, self.handle);
    }
}

/// Completes a detach from anywhere.
pub(crate) fn complete(world: &World, side: Side, handle: BindingHandle) {
    match side {
        // SAFETY: the simulator reports a completion that is not due.
        Side::Client => unsafe { world.client_detach_provider_complete(handle) },
        // SAFETY: as above.
        Side::Provider => unsafe { world.provider_detach_client_complete(handle) },
    }
}

fn accept(offer: &Offer<'_>) -> Status {
    offer.accept()
}

/// An offer that a peer's attach callback was made.
pub(crate) struct Offer<'a> {
    pub(crate) peer: &'a Peer,
    pub(crate) handle: BindingHandle,
    /// The other side's own structure.
    pub(crate) instance: *const RegistrationInstance,
    outs: Option<(*mut *mut c_void, *mut *const c_void)>,
}

impl Offer<'_> {
    /// Accepts: makes a binding context and, as a client, attaches to the provider.
    pub(crate) fn accept(&self) -> Status {
        let context =
            Box::into_raw(Box::new(Bound { peer: self.peer, handle: self.handle })).cast::<c_void>();
        let status = match self.outs {
            Some((context_out, dispatch_out)) => {
                // SAFETY: the NMR gave a place for the context.
                unsafe { context_out.write(context) };
                // SAFETY: the NMR gave a place for the dispatch table.
                unsafe { dispatch_out.write(null()) };
                Status::SUCCESS
            }
            None => client_attach(&self.peer.world, self.handle, context),
        };
        if status.is_success() {
            self.peer.bound.lock().unwrap().push(self.handle);
        } else {
            // SAFETY: made above, and nobody else has it: the attach failed.
            drop(unsafe { Box::from_raw(context.cast::<Bound>()) });
        }
        status
    }

    /// Who the other side says it is.
    pub(crate) fn module(&self) -> Option<Guid> {
        // SAFETY: the other side's structure, valid while it is registered.
        let instance = unsafe { &*self.instance };
        // SAFETY: as above.
        unsafe { instance.module_id.as_ref() }.and_then(ModuleId::guid)
    }
}

/// `NmrClientAttachProvider` from anywhere.
pub(crate) fn client_attach(world: &World, handle: BindingHandle, context: *mut c_void) -> Status {
    let (mut provider_context, mut provider_dispatch) = (null_mut(), null());
    // SAFETY: the simulator reports a call that is out of place; the context lives until the cleanup callback.
    unsafe {
        world.client_attach_provider(handle, context, null(), &mut provider_context, &mut provider_dispatch)
    }
}

impl Peer {
    pub(crate) fn new(world: &World, side: Side, npi: u128, module: u128, script: Script) -> Arc<Self> {
        let peer = Arc::new(Self {
            world: world.clone(),
            side,
            script,
            npi: NpiId::from_u128(npi),
            module: ModuleId::from_guid(Guid::from_u128(module)),
            characteristics: OnceLock::new(),
            handle: Mutex::default(),
            calls: Mutex::default(),
            bound: Mutex::default(),
        });
        let instance = RegistrationInstance::new(&raw const peer.npi, &raw const peer.module);
        let characteristics = match side {
            Side::Client => Characteristics::Client(ClientCharacteristics {
                version: 0,
                length: size_of::<ClientCharacteristics>() as u16,
                attach_provider: on_client_attach,
                detach_provider: on_detach,
                cleanup_binding_context: Some(on_cleanup),
                registration_instance: instance,
            }),
            Side::Provider => Characteristics::Provider(ProviderCharacteristics {
                version: 0,
                length: size_of::<ProviderCharacteristics>() as u16,
                attach_client: on_provider_attach,
                detach_client: on_detach,
                cleanup_binding_context: Some(on_cleanup),
                registration_instance: instance,
            }),
        };
        assert!(peer.characteristics.set(characteristics).is_ok());
        peer
    }

    /// A client of NPI 1 that does as `script` says.
    pub(crate) fn client(world: &World, script: Script) -> Arc<Self> {
        Self::new(world, Side::Client, 1, 0xc, script)
    }

    /// A provider of NPI 1 that does as `script` says.
    pub(crate) fn provider(world: &World, script: Script) -> Arc<Self> {
        Self::new(world, Side::Provider, 1, 0xd, script)
    }

    pub(crate) fn try_register(&self) -> Status {
        let context: *mut c_void = std::ptr::from_ref(self).cast_mut().cast();
        let (status, handle) = match self.characteristics.get().unwrap() {
            Characteristics::Client(characteristics) => {
                let mut handle = ClientHandle::NULL;
                // SAFETY: the peer lives until it was waited for.
                let status = unsafe { self.world.register_client(characteristics, context, &mut handle) };
                (status, Handle::Client(handle))
            }
            Characteristics::Provider(characteristics) => {
                let mut handle = ProviderHandle::NULL;
                // SAFETY: as above.
                let status = unsafe { self.world.register_provider(characteristics, context, &mut handle) };
                (status, Handle::Provider(handle))
            }
        };
        if status.is_success() {
            *self.handle.lock().unwrap() = Some(handle);
        }
        status
    }

    #[track_caller]
    pub(crate) fn register(self: &Arc<Self>) -> Arc<Self> {
        assert_eq!(self.try_register(), Status::SUCCESS);
        Arc::clone(self)
    }

    pub(crate) fn deregister(&self) -> Status {
        match self.handle() {
            // SAFETY: the simulator reports a deregistration that is out of place.
            Handle::Client(handle) => unsafe { self.world.deregister_client(handle) },
            // SAFETY: as above.
            Handle::Provider(handle) => unsafe { self.world.deregister_provider(handle) },
        }
    }

    pub(crate) fn wait(&self) -> Status {
        match self.handle() {
            // SAFETY: the simulator reports a wait that is out of place.
            Handle::Client(handle) => unsafe { self.world.wait_for_client_deregister_complete(handle) },
            // SAFETY: as above.
            Handle::Provider(handle) => unsafe { self.world.wait_for_provider_deregister_complete(handle) },
        }
    }

    /// Deregisters and waits.
    #[track_caller]
    pub(crate) fn take_down(&self) {
        assert_eq!(self.deregister(), Status::PENDING);
        assert_eq!(self.wait(), Status::SUCCESS);
    }

    /// The registration's handle as C sees it.
    pub(crate) fn raw_handle(&self) -> *mut c_void {
        match self.handle() {
            Handle::Client(handle) => handle.as_raw(),
            Handle::Provider(handle) => handle.as_raw(),
        }
    }

    /// Whether a registration's structure is the one of this peer.
    pub(crate) fn owns(&self, instance: *const RegistrationInstance) -> bool {
        std::ptr::eq(
            instance,
            match self.characteristics.get().unwrap() {
                Characteristics::Client(client) => &raw const client.registration_instance,
                Characteristics::Provider(provider) => &raw const provider.registration_instance,
            },
        )
    }

    /// The handles of the bindings that this peer accepted, in order.
    pub(crate) fn bound(&self) -> Vec<BindingHandle> {
        self.bound.lock().unwrap().clone()
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().iter().map(|(call, _)| *call).collect()
    }

    /// The threads on which this peer was called.
    pub(crate) fn threads(&self) -> Vec<ThreadId> {
        self.calls.lock().unwrap().iter().map(|(_, thread)| *thread).collect()
    }

    pub(crate) fn count(&self, wanted: Call) -> usize {
        self.calls().into_iter().filter(|call| *call == wanted).count()
    }

    fn handle(&self) -> Handle {
        self.handle.lock().unwrap().expect("registered")
    }

    fn called(&self, call: Call) {
        self.calls.lock().unwrap().push((call, std::thread::current().id()));
    }
}

unsafe extern "system" fn on_client_attach(
    handle: BindingHandle,
    context: *mut c_void,
    instance: *const RegistrationInstance,
) -> Status {
    // SAFETY: the registration context is the peer, which outlives the registration.
    let peer = unsafe { &*context.cast::<Peer>() };
    peer.called(Call::Attach);
    (peer.script.attach)(&Offer { peer, handle, instance, outs: None })
}

unsafe extern "system" fn on_provider_attach(
    handle: BindingHandle,
    context: *mut c_void,
    instance: *const RegistrationInstance,
    _client_context: *mut c_void,
    _client_dispatch: *const c_void,
    context_out: *mut *mut c_void,
    dispatch_out: *mut *const c_void,
) -> Status {
    // SAFETY: the registration context is the peer, which outlives the registration.
    let peer = unsafe { &*context.cast::<Peer>() };
    peer.called(Call::Attach);
    (peer.script.attach)(&Offer { peer, handle, instance, outs: Some((context_out, dispatch_out)) })
}

unsafe extern "system" fn on_detach(context: *mut c_void) -> Status {
    // Copied, as the module's last access: a completion inside may clean the context up before this returns.
    // SAFETY: the binding context lives until the cleanup callback.
    let bound = unsafe { &*context.cast::<Bound>() };
    let bound = Bound { peer: bound.peer, handle: bound.handle };
    bound.peer().called(Call::Detach);
    (bound.peer().script.detach)(&bound)
}

unsafe extern "system" fn on_cleanup(context: *mut c_void) {
    // SAFETY: made by `accept`, and this is its only cleanup.
    let bound = unsafe { Box::from_raw(context.cast::<Bound>()) };
    bound.peer().called(Call::Cleanup);
    (bound.peer().script.cleanup)(&bound);
}
