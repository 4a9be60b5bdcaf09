//! Modules that keep nothing, so that what is measured is the simulator: they accept everybody, have neither contexts nor
//! tables, and detach at once.

#![expect(unsafe_code, reason = "plays C modules: makes the Nmr* calls and receives NMR's pointers")]

use core::ffi::c_void;
use core::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};

use nmr::abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, Guid, ProviderCharacteristics, ProviderHandle,
    Registrar, RegistrationInstance,
};
use nmr::{ModuleId, Status};
use nmr_sim::World;

use crate::raw_module::attach_provider;

/// What a module points to, in storage that stays where it is.
struct Identity {
    npi: Guid,
    module: ModuleId,
}

impl Identity {
    fn new(npi: Guid) -> Box<Self> {
        Box::new(Self { npi, module: ModuleId::from_guid(npi) })
    }

    fn instance(&self) -> RegistrationInstance {
        RegistrationInstance::new(&self.npi, &self.module)
    }
}

macro_rules! bare_module {
    ($(#[$doc:meta])* $name:ident, $characteristics:ident, $handle:ident,
     $register:ident, $deregister:ident, $wait:ident, { $($field:ident),* }) => {
        $(#[$doc])*
        pub(super) struct $name {
            characteristics: Box<$characteristics>,
            handle: AtomicPtr<c_void>,
            world: Box<World>,
            _identity: Box<Identity>,
        }

        // SAFETY: the pointers in the characteristics lead to the identity, which does not change.
        unsafe impl Send for $name {}
        // SAFETY: as above.
        unsafe impl Sync for $name {}

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }

        impl $name {
            pub(super) fn new(world: &World, npi: Guid) -> Self {
                let identity = Identity::new(npi);
                let characteristics = Box::new($characteristics {
                    version: 0,
                    length: size_of::<$characteristics>() as u16,
                    $($field,)*
                    cleanup_binding_context: Some(clean_up),
                    registration_instance: identity.instance(),
                });
                let handle = AtomicPtr::new(null_mut());
                Self { characteristics, handle, world: Box::new(world.clone()), _identity: identity }
            }

            pub(super) fn register(&self, world: &World) {
                let mut handle = $handle::NULL;
                let context = core::ptr::from_ref::<World>(&self.world).cast_mut().cast();
                // SAFETY: all that is passed stays in its boxes until `take_down` has waited.
                let status = unsafe { world.$register(&*self.characteristics, context, &mut handle) };
                assert_eq!(status, Status::SUCCESS, "registering");
                self.handle.store(handle.as_raw(), Relaxed);
            }

            pub(super) fn take_down(&self, world: &World) {
                let handle = $handle::from_raw(self.handle.load(Relaxed));
                // SAFETY: registered, and deregistered here only.
                let status = unsafe { world.$deregister(handle) };
                assert_eq!(status, Status::PENDING, "deregistering");
                // SAFETY: deregistered, and waited for here only.
                let status = unsafe { world.$wait(handle) };
                assert_eq!(status, Status::SUCCESS, "waiting");
            }
        }
    };
}

bare_module!(
    /// A client.
    BareClient, ClientCharacteristics, ClientHandle,
    register_client, deregister_client, wait_for_client_deregister_complete, { attach_provider, detach_provider }
);
bare_module!(
    /// A provider.
    BareProvider, ProviderCharacteristics, ProviderHandle,
    register_provider, deregister_provider, wait_for_provider_deregister_complete, { attach_client, detach_client }
);

unsafe extern "system" fn attach_client(
    _: BindingHandle,
    _: *mut c_void,
    _: *const RegistrationInstance,
    _: *mut c_void,
    _: *const c_void,
    _: *mut *mut c_void,
    _: *mut *const c_void,
) -> Status {
    Status::SUCCESS
}

unsafe extern "system" fn detach_provider(_: *mut c_void) -> Status {
    Status::SUCCESS
}

unsafe extern "system" fn detach_client(_: *mut c_void) -> Status {
    Status::SUCCESS
}

unsafe extern "system" fn clean_up(_: *mut c_void) {}
