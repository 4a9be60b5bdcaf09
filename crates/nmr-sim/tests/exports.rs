//! The nine functions as C sees them: by name, over the one world of the process.

#![expect(unsafe_code, reason = "plays a C module: raw functions, callbacks and contexts")]

use nmr_abi::{
    ClientCharacteristics, Guid, ModuleId, NpiId, ProviderCharacteristics, RegistrationInstance, Status,
};
use nmr_sim::c_library;
use std::ffi::{c_char, c_void};
use std::ptr::{null, null_mut};

// The types are those of C: handles are pointers.
unsafe extern "system" {
    fn NmrRegisterClient(
        characteristics: *const ClientCharacteristics,
        context: *mut c_void,
        handle: *mut *mut c_void,
    ) -> i32;
    fn NmrDeregisterClient(handle: *mut c_void) -> i32;
    fn NmrWaitForClientDeregisterComplete(handle: *mut c_void) -> i32;
    fn NmrClientAttachProvider(
        binding: *mut c_void,
        context: *mut c_void,
        dispatch: *const c_void,
        provider_context: *mut *mut c_void,
        provider_dispatch: *mut *const c_void,
    ) -> i32;
    fn NmrClientDetachProviderComplete(binding: *mut c_void);
    fn NmrRegisterProvider(
        characteristics: *const ProviderCharacteristics,
        context: *mut c_void,
        handle: *mut *mut c_void,
    ) -> i32;
    fn NmrDeregisterProvider(handle: *mut c_void) -> i32;
    fn NmrWaitForProviderDeregisterComplete(handle: *mut c_void) -> i32;
    fn NmrProviderDetachClientComplete(binding: *mut c_void);
    fn nmr_sim_violations(rule: *const c_char) -> u64;
}

const SUCCESS: i32 = 0;
const PENDING: i32 = 0x103;

unsafe extern "system" fn attach_provider(
    binding: nmr_abi::BindingHandle,
    _context: *mut c_void,
    _instance: *const RegistrationInstance,
) -> Status {
    let (mut context, mut dispatch) = (null_mut(), null());
    // SAFETY: nowhere to write the result, which the function looks for first.
    let status = unsafe {
        NmrClientAttachProvider(binding.as_raw(), binding.as_raw(), null(), null_mut(), &mut dispatch)
    };
    assert_eq!(status, Status::INVALID_PARAMETER.0);
    // SAFETY: inside the attach callback; the binding's own handle serves as context, which nobody follows.
    let status = unsafe {
        NmrClientAttachProvider(binding.as_raw(), binding.as_raw(), null(), &mut context, &mut dispatch)
    };
    assert!(!context.is_null() && dispatch.is_null(), "the provider's answer");
    Status(status)
}

unsafe extern "system" fn attach_client(
    binding: nmr_abi::BindingHandle,
    _context: *mut c_void,
    _instance: *const RegistrationInstance,
    _client_context: *mut c_void,
    _client_dispatch: *const c_void,
    provider_context: *mut *mut c_void,
    _provider_dispatch: *mut *const c_void,
) -> Status {
    // SAFETY: the NMR gives a place for the context.
    unsafe { provider_context.write(binding.as_raw()) };
    Status::SUCCESS
}

unsafe extern "system" fn detach_provider(binding: *mut c_void) -> Status {
    // SAFETY: the context is the handle; this callback answers STATUS_PENDING.
    unsafe { NmrClientDetachProviderComplete(binding) };
    Status::PENDING
}

unsafe extern "system" fn detach_client(binding: *mut c_void) -> Status {
    // SAFETY: the context is the handle; this callback answers STATUS_PENDING.
    unsafe { NmrProviderDetachClientComplete(binding) };
    Status::PENDING
}

#[test]
fn a_life_by_the_names_of_c() {
    c_library::set("on-violation", "collect").expect("a setting and its value");
    let npi = NpiId::from_u128(1);
    let module = ModuleId::from_guid(Guid::from_u128(2));
    let instance = RegistrationInstance::new(&npi, &module);
    let client = ClientCharacteristics {
        version: 0,
        length: size_of::<ClientCharacteristics>() as u16,
        attach_provider,
        detach_provider,
        cleanup_binding_context: None,
        registration_instance: instance,
    };
    let provider = ProviderCharacteristics {
        version: 0,
        length: size_of::<ProviderCharacteristics>() as u16,
        attach_client,
        detach_client,
        cleanup_binding_context: None,
        registration_instance: instance,
    };
    // SAFETY: nowhere to write the handle, which the function looks for first.
    let status = unsafe { NmrRegisterClient(&client, null_mut(), null_mut()) };
    assert_eq!(status, Status::INVALID_PARAMETER.0);
    let (mut client_handle, mut provider_handle) = (null_mut(), null_mut());
    // SAFETY: the structures outlive the registrations, which end below; so for all that follow.
    assert_eq!(unsafe { NmrRegisterClient(&client, null_mut(), &mut client_handle) }, SUCCESS);
    // SAFETY: as above.
    assert_eq!(unsafe { NmrRegisterProvider(&provider, null_mut(), &mut provider_handle) }, SUCCESS);
    assert_eq!(c_library::world().left().bindings, 1);
    // SAFETY: registered above, once.
    assert_eq!(unsafe { NmrDeregisterProvider(provider_handle) }, PENDING);
    // SAFETY: deregistered above, once.
    assert_eq!(unsafe { NmrWaitForProviderDeregisterComplete(provider_handle) }, SUCCESS);
    // SAFETY: registered above, once.
    assert_eq!(unsafe { NmrDeregisterClient(client_handle) }, PENDING);
    // SAFETY: deregistered above, once.
    assert_eq!(unsafe { NmrWaitForClientDeregisterComplete(client_handle) }, SUCCESS);
    c_library::world().assert_unloaded();
    // SAFETY: the name is a string.
    let of_rule = unsafe { nmr_sim_violations(c"null-pointer".as_ptr()) };
    assert_eq!(of_rule, 2, "the two places that were missing");
    // SAFETY: NULL asks for all rules.
    assert_eq!(unsafe { nmr_sim_violations(null()) }, 2);
}
