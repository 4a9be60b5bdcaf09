//! A module with nothing of its own: what it registers and its binding contexts are memory of the world, its contexts
//! and tables are what a test gives it.

#![expect(
    unsafe_code,
    reason = "plays a C module: raw callbacks, structures that a test changes under the NMR"
)]

use nmr_abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, Guid, ModuleId, NpiId, ProviderCharacteristics,
    ProviderHandle, Registrar, RegistrationInstance, Status,
};
use nmr_sim::{Side, World};
use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};

/// What a module gives to the NMR and to its peer.
pub(crate) struct Bare {
    pub(crate) world: World,
    side: Side,
    /// The `NPI_*_CHARACTERISTICS`, which both sides have in one shape.
    pub(crate) structure: *mut ClientCharacteristics,
    pub(crate) module_id: *mut ModuleId,
    pub(crate) npi: *mut NpiId,
    /// The binding context that it gives next.
    pub(crate) context: AtomicPtr<c_void>,
    /// The dispatch table that it gives next.
    pub(crate) dispatch: AtomicPtr<c_void>,
    /// What its provider's attach callback answers.
    answer: Status,
    handle: AtomicPtr<c_void>,
    pub(crate) cleanups: AtomicUsize,
}

/// Room for a `T` in memory of the world, which is filled with `value`.
pub(crate) fn place<T: Copy>(world: &World, value: T) -> *mut T {
    let place = world.allocate(size_of::<T>()).cast::<T>();
    assert!(!place.is_null());
    // SAFETY: as large as a `T`, and aligned as pool memory.
    unsafe { place.write(value) };
    place
}

/// Frees what [`place`] made.
pub(crate) fn free<T>(world: &World, place: *mut T) {
    // SAFETY: whether it may be freed is what the world is to judge.
    unsafe { world.free(place.cast()) };
}

/// Writes to what [`place`] made, which may be freed by now: the world is to find that.
pub(crate) fn put<T>(place: *mut T, value: T) {
    // SAFETY: the world keeps what was freed for a while.
    unsafe { place.write(value) };
}

/// Registers a client at NULL.
pub(crate) fn register_nothing(world: &World) {
    let mut handle = ClientHandle::NULL;
    // SAFETY: NULL is what is tried; the world looks first.
    let status = unsafe { world.register_client(null(), null_mut(), &mut handle) };
    assert_eq!(status, Status::INVALID_PARAMETER);
}

impl Bare {
    /// A module of NPI 1 that can be registered, with NULL for its binding contexts and tables.
    pub(crate) fn new(world: &World, side: Side) -> Box<Self> {
        let npi = place(world, NpiId::from_u128(1));
        let module_id = place(world, ModuleId::from_guid(Guid::from_u128(0xb)));
        let registration_instance = RegistrationInstance::new(npi, module_id);
        let length = size_of::<ClientCharacteristics>() as u16;
        let (version, cleanup) = (0, Some(cleanup as _));
        let structure = match side {
            Side::Client => place(
                world,
                ClientCharacteristics {
                    version,
                    length,
                    attach_provider,
                    detach_provider: detach,
                    cleanup_binding_context: cleanup,
                    registration_instance,
                },
            ),
            Side::Provider => {
                let provider = ProviderCharacteristics {
                    version,
                    length,
                    attach_client,
                    detach_client: detach,
                    cleanup_binding_context: cleanup,
                    registration_instance,
                };
                place(world, provider).cast()
            }
        };
        Box::new(Self {
            world: world.clone(),
            side,
            structure,
            module_id,
            npi,
            context: AtomicPtr::default(),
            dispatch: AtomicPtr::default(),
            answer: Status::SUCCESS,
            handle: AtomicPtr::default(),
            cleanups: AtomicUsize::new(0),
        })
    }

    /// The same with another answer of the provider's attach callback.
    pub(crate) fn answering(mut self: Box<Self>, answer: Status) -> Box<Self> {
        self.answer = answer;
        self
    }

    /// Another module that registers what this one registers.
    pub(crate) fn twin(&self) -> Box<Self> {
        Box::new(Self {
            world: self.world.clone(),
            context: AtomicPtr::default(),
            dispatch: AtomicPtr::default(),
            handle: AtomicPtr::default(),
            cleanups: AtomicUsize::new(0),
            ..*self
        })
    }

