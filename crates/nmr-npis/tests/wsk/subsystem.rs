//! The WSK of the tests as a provider module: it tells its versions, and waits for its client's sockets when it goes.

#![expect(unsafe_code, reason = "is a peer in C's terms")]

use crate::functions;
use crate::sockets::Network;
use core::ffi::c_void;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use nmr::Status;
use nmr::abi::{
    BindingHandle, Guid, ModuleId, ProviderCharacteristics, ProviderHandle, Registrar, RegistrationInstance,
};
use nmr_npis::wsk::{ClientDispatch, ProviderDispatch};
use nmr_sim::World;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

pub const ADDRESS_ALREADY_EXISTS: Status = Status(0xC000_020A_u32 as i32);
pub const CONNECTION_REFUSED: Status = Status(0xC000_0236_u32 as i32);
pub const CANCELLED: Status = Status(0xC000_0120_u32 as i32);
/// Whoever connects here gets back what it sends.
pub const ECHO: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 7);

/// Where everybody who connects to a listening socket comes from.
pub const CALLER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 49152);

/// `WSK_PROVIDER_CHARACTERISTICS`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Versions {
    highest: u16,
    lowest: u16,
}

impl Versions {
    pub const ONE: Self = Self::of(0x0100, 0x0100);

    pub const fn of(highest: u16, lowest: u16) -> Self {
        Self { highest, lowest }
    }
}

pub struct Subsystem {
    world: World,
    handle: ProviderHandle,
    kept: &'static Kept,
}

struct Kept {
    world: World,
    versions: Versions,
    characteristics: Mutex<Option<Box<ProviderCharacteristics>>>,
    asked_for: Mutex<Vec<u16>>,
    clients: Mutex<Vec<Arc<Network>>>,
    table: ProviderDispatch,
}

/// One client, `WSK_CLIENT`.
pub struct Client {
    pub network: Arc<Network>,
    kept: &'static Kept,
    binding: BindingHandle,
}

/// Storage as long as the process, which stays reachable, so that leak checkers see what is meant.
fn keep<T>(value: T) -> &'static T {
    static KEPT: Mutex<Vec<AtomicPtr<c_void>>> = Mutex::new(Vec::new());
    let value = Box::leak(Box::new(value));
    KEPT.lock().expect("no panic").push(AtomicPtr::new(core::ptr::from_mut(value).cast()));
    value
}

impl Subsystem {
    pub fn register(world: &World, versions: Versions) -> Self {
        static ID: Guid = Guid::from_u128(0x2227_e803_8d8b_11d4_abad_0090_2771_9e09);
        static MODULE: ModuleId = ModuleId::from_guid(Guid::from_u128(0x3501));
        let kept = keep(Kept {
            world: world.clone(),
            versions,
            characteristics: Mutex::default(),
            asked_for: Mutex::default(),
            clients: Mutex::default(),
            table: functions::table(versions.highest),
        });
        let characteristics = ProviderCharacteristics {
            version: 0,
            length: 72,
            attach_client,
            detach_client,
            cleanup_binding_context: Some(cleanup),
            registration_instance: RegistrationInstance {
                npi_specific_characteristics: core::ptr::from_ref(&kept.versions).cast(),
                ..RegistrationInstance::new(&ID, &MODULE)
            },
        };
        let address: *const ProviderCharacteristics =
            &**kept.characteristics.lock().expect("no panic").insert(Box::new(characteristics));
        let mut handle = ProviderHandle::NULL;
        let context = core::ptr::from_ref(kept).cast_mut().cast();
        // SAFETY: everything passed is kept.
        let status = unsafe { world.register_provider(address, context, &mut handle) };
        assert_eq!(status, Status::SUCCESS);
        Self { world: world.clone(), handle, kept }
    }

    /// Deregisters, and waits for the clients to close their sockets.
    pub fn leave(self) {
        // SAFETY: registered, and deregistered once.
        assert_eq!(unsafe { self.world.deregister_provider(self.handle) }, Status::PENDING);
        // SAFETY: deregistered, and waited for once.
        let status = unsafe { self.world.wait_for_provider_deregister_complete(self.handle) };
        assert_eq!(status, Status::SUCCESS);
    }

    fn sum(&self, of: impl Fn(&Network) -> &AtomicUsize) -> usize {
        let clients = self.kept.clients.lock().expect("no panic");
        clients.iter().map(|network| of(network).load(Ordering::SeqCst)).sum()
    }

    /// Sockets that are open, when all that were to be closed are.
    pub fn sockets(&self) -> usize {
        let clients = self.kept.clients.lock().expect("no panic").clone();
        clients.iter().for_each(|network| network.settle());
        self.sum(|network| &network.sockets)
    }

    /// Requests that were cancelled.
    pub fn cancelled(&self) -> usize {
        self.sum(|network| &network.cancelled)
    }

    pub fn wait_until_pending(&self, requests: usize) {
        while self.sum(|network| &network.pending) < requests {
            std::thread::yield_now();
        }
    }

    /// The versions that clients asked for.
    pub fn asked_for(&self) -> Vec<u16> {
        self.kept.asked_for.lock().expect("no panic").clone()
    }
}

unsafe extern "system" fn attach_client(
    binding: BindingHandle,
    context: *mut c_void,
    _: *const RegistrationInstance,
    _: *mut c_void,
    dispatch: *const c_void,
    provider_context: *mut *mut c_void,
    provider_dispatch: *mut *const c_void,
) -> Status {
    // SAFETY: the registration context is kept.
    let kept: &'static Kept = unsafe { &*context.cast_const().cast() };
    // SAFETY: WSK's clients hand out such a table.
    let dispatch: ClientDispatch = unsafe { dispatch.cast::<ClientDispatch>().read() };
    kept.asked_for.lock().expect("no panic").push(dispatch.version);
    if !(kept.versions.lowest..=kept.versions.highest).contains(&dispatch.version) {
        return Status::NOINTERFACE;
    }
    let network = Network::start();
    kept.clients.lock().expect("no panic").push(Arc::clone(&network));
    let client = Box::into_raw(Box::new(Client { network, kept, binding }));
    // SAFETY: NMR passes places for both.
    unsafe { provider_context.write(client.cast()) };
    // SAFETY: as above.
    unsafe { provider_dispatch.write(core::ptr::from_ref(&kept.table).cast()) };
    Status::SUCCESS
}

/// WSK does not finish detaching before its client has closed all sockets.
unsafe extern "system" fn detach_client(client: *mut c_void) -> Status {
    // SAFETY: the binding context of the attach callback, which cleanup has not freed.
    let Client { network, kept, binding } = unsafe { &*client.cast_const().cast() };
    let (world, binding) = (kept.world.clone(), *binding);
    let complete = move || {
        // SAFETY: the detach callback has answered that this comes.
        unsafe { world.provider_detach_client_complete(binding) };
    };
    if network.when_closed(Box::new(complete)) { Status::PENDING } else { Status::SUCCESS }
}

unsafe extern "system" fn cleanup(client: *mut c_void) {
    // SAFETY: the binding context of the attach callback, freed here and nowhere else.
    drop(unsafe { Box::from_raw(client.cast::<Client>()) });
}
