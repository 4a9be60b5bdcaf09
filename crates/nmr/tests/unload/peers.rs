//! Peers as C drivers write them: a provider of Adder that blocks or pends, and a client of Hook that remembers whom it
//! was offered.

#![expect(unsafe_code, reason = "are peers in C's terms")]

use crate::drivers::{adder, hook};
use core::ffi::c_void;
use nmr::abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, Guid, ModuleId, ProviderCharacteristics,
    ProviderHandle, Registrar, RegistrationInstance,
};
use nmr::{Npi, Status};
use nmr_sim::World;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

/// Storage as long as the process, which stays reachable, so that leak checkers see what is meant.
fn keep<T>(value: T) -> &'static T {
    static KEPT: Mutex<Vec<AtomicPtr<c_void>>> = Mutex::new(Vec::new());
    let value = Box::leak(Box::new(value));
    KEPT.lock().expect("no panic").push(AtomicPtr::new(core::ptr::from_mut(value).cast()));
    value
}

/// What the provider does when it is detached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDetach {
    #[default]
    Answer,
    /// It stays in its detach callback until it is released.
    Block,
    /// The same, for the first detach only.
    BlockFirst,
    /// It answers STATUS_PENDING, and completes when it is released.
    Pend,
    /// The same for the first detach only; it blocks in the others.
    PendFirst,
}

/// A provider of Adder.
pub struct Stubborn {
    world: World,
    handle: Mutex<ProviderHandle>,
    on_detach: OnDetach,
    /// Detach callbacks that are blocked, and the most that ever were at a time.
    blocked: AtomicUsize,
    most_blocked: AtomicUsize,
    pending: Mutex<Vec<BindingHandle>>,
    /// How many blocked callbacks may go on.
    released: Mutex<usize>,
    release: Condvar,
    /// Detach callbacks that have come so far.
    detaching: AtomicUsize,
    /// Attach callbacks stay until it is cleared.
    hold_attach: AtomicBool,
    attaching: AtomicUsize,
}

/// The module id of the provider.
pub const STUBBORN: &str = "00000000-0000-0000-0000-00000000c0de";

