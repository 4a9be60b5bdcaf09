//! What a peer in C may do wrong in a call: it is answered, not followed.

#![expect(unsafe_code, reason = "is a client in C, which calls through the table itself")]

use super::attached;
use super::awkward::{self, Entry};
use core::mem::MaybeUninit;
use core::ptr::{null, null_mut};
use nmr::abi::{BindingHandle, ClientCharacteristics, ClientHandle, Registrar, RegistrationInstance};
use nmr::{Driver, Guid, ModuleId, Npi, Status};
use std::ffi::c_void;
use std::sync::OnceLock;

/// The provider's context and table, as the client in C got them.
static GOT: OnceLock<(usize, usize)> = OnceLock::new();

unsafe extern "system" fn attach(
    binding: BindingHandle,
    world: *mut c_void,
    _: *const RegistrationInstance,
) -> Status {
    // SAFETY: registered with it below.
    let world = unsafe { &*world.cast::<nmr_sim::World>() };
    let (mut context, mut table) = (null_mut(), null());
    let client = core::ptr::from_ref(&OLD_TABLE).cast();
    // SAFETY: inside the attach callback; the table is static.
    let status =
        unsafe { world.client_attach_provider(binding, null_mut(), client, &mut context, &mut table) };
    if status == Status::SUCCESS {
        GOT.set((context.addr(), table.addr())).expect("attached once");
    }
    status
}

unsafe extern "system" fn detach(_: *mut c_void) -> Status {
    Status::SUCCESS
}

unsafe extern "system" fn arrived(_: *mut c_void, _: u32) -> Status {
    Status::SUCCESS
}

unsafe extern "system" fn passed(_: *mut c_void, _: u32) {}

/// A table of version 1, as C writes it.
static OLD_TABLE: awkward::ClientDispatch = awkward::ClientDispatch {
    header: nmr::TableHeader { version: 1, size: size_of::<awkward::ClientDispatch>() as u16 },
    arrived,
    passed,
    rename: None,
};

#[test]
fn addresses_where_nothing_can_be_are_answered() {
    attached(|keeper, _| {
        static MODULE: ModuleId = ModuleId::from_guid(Guid::from_u128(0xc));
        let world = keeper.system().registrar();
        let characteristics = ClientCharacteristics {
            version: 0,
            length: size_of::<ClientCharacteristics>() as u16,
            attach_provider: attach,
            detach_provider: detach,
            cleanup_binding_context: None,
            registration_instance: RegistrationInstance::new(const { &awkward::Npi::ID }, &MODULE),
        };
        let mut handle = ClientHandle::NULL;
        // SAFETY: the structures live until the wait below has returned.
        let status = unsafe {
            world.register_client(&characteristics, core::ptr::from_ref(world).cast_mut().cast(), &mut handle)
        };
        assert_eq!(status, Status::SUCCESS);
        let (context, table) = *GOT.get().expect("attached");
        call_wrongly(context as *mut c_void, table as *const awkward::ProviderDispatch);
        // SAFETY: registered above.
        assert_eq!(unsafe { world.deregister_client(handle) }, Status::PENDING);
        // SAFETY: it pends.
        assert_eq!(unsafe { world.wait_for_client_deregister_complete(handle) }, Status::SUCCESS);
    });
}

fn call_wrongly(context: *mut c_void, table: *const awkward::ProviderDispatch) {
    // SAFETY: a table of version 1 begins like this.
    let header = unsafe { (*table).header };
    assert_eq!((header.version, header.size), (1, 56), "as long as version 1 has it");
    // SAFETY: part of version 1.
    let write = unsafe { (*table).write };
    // SAFETY: as above.
    let put = unsafe { (*table).put };
    // SAFETY: as above.
    let look_up = unsafe { (*table).look_up };
    let mut written = 0_usize;
    let mut write = |data: *const u8, length: usize| {
        // SAFETY: attached.
        unsafe { write(context, 1, data, length, &mut written) }
    };
    assert_eq!(write(null(), 0), Status::SUCCESS, "NULL is right for nothing");
    assert_eq!(write(null(), 1), Status::INVALID_PARAMETER);
    assert_eq!(write([1].as_ptr(), usize::MAX), Status::INVALID_PARAMETER);
    // SAFETY: attached.
    assert_eq!(unsafe { put(context, null()) }, Status::INVALID_PARAMETER);
    let room = [MaybeUninit::<Entry>::uninit(); 2];
    let odd = room.as_ptr().cast::<u8>().wrapping_add(1).cast::<Entry>();
    // SAFETY: attached.
    assert_eq!(unsafe { put(context, odd) }, Status::INVALID_PARAMETER);
    let mut entry = Entry { key: 1, kind: awkward::Kind(0), tags: [0; 3] };
    // SAFETY: attached; there is no place for the answer.
    assert_eq!(unsafe { look_up(context, &mut entry, null_mut()) }, Status::INVALID_PARAMETER);
}
