//! A module as one writes it in C: raw callbacks, contexts behind void pointers, and room for every mistake.
//!
//! A toy frees nothing. A context that C would free is marked freed, and every touch of a freed one is noted, so that
//! mistakes can be made, and seen, without undefined behaviour in the process that makes them. Toys are kept for as long
//! as the process, so that a late call finds one.

#![expect(unsafe_code, reason = "is a module in C's terms")]

mod callbacks;
mod context;
mod offer;
mod script;

pub use callbacks::null_uses;
pub use context::Context;
pub use offer::Offer;
pub use script::Script;

use crate::drivers::adder;
use core::ffi::c_void;
use nmr::abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, ModuleId, ProviderCharacteristics, ProviderHandle,
    Registrar, RegistrationInstance,
};
use nmr::{Guid, Npi, Status};
use nmr_sim::{Side, World};
use std::sync::atomic::AtomicPtr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

/// What a toy was seen to do that in C would corrupt memory or stop the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    UseAfterFree,
    DoubleFree,
    BlockedAtDispatch,
    /// It waits for something that its own thread holds up.
    Hung,
    /// It was called before it was ready.
    NotReady,
}

/// What a toy was called for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Attach,
    Detach,
    Cleanup,
    Served,
}

/// The module.
pub struct Toy {
    pub world: World,
    pub side: Side,
    script: Script,
    characteristics: Characteristics,
    handle: Mutex<Option<Handle>>,
    faults: Mutex<Vec<Fault>>,
    calls: Mutex<Vec<(Call, ThreadId)>>,
    contexts: Mutex<Vec<&'static Context>>,
}

#[derive(Clone, Copy)]
enum Characteristics {
    Client(&'static ClientCharacteristics),
    Provider(&'static ProviderCharacteristics),
}

// SAFETY: the structures are kept for as long as the process, and nobody changes them.
unsafe impl Send for Characteristics {}
// SAFETY: as for `Send`.
unsafe impl Sync for Characteristics {}

/// What `NmrRegister*` gave.
#[derive(Clone, Copy, Debug)]
pub enum Handle {
    Client(ClientHandle),
    Provider(ProviderHandle),
}

impl Handle {
    pub fn as_raw(self) -> *mut c_void {
        match self {
            Self::Client(handle) => handle.as_raw(),
            Self::Provider(handle) => handle.as_raw(),
        }
    }
}

/// Storage as long as the process, which stays reachable, so that leak checkers see what is meant.
fn keep<T>(value: T) -> &'static T {
    static KEPT: Mutex<Vec<AtomicPtr<c_void>>> = Mutex::new(Vec::new());
    let value = Box::into_raw(Box::new(value));
    lock(&KEPT).push(AtomicPtr::new(value.cast()));
    // SAFETY: a box that nobody frees.
    unsafe { &*value }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Toy {
    /// A module that is not registered yet.
    pub fn new(world: &World, side: Side, script: Script) -> &'static Self {
        let module = keep(ModuleId::from_guid(Guid::from_u128(script.module)));
        let mut registration_instance = RegistrationInstance::new(const { &adder::Npi::ID }, module);
        registration_instance.number = script.number;
        let (version, length) = (0, 72);
        let characteristics = match side {
            Side::Client => Characteristics::Client(keep(ClientCharacteristics {
                version,
                length,
                attach_provider: callbacks::attach_provider,
                detach_provider: callbacks::detach,
                cleanup_binding_context: Some(callbacks::cleanup),
                registration_instance,
            })),
            Side::Provider => Characteristics::Provider(keep(ProviderCharacteristics {
                version,
                length,
                attach_client: callbacks::attach_client,
                detach_client: callbacks::detach,
                cleanup_binding_context: Some(callbacks::cleanup),
                registration_instance,
            })),
        };
        keep(Self {
            world: world.clone(),
            side,
            script,
            characteristics,
            handle: Mutex::default(),
            faults: Mutex::default(),
            calls: Mutex::default(),
            contexts: Mutex::default(),
        })
    }

    /// A registered module.
    pub fn registered(world: &World, side: Side, script: Script) -> &'static Self {
        let toy = Self::new(world, side, script);
        assert_eq!(toy.register(), Status::SUCCESS);
        toy
    }

