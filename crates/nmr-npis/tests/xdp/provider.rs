//! xdp.sys as its clients know it: a provider for one interface, which looks at the client's instance and at its table.

#![expect(unsafe_code, reason = "is a peer in C's terms")]

use core::ffi::c_void;
use nmr::Status;
use nmr::abi::{
    BindingHandle, Guid, ModuleId, ProviderCharacteristics, ProviderHandle, Registrar, RegistrationInstance,
};
use nmr_npis::xdp::{ClientDispatch, Version};
use nmr_sim::World;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, Ordering};

pub struct Xdp {
    world: World,
    handle: ProviderHandle,
    kept: Box<Kept>,
}

struct Kept {
    characteristics: Option<ProviderCharacteristics>,
    module_id: ModuleId,
    number: u32,
    answers: Mutex<Vec<Status>>,
    client: AtomicPtr<c_void>,
    capabilities: AtomicPtr<c_void>,
}

impl Xdp {
    pub fn open(world: &World, interface: u32, instance: Guid) -> Self {
        static ID: Guid = Guid::from_u128(0xe1ca_df68_e3dd_4a4a_932d_386a_2939_9f5e);
        let mut kept = Box::new(Kept {
            characteristics: None,
            module_id: ModuleId::from_guid(instance),
            number: interface,
            answers: Mutex::default(),
            client: AtomicPtr::default(),
            capabilities: AtomicPtr::default(),
        });
        let instance = RegistrationInstance {
            version: 1,
            number: interface,
            ..RegistrationInstance::new(&ID, &kept.module_id)
        };
        let characteristics: *const ProviderCharacteristics =
            kept.characteristics.insert(ProviderCharacteristics {
                version: 0,
                length: 72,
                attach_client,
                detach_client,
                cleanup_binding_context: None,
                registration_instance: instance,
            });
        let mut handle = ProviderHandle::NULL;
        let context = core::ptr::from_ref(&*kept).cast_mut().cast();
        // SAFETY: kept until it is closed.
        let status = unsafe { world.register_provider(characteristics, context, &mut handle) };
        assert_eq!(status, Status::SUCCESS);
        Self { world: world.clone(), handle, kept }
    }

    /// What clients were answered.
    pub fn answers(&self) -> Vec<Status> {
        self.kept.answers.lock().expect("no panic").clone()
    }

    /// Revision and size, offset and count of versions, instance, and the version that is spoken.
    pub fn capabilities(&self) -> (u32, u32, [u32; 2], Guid, [u32; 3]) {
        let shown = self.kept.capabilities.load(Ordering::SeqCst);
        let offset: u32 = read(shown, 8);
        let spoken = read(shown, offset as usize);
        (read(shown, 0), read(shown, 4), [offset, read(shown, 12)], read(shown, 28), spoken)
    }

    /// Asks the interface for its table.
    pub fn ask(&self, version: Version) -> Result<(usize, usize), Status> {
        let client: ClientDispatch = read(self.kept.client.load(Ordering::SeqCst), 0);
        let (mut context, mut dispatch) = (core::ptr::null_mut(), core::ptr::null());
        // SAFETY: the function of a client that is attached, with places for what it answers.
        let status =
            unsafe { (client.get_interface_dispatch)(&version, client.context, &mut context, &mut dispatch) };
        if status == Status::SUCCESS { Ok((context.addr(), dispatch.addr())) } else { Err(status) }
    }

    pub fn close(self) {
        // SAFETY: registered, and deregistered once.
        assert_eq!(unsafe { self.world.deregister_provider(self.handle) }, Status::PENDING);
        // SAFETY: deregistered, and waited for once.
        let status = unsafe { self.world.wait_for_provider_deregister_complete(self.handle) };
        assert_eq!(status, Status::SUCCESS);
    }
}

fn read<T: Copy>(from: *const c_void, at: usize) -> T {
    // SAFETY: the tests follow what a client shows, as XDP does.
    unsafe { from.wrapping_byte_add(at).cast::<T>().read() }
}

unsafe extern "system" fn attach_client(
    _: BindingHandle,
    context: *mut c_void,
    client: *const RegistrationInstance,
    _: *mut c_void,
    client_dispatch: *const c_void,
    provider_context: *mut *mut c_void,
    provider_dispatch: *mut *const c_void,
) -> Status {
    // SAFETY: the registration context is kept.
    let kept = unsafe { &*context.cast_const().cast::<Kept>() };
    // SAFETY: NMR passes the client's instance.
    let client = unsafe { &*client };
    let status = kept.decide(client, &read(client_dispatch, 0));
    kept.answers.lock().expect("no panic").push(status);
    if status == Status::SUCCESS {
        kept.client.store(client_dispatch.cast_mut(), Ordering::SeqCst);
        kept.capabilities.store(client.npi_specific_characteristics.cast_mut(), Ordering::SeqCst);
        // SAFETY: NMR passes places for both.
        unsafe { provider_context.write(context) };
        // SAFETY: as above; XDP has no functions for its clients.
        unsafe { provider_dispatch.write(core::ptr::null()) };
    }
    status
}

impl Kept {
    /// What a client is answered, in the order in which XDP looks.
    fn decide(&self, client: &RegistrationInstance, dispatch: &ClientDispatch) -> Status {
        // SAFETY: a registered module keeps its module id.
        let module_id = unsafe { client.module_id.as_ref() };
        match () {
            () if client.version != 1 => Status::NOT_SUPPORTED,
            () if client.number != self.number => Status::INVALID_PARAMETER,
            () if module_id != Some(&self.module_id) => Status::NOINTERFACE,
            () if dispatch.header.revision < 1 || dispatch.header.size < 24 => Status::NOT_SUPPORTED,
            () => Status::SUCCESS,
        }
    }
}

unsafe extern "system" fn detach_client(_: *mut c_void) -> Status {
    Status::SUCCESS
}