    /// Changes the structure, registered or not.
    pub(crate) fn change(&self, change: impl FnOnce(&mut ClientCharacteristics)) {
        // SAFETY: memory of this module; both characteristics structures have this shape.
        change(unsafe { &mut *self.structure });
    }

    pub(crate) fn register(&self) -> Status {
        let context: *mut c_void = std::ptr::from_ref(self).cast_mut().cast();
        let (status, raw) = match self.side {
            Side::Client => {
                let mut handle = ClientHandle::NULL;
                // SAFETY: the structure is there, whatever a test has put into it; this module outlives its registration.
                let status = unsafe { self.world.register_client(self.structure, context, &mut handle) };
                (status, handle.as_raw())
            }
            Side::Provider => {
                let mut handle = ProviderHandle::NULL;
                let structure = self.structure.cast();
                // SAFETY: as above.
                let status = unsafe { self.world.register_provider(structure, context, &mut handle) };
                (status, handle.as_raw())
            }
        };
        self.handle.store(raw, Relaxed);
        status
    }

    pub(crate) fn deregister(&self) -> Status {
        let raw = self.handle.load(Relaxed);
        match self.side {
            // SAFETY: the world judges whether it is time.
            Side::Client => unsafe { self.world.deregister_client(ClientHandle::from_raw(raw)) },
            // SAFETY: as above.
            Side::Provider => unsafe { self.world.deregister_provider(ProviderHandle::from_raw(raw)) },
        }
    }

    pub(crate) fn wait(&self) -> Status {
        let raw = self.handle.load(Relaxed);
        match self.side {
            Side::Client => {
                // SAFETY: the world judges whether it is time.
                unsafe { self.world.wait_for_client_deregister_complete(ClientHandle::from_raw(raw)) }
            }
            Side::Provider => {
                // SAFETY: as above.
                unsafe { self.world.wait_for_provider_deregister_complete(ProviderHandle::from_raw(raw)) }
            }
        }
    }

    pub(crate) fn take_down(&self) {
        assert_eq!(self.deregister(), Status::PENDING);
        assert_eq!(self.wait(), Status::SUCCESS);
    }

    /// Gives the memory of what was registered back.
    pub(crate) fn free(&self) {
        free(&self.world, self.structure);
        free(&self.world, self.module_id);
        free(&self.world, self.npi);
    }
}

unsafe extern "system" fn attach_provider(
    handle: BindingHandle,
    context: *mut c_void,
    _instance: *const RegistrationInstance,
) -> Status {
    // SAFETY: the registration context is a `Bare`, which outlives its registration.
    let bare = unsafe { &*context.cast::<Bare>() };
    let (mut peer, mut peer_dispatch) = (null_mut(), null());
    let (own, dispatch) = (bare.context.load(Relaxed), bare.dispatch.load(Relaxed));
    // SAFETY: inside the attach callback for `handle`; a test keeps the context and the table.
    unsafe { bare.world.client_attach_provider(handle, own, dispatch, &mut peer, &mut peer_dispatch) }
}

unsafe extern "system" fn attach_client(
    _handle: BindingHandle,
    context: *mut c_void,
    _instance: *const RegistrationInstance,
    _client: *mut c_void,
    _client_dispatch: *const c_void,
    context_out: *mut *mut c_void,
    dispatch_out: *mut *const c_void,
) -> Status {
    // SAFETY: the registration context is a `Bare`, which outlives its registration.
    let bare = unsafe { &*context.cast::<Bare>() };
    // SAFETY: the NMR gave a place for the context.
    unsafe { context_out.write(bare.context.load(Relaxed)) };
    // SAFETY: the NMR gave a place for the table.
    unsafe { dispatch_out.write(bare.dispatch.load(Relaxed)) };
    bare.answer
}

unsafe extern "system" fn detach(_context: *mut c_void) -> Status {
    Status::SUCCESS
}

unsafe extern "system" fn cleanup(context: *mut c_void) {
    if context.is_null() {
        return;
    }
    // SAFETY: a context of a `Bare` is a pointer to the module, or memory whose first word is one or zero.
    let bare = unsafe { context.cast::<*const Bare>().read() };
    // SAFETY: as above; a module outlives its bindings.
    if let Some(bare) = unsafe { bare.as_ref() } {
        bare.cleanups.fetch_add(1, Relaxed);
    }
}