    /// `NmrRegisterClient` or `NmrRegisterProvider`.
    pub fn register(&'static self) -> Status {
        let context = core::ptr::from_ref(self).cast_mut().cast::<c_void>();
        let (status, handle) = match self.characteristics {
            Characteristics::Client(characteristics) => {
                let mut handle = ClientHandle::NULL;
                // SAFETY: everything passed is kept.
                let status = unsafe { self.world.register_client(characteristics, context, &mut handle) };
                (status, Handle::Client(handle))
            }
            Characteristics::Provider(characteristics) => {
                let mut handle = ProviderHandle::NULL;
                // SAFETY: everything passed is kept.
                let status = unsafe { self.world.register_provider(characteristics, context, &mut handle) };
                (status, Handle::Provider(handle))
            }
        };
        if status.is_success() {
            *lock(&self.handle) = Some(handle);
        }
        status
    }

    /// NMR's handle; NULL of its kind if there is none.
    pub fn handle(&self) -> Handle {
        let none = match self.side {
            Side::Client => Handle::Client(ClientHandle::NULL),
            Side::Provider => Handle::Provider(ProviderHandle::NULL),
        };
        lock(&self.handle).unwrap_or(none)
    }

    /// `NmrDeregisterClient` or `NmrDeregisterProvider`, whether or not that makes sense.
    pub fn deregister(&self) -> Status {
        match self.handle() {
            // SAFETY: the simulator reports a deregistration that is out of place.
            Handle::Client(handle) => unsafe { self.world.deregister_client(handle) },
            // SAFETY: as above.
            Handle::Provider(handle) => unsafe { self.world.deregister_provider(handle) },
        }
    }

    /// `NmrWaitForClientDeregisterComplete` or `NmrWaitForProviderDeregisterComplete`, likewise.
    pub fn wait(&self) -> Status {
        match self.handle() {
            // SAFETY: the simulator reports a wait that is out of place.
            Handle::Client(handle) => unsafe { self.world.wait_for_client_deregister_complete(handle) },
            // SAFETY: as above.
            Handle::Provider(handle) => unsafe { self.world.wait_for_provider_deregister_complete(handle) },
        }
    }

    /// Deregisters and waits.
    #[track_caller]
    pub fn take_down(&self) {
        assert_eq!(self.deregister(), Status::PENDING);
        assert_eq!(self.wait(), Status::SUCCESS);
    }

    /// The completion function of this side.
    pub fn complete(&self, handle: BindingHandle) {
        match self.side {
            // SAFETY: the simulator reports a completion that is not due.
            Side::Client => unsafe { self.world.client_detach_provider_complete(handle) },
            // SAFETY: as above.
            Side::Provider => unsafe { self.world.provider_detach_client_complete(handle) },
        }
    }

    /// The structure that peers are shown.
    pub fn instance(&self) -> *const RegistrationInstance {
        match self.characteristics {
            Characteristics::Client(characteristics) => &raw const characteristics.registration_instance,
            Characteristics::Provider(characteristics) => &raw const characteristics.registration_instance,
        }
    }

    pub fn note(&self, fault: Fault) {
        lock(&self.faults).push(fault);
    }

    pub fn faults(&self) -> Vec<Fault> {
        lock(&self.faults).clone()
    }

    /// The contexts of the bindings so far, oldest first.
    pub fn contexts(&self) -> Vec<&'static Context> {
        lock(&self.contexts).clone()
    }

    /// How often the module was called for `wanted`.
    pub fn count(&self, wanted: Call) -> usize {
        lock(&self.calls).iter().filter(|(call, _)| *call == wanted).count()
    }

    /// The threads on which the module was called for `wanted`.
    pub fn threads(&self, wanted: Call) -> Vec<ThreadId> {
        let calls = lock(&self.calls);
        calls.iter().filter(|(call, _)| *call == wanted).map(|(_, thread)| *thread).collect()
    }

    fn called(&self, call: Call) {
        lock(&self.calls).push((call, std::thread::current().id()));
    }

    fn table(&self) -> *const c_void {
        match self.side {
            Side::Client => (&raw const callbacks::CLIENT).cast(),
            Side::Provider => (&raw const callbacks::PROVIDER).cast(),
        }
    }
}
