//! The core of eBPF for Windows as its extensions know it: one client registration for each program and each link, which
//! looks at module ids and headers and must be attached when NmrRegisterClient returns.

#![expect(unsafe_code, reason = "is a peer in C's terms")]

use core::ffi::c_void;
use nmr::abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, Guid, ModuleId, Registrar, RegistrationInstance,
};
use nmr::{CountHeader, Status, TotalHeader};
use nmr_sim::World;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// What a program does with its context; answers what it returned, or the `ebpf_result_t` with which it did not run.
pub type Body = fn(*mut c_void) -> Result<u32, u32>;

/// A client of the core: a program that looks for its program information, or a link that looks for its hook.
pub struct Client {
    kept: &'static Kept,
    handle: ClientHandle,
}

/// How the core knows the provider that it looks for.
enum Wanted {
    /// By its module id.
    Module(ModuleId),
    /// By the map type that it shows.
    MapType(u32),
}

struct Kept {
    world: World,
    npi: Guid,
    /// The program type or attach type: the provider that is wanted.
    wanted: Wanted,
    /// The least that the provider's characteristics must have, `ebpf_*_data_t` of version 1.
    least: usize,
    body: Option<Body>,
    runs: AtomicUsize,
    shown: AtomicPtr<c_void>,
    provider_context: AtomicPtr<c_void>,
    attached: AtomicUsize,
    offers: Mutex<Vec<Status>>,
    characteristics: Mutex<Option<Box<ClientCharacteristics>>>,
}

/// Storage as long as the process, which stays reachable, so that leak checkers see what is meant.
fn keep<T>(value: T) -> &'static T {
    static KEPT: Mutex<Vec<AtomicPtr<c_void>>> = Mutex::new(Vec::new());
    let value = Box::leak(Box::new(value));
    KEPT.lock().expect("no panic").push(AtomicPtr::new(core::ptr::from_mut(value).cast()));
    value
}

/// Loads a program of `program_type`: its program information must be there.
pub fn load_program(world: &World, program_type: Guid) -> Result<Client, Vec<Status>> {
    let wanted = Wanted::Module(ModuleId::from_guid(program_type));
    Client::register(world, PROGRAM_INFORMATION, wanted, 72, None)
}

/// Attaches a program, which does `body`, to the hook `attach_type`.
pub fn attach_link(world: &World, attach_type: Guid, body: Body) -> Result<Client, Vec<Status>> {
    let wanted = Wanted::Module(ModuleId::from_guid(attach_type));
    Client::register(world, HOOK, wanted, 48, Some(body))
}

/// Looks for the provider of maps of `map_type`.
pub fn open_map_type(world: &World, map_type: u32) -> Result<Client, Vec<Status>> {
    Client::register(world, MAP_INFORMATION, Wanted::MapType(map_type), 48, None)
}

const PROGRAM_INFORMATION: Guid = Guid::from_u128(0x2934_ad50_2154_44b6_9622_6c52_8c06_8411);
const MAP_INFORMATION: Guid = Guid::from_u128(0x3c2b_0f4e_8b0e_4e5e_8e1b_7f4b_1f0e_1f0e);
const HOOK: Guid = Guid::from_u128(0x5d56_4054_2736_406d_8b22_12bc_ffaf_0a9f);

/// `ebpf_extension_data_t`.
#[repr(C)]
struct ExtensionData {
    header: TotalHeader,
    data: *const c_void,
    data_size: usize,
    prog_attach_flags: u64,
}

// SAFETY: shows nothing.
unsafe impl Sync for ExtensionData {}

static EXTENSION_DATA: ExtensionData = ExtensionData {
    header: TotalHeader { version: 1, size: 48, total_size: 48 },
    data: core::ptr::null(),
    data_size: 0,
    prog_attach_flags: 3,
};

impl Client {
    fn register(
        world: &World,
        npi: Guid,
        wanted: Wanted,
        least: usize,
        body: Option<Body>,
    ) -> Result<Self, Vec<Status>> {
        let kept = keep(Kept {
            world: world.clone(),
            npi,
            wanted,
            least,
            body,
            runs: AtomicUsize::new(0),
            shown: AtomicPtr::default(),
            provider_context: AtomicPtr::default(),
            attached: AtomicUsize::new(0),
            offers: Mutex::default(),
            characteristics: Mutex::default(),
        });
        static MODULE: ModuleId = ModuleId::from_guid(Guid::from_u128(0xebbf));
        let shows =
            if body.is_some() { core::ptr::from_ref(&EXTENSION_DATA).cast() } else { core::ptr::null() };
        let characteristics = ClientCharacteristics {
            version: 0,
            length: 72,
            attach_provider,
            detach_provider,
            cleanup_binding_context: None,
            registration_instance: RegistrationInstance {
                npi_specific_characteristics: shows,
                ..RegistrationInstance::new(&kept.npi, &MODULE)
            },
        };
        let address: *const ClientCharacteristics =
            &**kept.characteristics.lock().expect("no panic").insert(Box::new(characteristics));
        let mut handle = ClientHandle::NULL;
        // SAFETY: everything passed is kept.
        let status = unsafe {
            world.register_client(address, core::ptr::from_ref(kept).cast_mut().cast(), &mut handle)
        };
        assert_eq!(status, Status::SUCCESS);
        let client = Self { kept, handle };
        if kept.attached.load(Ordering::SeqCst) == 1 {
            return Ok(client);
        }
        // The core has no use for a client without a provider.
        client.leave();
        Err(kept.offers.lock().expect("no panic").clone())
    }