impl Stubborn {
    pub fn register(world: &World, on_detach: OnDetach) -> &'static Self {
        let this = Self::unregistered(world, on_detach);
        this.join();
        this
    }

    pub fn unregistered(world: &World, on_detach: OnDetach) -> &'static Self {
        Self::of(world, on_detach, false)
    }

    /// A provider that is not registered yet, and whose attach callbacks stay until [`Self::let_attach`].
    pub fn holding_attach(world: &World) -> &'static Self {
        Self::of(world, OnDetach::Answer, true)
    }

    fn of(world: &World, on_detach: OnDetach, hold_attach: bool) -> &'static Self {
        keep(Self {
            world: world.clone(),
            handle: Mutex::new(ProviderHandle::NULL),
            on_detach,
            blocked: AtomicUsize::new(0),
            most_blocked: AtomicUsize::new(0),
            pending: Mutex::default(),
            released: Mutex::new(0),
            release: Condvar::new(),
            detaching: AtomicUsize::new(0),
            hold_attach: AtomicBool::new(hold_attach),
            attaching: AtomicUsize::new(0),
        })
    }

    /// Registers, which attaches whoever is there.
    pub fn join(&'static self) {
        static ID: Guid = adder::Npi::ID;
        static MODULE: ModuleId = ModuleId::from_guid(Guid::from_u128(0xc0de));
        let characteristics = keep(ProviderCharacteristics {
            version: 0,
            length: 72,
            attach_client,
            detach_client,
            cleanup_binding_context: Some(cleanup),
            registration_instance: RegistrationInstance::new(&ID, &MODULE),
        });
        let mut handle = ProviderHandle::NULL;
        let context = core::ptr::from_ref(self).cast_mut().cast();
        // SAFETY: everything passed is kept.
        let status = unsafe { self.world.register_provider(characteristics, context, &mut handle) };
        assert_eq!(status, Status::SUCCESS);
        *self.handle.lock().expect("no panic") = handle;
    }

    pub fn let_attach(&self) {
        self.hold_attach.store(false, Ordering::SeqCst);
    }

    pub fn attaching(&self) -> usize {
        self.attaching.load(Ordering::SeqCst)
    }

    /// How many detach callbacks have come.
    pub fn detached(&self) -> usize {
        self.detaching.load(Ordering::SeqCst)
    }

    pub fn blocked(&self) -> usize {
        self.blocked.load(Ordering::SeqCst)
    }

    pub fn most_blocked(&self) -> usize {
        self.most_blocked.load(Ordering::SeqCst)
    }

    pub fn pending(&self) -> usize {
        self.pending.lock().expect("no panic").len()
    }

    /// Lets `count` blocked callbacks return, those that come later included.
    pub fn release(&self, count: usize) {
        *self.released.lock().expect("no panic") += count;
        self.release.notify_all();
    }

    /// Completes what pends.
    pub fn complete(&self) {
        for binding in core::mem::take(&mut *self.pending.lock().expect("no panic")) {
            // SAFETY: its detach callback answered, or is about to answer, STATUS_PENDING.
            unsafe { self.world.provider_detach_client_complete(binding) };
        }
    }

    pub fn leave(&self) {
        let handle = *self.handle.lock().expect("no panic");
        // SAFETY: registered; the tests call this once.
        assert_eq!(unsafe { self.world.deregister_provider(handle) }, Status::PENDING);
        // SAFETY: deregistered before, and waited for once.
        let status = unsafe { self.world.wait_for_provider_deregister_complete(handle) };
        assert_eq!(status, Status::SUCCESS);
    }

    fn block(&self) {
        let blocked = self.blocked.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_blocked.fetch_max(blocked, Ordering::SeqCst);
        let released = self.released.lock().expect("no panic");
        let mut released = self.release.wait_while(released, |released| *released == 0).expect("no panic");
        *released -= 1;
        self.blocked.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Binding {
    provider: &'static Stubborn,
    handle: BindingHandle,
}

unsafe extern "system" fn add(_: *mut c_void, a: u32, b: u32, sum: *mut u32) -> Status {
    // SAFETY: the caller passes a place for the sum.
    unsafe { sum.write(a + b) };
    Status::SUCCESS
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
    // SAFETY: the registration context is the kept provider.
    let provider: &'static Stubborn = unsafe { &*context.cast_const().cast() };
    provider.attaching.fetch_add(1, Ordering::SeqCst);
    while provider.hold_attach.load(Ordering::SeqCst) {
        std::thread::yield_now();
    }
    let header: usize = 1 | 16 << 16;
    let table = [core::ptr::without_provenance_mut(header), add as *mut c_void].map(AtomicPtr::new);
    let binding = Box::into_raw(Box::new(Binding { provider, handle }));
    // SAFETY: NMR passes places for both.
    unsafe { provider_context.write(binding.cast()) };
    // SAFETY: as above.
    unsafe { provider_table.write(core::ptr::from_ref(keep(table)).cast()) };
    Status::SUCCESS
}

unsafe extern "system" fn detach_client(context: *mut c_void) -> Status {
    // SAFETY: the binding context of the attach callback, which cleanup has not freed.
    let Binding { provider, handle } = unsafe { &*context.cast_const().cast() };
    let before = provider.detaching.fetch_add(1, Ordering::SeqCst);
    match provider.on_detach {
        OnDetach::Answer => Status::SUCCESS,
        OnDetach::BlockFirst if before > 0 => Status::SUCCESS,
        OnDetach::PendFirst if before > 0 => {
            provider.block();
            Status::SUCCESS
        }
        OnDetach::Block | OnDetach::BlockFirst => {
            provider.block();
            Status::SUCCESS
        }
        OnDetach::Pend | OnDetach::PendFirst => {
            provider.pending.lock().expect("no panic").push(*handle);
            Status::PENDING
        }
    }
}

unsafe extern "system" fn cleanup(context: *mut c_void) {
    // SAFETY: the binding context of the attach callback, freed here and nowhere else.
    drop(unsafe { Box::from_raw(context.cast::<Binding>()) });
}

/// What a client saw of a provider.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    pub module_id: ModuleId,
    pub number: u32,
    /// What the characteristics point to; 0 without any.
    pub characteristics: u32,
}

/// A client of Hook that accepts every provider and looks at it again when it is detached.
pub struct Curious {
    world: World,
    /// Attach callbacks stay until it is cleared, before the provider hears of them.
    hold_attach: AtomicBool,
    handle: Mutex<ClientHandle>,
    offered: Mutex<Vec<Seen>>,
    at_detach: Mutex<Vec<Seen>>,
}

struct Offered {
    client: &'static Curious,
    instance: *const RegistrationInstance,
}

