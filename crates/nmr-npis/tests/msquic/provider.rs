//! msquic.sys as its clients know it: the binding handle is the context, every client is accepted and let go at once, and
//! there is nothing to clean up.

#![expect(unsafe_code, reason = "is a peer in C's terms")]

use core::ffi::c_void;
use nmr::Status;
use nmr::abi::{
    BindingHandle, Guid, ModuleId, ProviderCharacteristics, ProviderHandle, Registrar, RegistrationInstance,
};
use nmr_sim::World;
use std::sync::atomic::{AtomicUsize, Ordering};

static OPENED: AtomicUsize = AtomicUsize::new(0);
static API: [usize; 4] = [0; 4];

/// How many tables are open.
pub fn opened() -> usize {
    OPENED.load(Ordering::SeqCst)
}

pub struct Msquic {
    world: World,
    handle: ProviderHandle,
    /// What NMR looks at as long as the provider is registered.
    _kept: Box<(ProviderCharacteristics, ModuleId)>,
}

impl Msquic {
    pub fn register(world: &World, module_id: ModuleId) -> Self {
        static ID: Guid = Guid::from_u128(0xc431_38e3_cd13_4cb1_9cae_e005_c855_7aba);
        let characteristics = ProviderCharacteristics {
            version: 0,
            length: 72,
            attach_client,
            detach_client,
            cleanup_binding_context: None,
            registration_instance: RegistrationInstance::new(&ID, core::ptr::null()),
        };
        let mut kept = Box::new((characteristics, module_id));
        kept.0.registration_instance.module_id = &kept.1;
        let mut handle = ProviderHandle::NULL;
        // SAFETY: kept until the provider leaves.
        let status = unsafe { world.register_provider(&kept.0, core::ptr::null_mut(), &mut handle) };
        assert_eq!(status, Status::SUCCESS);
        Self { world: world.clone(), handle, _kept: kept }
    }

    pub fn leave(self) {
        // SAFETY: registered, and deregistered once.
        assert_eq!(unsafe { self.world.deregister_provider(self.handle) }, Status::PENDING);
        // SAFETY: deregistered, and waited for once.
        let status = unsafe { self.world.wait_for_provider_deregister_complete(self.handle) };
        assert_eq!(status, Status::SUCCESS);
    }
}

/// `MSQUIC_NMR_DISPATCH`.
#[repr(C)]
struct Table {
    version: u16,
    reserved: u16,
    open_version: unsafe extern "system" fn(u32, *mut *const c_void) -> Status,
    close: unsafe extern "system" fn(*const c_void),
}

static TABLE: Table = Table { version: 0, reserved: 0, open_version, close };

unsafe extern "system" fn open_version(version: u32, api: *mut *const c_void) -> Status {
    if version != 2 {
        return Status::NOT_SUPPORTED;
    }
    OPENED.fetch_add(1, Ordering::SeqCst);
    // SAFETY: the caller passes a place for it.
    unsafe { api.write(API.as_ptr().cast()) };
    Status::SUCCESS
}

unsafe extern "system" fn close(api: *const c_void) {
    assert_eq!(api, API.as_ptr().cast());
    OPENED.fetch_sub(1, Ordering::SeqCst);
}

unsafe extern "system" fn attach_client(
    handle: BindingHandle,
    _: *mut c_void,
    _: *const RegistrationInstance,
    _: *mut c_void,
    client_dispatch: *const c_void,
    provider_context: *mut *mut c_void,
    provider_dispatch: *mut *const c_void,
) -> Status {
    assert!(client_dispatch.is_null(), "MsQuic defines no table of clients");
    // SAFETY: NMR passes places for both.
    unsafe { provider_context.write(handle.as_raw()) };
    // SAFETY: as above.
    unsafe { provider_dispatch.write(core::ptr::from_ref(&TABLE).cast()) };
    Status::SUCCESS
}

unsafe extern "system" fn detach_client(_: *mut c_void) -> Status {
    Status::SUCCESS
}
