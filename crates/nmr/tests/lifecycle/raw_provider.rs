//! A provider of Adder as a C driver would write it, whose table may be anything.

#![expect(unsafe_code, reason = "is a peer in C's terms")]

use crate::drivers::adder;
use core::ffi::c_void;
use nmr::abi::{
    BindingHandle, Guid, ModuleId, ProviderCharacteristics, ProviderHandle, Registrar, RegistrationInstance,
};
use nmr::{Npi, Status};
use nmr_sim::World;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Barrier, Mutex};

/// A dispatch table, word by word.
pub type Table = Box<[AtomicPtr<c_void>]>;

/// What the provider does.
#[derive(Debug, Default)]
pub struct Behaviour {
    /// The dispatch table that it hands out, as words: the header, then functions.
    pub table: Option<Table>,
    /// Answers clients with this status.
    pub answer: Option<Status>,
    /// Stays in its attach callback until it has met the test there twice.
    pub meet: Option<&'static Barrier>,
    /// Detaches that are pending wait here for the test.
    pub pending: Option<Mutex<Sender<BindingHandle>>>,
}

impl Behaviour {
    /// A provider whose detaches the test completes.
    pub fn pending() -> (Self, Receiver<BindingHandle>) {
        let (sender, receiver) = channel();
        (Self { pending: Some(Mutex::new(sender)), ..Self::default() }, receiver)
    }
}

/// What became of the provider's bindings.
#[derive(Debug, Default)]
struct Registration {
    behaviour: Behaviour,
    detached: AtomicUsize,
    cleaned_up: AtomicUsize,
}

/// One binding's context.
struct Binding {
    registration: &'static Registration,
    handle: BindingHandle,
}

/// Storage as long as the process, which stays reachable, so that leak checkers see what is meant.
pub fn keep<T>(value: T) -> &'static T {
    static KEPT: Mutex<Vec<AtomicPtr<c_void>>> = Mutex::new(Vec::new());
    let value = Box::leak(Box::new(value));
    KEPT.lock().expect("no panic").push(AtomicPtr::new(core::ptr::from_mut(value).cast()));
    value
}

pub struct RawProvider {
    world: World,
    handle: ProviderHandle,
    registration: &'static Registration,
}

impl RawProvider {
    pub fn register(world: &World, behaviour: Behaviour) -> Self {
        let registration = keep(Registration { behaviour, ..Registration::default() });
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
        let context = core::ptr::from_ref(registration).cast_mut().cast();
        // SAFETY: everything passed is leaked.
        let status = unsafe { world.register_provider(characteristics, context, &mut handle) };
        assert_eq!(status, Status::SUCCESS);
        Self { world: world.clone(), handle, registration }
    }

    pub fn deregister(&self) {
        // SAFETY: the handle is registered; the tests call this once.
        assert_eq!(unsafe { self.world.deregister_provider(self.handle) }, Status::PENDING);
    }

    pub fn wait(self) {
        // SAFETY: deregistered before, and waited for once.
        let status = unsafe { self.world.wait_for_provider_deregister_complete(self.handle) };
        assert_eq!(status, Status::SUCCESS);
    }

    /// How many detaches and cleanups NMR has called for.
    pub fn ends(&self) -> (usize, usize) {
        let Registration { detached, cleaned_up, .. } = self.registration;
        (detached.load(Ordering::SeqCst), cleaned_up.load(Ordering::SeqCst))
    }

    pub fn complete(&self, binding: BindingHandle) {
        // SAFETY: the detach callback handed the binding out when it pended.
        unsafe { self.world.provider_detach_client_complete(binding) };
    }
}

/// The table of a provider that works, with a header of the test's choice.
pub fn table(version: u16, size: u16) -> Table {
    let header = usize::from(version) | usize::from(size) << 16;
    let words = [core::ptr::without_provenance_mut(header), add as *mut c_void];
    Box::new(words.map(AtomicPtr::new))
}

/// A table of these words, none of which is a function.
pub fn table_of(words: [usize; 2]) -> Table {
    Box::new(words.map(|word| AtomicPtr::new(core::ptr::without_provenance_mut(word))))
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
    // SAFETY: the registration context is the leaked registration.
    let registration: &'static Registration = unsafe { &*context.cast_const().cast() };
    let Behaviour { table, answer, meet, .. } = &registration.behaviour;
    if let Some(meet) = meet {
        meet.wait();
        meet.wait();
    }
    if let Some(answer) = answer {
        return *answer;
    }
    let binding = Box::into_raw(Box::new(Binding { registration, handle }));
    // SAFETY: NMR passes places for both.
    unsafe { provider_context.write(binding.cast()) };
    let table = table.as_ref().map_or(core::ptr::null(), |table| table.as_ptr().cast());
    // SAFETY: as above.
    unsafe { provider_table.write(table) };
    Status::SUCCESS
}

unsafe extern "system" fn detach_client(context: *mut c_void) -> Status {
    // SAFETY: the binding context of the attach callback, which cleanup has not freed.
    let Binding { registration, handle } = unsafe { &*context.cast_const().cast() };
    registration.detached.fetch_add(1, Ordering::SeqCst);
    let Some(pending) = &registration.behaviour.pending else { return Status::SUCCESS };
    pending.lock().expect("no panic").send(*handle).expect("the test listens");
    Status::PENDING
}

unsafe extern "system" fn cleanup(context: *mut c_void) {
    // SAFETY: the binding context of the attach callback, freed here and nowhere else.
    let binding = unsafe { Box::from_raw(context.cast::<Binding>()) };
    binding.registration.cleaned_up.fetch_add(1, Ordering::SeqCst);
}