impl Curious {
    pub fn register(world: &World) -> &'static Self {
        let this = Self::of(world, false);
        this.join();
        this
    }

    /// A client that is not registered yet, and whose attach callbacks stay until [`Self::let_attach`].
    pub fn holding_attach(world: &World) -> &'static Self {
        Self::of(world, true)
    }

    fn of(world: &World, hold_attach: bool) -> &'static Self {
        keep(Self {
            world: world.clone(),
            hold_attach: AtomicBool::new(hold_attach),
            handle: Mutex::new(ClientHandle::NULL),
            offered: Mutex::default(),
            at_detach: Mutex::default(),
        })
    }

    /// Registers, which attaches whoever is there.
    pub fn join(&'static self) {
        static ID: Guid = hook::Npi::ID;
        static MODULE: ModuleId = ModuleId::from_guid(Guid::from_u128(0xc11));
        let characteristics = keep(ClientCharacteristics {
            version: 0,
            length: 72,
            attach_provider,
            detach_provider,
            cleanup_binding_context: Some(forget_provider),
            registration_instance: RegistrationInstance::new(&ID, &MODULE),
        });
        let mut handle = ClientHandle::NULL;
        let context = core::ptr::from_ref(self).cast_mut().cast();
        // SAFETY: everything passed is kept.
        let status = unsafe { self.world.register_client(characteristics, context, &mut handle) };
        assert_eq!(status, Status::SUCCESS);
        *self.handle.lock().expect("no panic") = handle;
    }

    pub fn let_attach(&self) {
        self.hold_attach.store(false, Ordering::SeqCst);
    }

    /// Whom it was offered, in order.
    pub fn offered(&self) -> Vec<Seen> {
        self.offered.lock().expect("no panic").clone()
    }

    /// What it saw of those that went, in order.
    pub fn at_detach(&self) -> Vec<Seen> {
        self.at_detach.lock().expect("no panic").clone()
    }

    pub fn leave(&self) {
        let handle = *self.handle.lock().expect("no panic");
        // SAFETY: registered; the tests call this once.
        assert_eq!(unsafe { self.world.deregister_client(handle) }, Status::PENDING);
        // SAFETY: deregistered before, and waited for once.
        let status = unsafe { self.world.wait_for_client_deregister_complete(handle) };
        assert_eq!(status, Status::SUCCESS);
    }
}

/// # Safety
/// `instance` is what NMR passed for a provider that is registered.
unsafe fn look(instance: *const RegistrationInstance) -> Seen {
    // SAFETY: as the caller says.
    let instance = unsafe { &*instance };
    // SAFETY: the provider keeps it as long as it is registered.
    let module_id = unsafe { *instance.module_id };
    let characteristics = instance.npi_specific_characteristics.cast::<u32>();
    // SAFETY: NULL, or a number, which the provider keeps as long as it is registered.
    let characteristics = unsafe { characteristics.as_ref() }.copied().unwrap_or(0);
    Seen { module_id, number: instance.number, characteristics }
}

unsafe extern "system" fn attach_provider(
    binding: BindingHandle,
    context: *mut c_void,
    instance: *const RegistrationInstance,
) -> Status {
    // SAFETY: the registration context is the kept client.
    let client: &'static Curious = unsafe { &*context.cast_const().cast() };
    // SAFETY: NMR passes the provider's instance.
    client.offered.lock().expect("no panic").push(unsafe { look(instance) });
    while client.hold_attach.load(Ordering::SeqCst) {
        std::thread::yield_now();
    }
    let offered = Box::into_raw(Box::new(Offered { client, instance }));
    let (mut provider_context, mut provider_table) = (core::ptr::null_mut(), core::ptr::null());
    // A client without functions: its table is a header.
    let table = keep(1_u64 | 8 << 16);
    // SAFETY: inside the attach callback of this binding, with a context and a table that stay.
    let status = unsafe {
        client.world.client_attach_provider(
            binding,
            offered.cast(),
            core::ptr::from_ref(table).cast(),
            &mut provider_context,
            &mut provider_table,
        )
    };
    if !status.is_success() {
        // SAFETY: declined, so nobody else knows of it.
        drop(unsafe { Box::from_raw(offered) });
    }
    status
}

unsafe extern "system" fn detach_provider(context: *mut c_void) -> Status {
    // SAFETY: the binding context, which cleanup has not freed.
    let Offered { client, instance } = unsafe { &*context.cast_const().cast::<Offered>() };
    // SAFETY: the provider is registered until its wait returns, which covers this callback.
    client.at_detach.lock().expect("no panic").push(unsafe { look(*instance) });
    Status::SUCCESS
}

unsafe extern "system" fn forget_provider(context: *mut c_void) {
    // SAFETY: the binding context, freed here and nowhere else.
    drop(unsafe { Box::from_raw(context.cast::<Offered>()) });
}