    /// Unloads the program, or detaches the link.
    pub fn leave(self) {
        // SAFETY: registered, and deregistered once.
        assert_eq!(unsafe { self.kept.world.deregister_client(self.handle) }, Status::PENDING);
        // SAFETY: deregistered, and waited for once.
        let status = unsafe { self.kept.world.wait_for_client_deregister_complete(self.handle) };
        assert_eq!(status, Status::SUCCESS);
    }

    /// How often the program has run.
    pub fn runs(&self) -> usize {
        self.kept.runs.load(Ordering::SeqCst)
    }

    /// What the provider wants to be called with.
    pub fn provider_context(&self) -> *mut c_void {
        self.kept.provider_context.load(Ordering::SeqCst)
    }

    /// A word of what the provider shows, `at` bytes from its beginning.
    pub fn shown<T: Copy>(&self, at: usize) -> T {
        let shown = self.kept.shown.load(Ordering::SeqCst);
        assert!(at + size_of::<T>() <= self.kept.least);
        // SAFETY: within the characteristics of a provider that is attached.
        unsafe { shown.wrapping_byte_add(at).cast::<T>().read() }
    }
}

/// Follows the address `at` bytes behind `from`.
pub fn read<T: Copy>(from: *const c_void, at: usize) -> T {
    // SAFETY: the tests follow what a provider shows, as the core does.
    unsafe { from.wrapping_byte_add(at).cast::<T>().read() }
}

#[repr(C)]
struct Table {
    header: CountHeader,
    invoke: unsafe extern "system" fn(*mut c_void, *mut c_void, *mut u32) -> u32,
    begin: unsafe extern "system" fn(usize, *mut c_void) -> u32,
    batch_invoke: unsafe extern "system" fn(*mut c_void, *mut c_void, *mut u32, *const c_void) -> u32,
    end: unsafe extern "system" fn(*mut c_void) -> u32,
}

static TABLE: Table =
    Table { header: CountHeader { version: 1, count: 4 }, invoke, begin, batch_invoke, end };

unsafe extern "system" fn attach_provider(
    binding: BindingHandle,
    context: *mut c_void,
    provider: *const RegistrationInstance,
) -> Status {
    // SAFETY: the registration context is kept.
    let kept: &'static Kept = unsafe { &*context.cast_const().cast() };
    // SAFETY: NMR passes the provider's instance.
    let provider = unsafe { &*provider };
    let status = kept.decide(provider).unwrap_or_else(|| {
        let table = kept.body.map_or(core::ptr::null(), |_| core::ptr::from_ref(&TABLE).cast());
        let (mut provider_context, mut provider_table) = (core::ptr::null_mut(), core::ptr::null());
        // SAFETY: inside the attach callback of this binding, with a table that is static.
        let status = unsafe {
            kept.world.client_attach_provider(
                binding,
                context,
                table,
                &mut provider_context,
                &mut provider_table,
            )
        };
        kept.provider_context.store(provider_context, Ordering::SeqCst);
        status
    });
    if status == Status::SUCCESS {
        kept.shown.store(provider.npi_specific_characteristics.cast_mut(), Ordering::SeqCst);
        kept.attached.fetch_add(1, Ordering::SeqCst);
    }
    kept.offers.lock().expect("no panic").push(status);
    status
}

impl Kept {
    /// Why a provider is declined, in the order in which the core looks.
    fn decide(&self, provider: &RegistrationInstance) -> Option<Status> {
        let shown = provider.npi_specific_characteristics;
        if shown.is_null() {
            return Some(Status::INVALID_PARAMETER);
        }
        let header: TotalHeader = read(shown, 0);
        if header.version != 1 || header.size < self.least || header.total_size < header.size {
            return Some(Status::INVALID_PARAMETER);
        }
        let fits = match &self.wanted {
            Wanted::Module(wanted) => {
                // SAFETY: a registered module keeps its module id.
                let module_id = unsafe { provider.module_id.as_ref() };
                module_id == Some(wanted)
            }
            Wanted::MapType(wanted) => read::<u32>(shown, 24) == *wanted,
        };
        (!fits).then_some(Status::NOINTERFACE)
    }
}

unsafe extern "system" fn detach_provider(_: *mut c_void) -> Status {
    Status::SUCCESS
}

unsafe extern "system" fn invoke(link: *mut c_void, context: *mut c_void, result: *mut u32) -> u32 {
    // SAFETY: the binding context of a link is kept.
    let kept: &'static Kept = unsafe { &*link.cast_const().cast() };
    let Some(body) = kept.body else { return 1 };
    kept.runs.fetch_add(1, Ordering::SeqCst);
    match body(context) {
        Ok(returned) => {
            // SAFETY: the extension passes a place for it.
            unsafe { result.write(returned) };
            0
        }
        Err(failure) => failure,
    }
}

unsafe extern "system" fn begin(_: usize, _: *mut c_void) -> u32 {
    0
}

unsafe extern "system" fn batch_invoke(
    link: *mut c_void,
    context: *mut c_void,
    result: *mut u32,
    _: *const c_void,
) -> u32 {
    // SAFETY: as the caller says.
    unsafe { invoke(link, context, result) }
}

unsafe extern "system" fn end(_: *mut c_void) -> u32 {
    0
}
