//! A client of Greeter as a C driver would write it, whose table may be anything.

#![expect(unsafe_code, reason = "is a peer in C's terms")]

use crate::drivers::greeter;
use crate::raw_provider::{Table, keep};
use core::ffi::c_void;
use nmr::abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, Guid, ModuleId, Registrar, RegistrationInstance,
};
use nmr::{Npi, Status};
use nmr_sim::World;
use std::sync::Mutex;

struct Registration {
    world: World,
    table: Option<Table>,
    answers: Mutex<Vec<Status>>,
}

/// Registers a client that accepts every provider, with `table` as its dispatch table, deregisters it again, and tells
/// what the providers answered.
pub fn come_and_go(world: &World, table: Option<Table>) -> Vec<Status> {
    static ID: Guid = greeter::Npi::ID;
    static MODULE: ModuleId = ModuleId::from_guid(Guid::from_u128(0xc1));
    let registration = keep(Registration { world: world.clone(), table, answers: Mutex::default() });
    let characteristics = keep(ClientCharacteristics {
        version: 0,
        length: 72,
        attach_provider,
        detach_provider,
        cleanup_binding_context: None,
        registration_instance: RegistrationInstance::new(&ID, &MODULE),
    });
    let mut handle = ClientHandle::NULL;
    let context = core::ptr::from_ref(registration).cast_mut().cast();
    // SAFETY: everything passed is kept.
    let status = unsafe { world.register_client(characteristics, context, &mut handle) };
    assert_eq!(status, Status::SUCCESS);
    // SAFETY: registered, and deregistered once.
    assert_eq!(unsafe { world.deregister_client(handle) }, Status::PENDING);
    // SAFETY: deregistered, and waited for once.
    assert_eq!(unsafe { world.wait_for_client_deregister_complete(handle) }, Status::SUCCESS);
    registration.answers.lock().expect("no panic").clone()
}

unsafe extern "system" fn attach_provider(
    binding: BindingHandle,
    context: *mut c_void,
    _: *const RegistrationInstance,
) -> Status {
    // SAFETY: the registration context is the kept registration.
    let registration: &'static Registration = unsafe { &*context.cast_const().cast() };
    let table = registration.table.as_ref().map_or(core::ptr::null(), |table| table.as_ptr().cast());
    let (mut provider_context, mut provider_table) = (core::ptr::null_mut(), core::ptr::null());
    // SAFETY: inside the attach callback of this binding, with a table that is kept.
    let status = unsafe {
        registration.world.client_attach_provider(
            binding,
            context,
            table,
            &mut provider_context,
            &mut provider_table,
        )
    };
    registration.answers.lock().expect("no panic").push(status);
    status
}

unsafe extern "system" fn detach_provider(_: *mut c_void) -> Status {
    Status::SUCCESS
}
