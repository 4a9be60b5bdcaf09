//! Modules whose binding contexts are NULL and who have no cleanup callback, as some in the field.

#![expect(unsafe_code, reason = "plays a C module: raw callbacks and contexts")]

use crate::peer::client_attach;
use nmr_abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, ModuleId, NpiId, ProviderCharacteristics,
    ProviderHandle, Registrar, RegistrationInstance, Status,
};
use nmr_sim::{Rule, World};
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Mutex;

static NPI: NpiId = NpiId::from_u128(1);
static MODULE: ModuleId = ModuleId::from_guid(NPI);

/// What the module was called for: its registration context, since its binding contexts say nothing.
struct Log {
    world: World,
    calls: Mutex<Vec<&'static str>>,
}

thread_local! {
    /// Detach and cleanup callbacks that are given NULL.
    static NULL_CALLS: Mutex<Vec<&'static str>> = const { Mutex::new(Vec::new()) };
}

fn null_call(call: &'static str, context: *mut c_void) {
    assert!(context.is_null());
    NULL_CALLS.with(|calls| calls.lock().unwrap().push(call));
}

fn taken_null_calls() -> Vec<&'static str> {
    NULL_CALLS.with(|calls| std::mem::take(&mut *calls.lock().unwrap()))
}

unsafe extern "system" fn client_attach_provider(
    handle: BindingHandle,
    context: *mut c_void,
    _instance: *const RegistrationInstance,
) -> Status {
    // SAFETY: the registration context is the log of the running test.
    let log = unsafe { &*context.cast::<Log>() };
    log.calls.lock().unwrap().push("client attach");
    client_attach(&log.world, handle, null_mut())
}

unsafe extern "system" fn provider_attach_client(
    _handle: BindingHandle,
    _context: *mut c_void,
    _instance: *const RegistrationInstance,
    client_context: *mut c_void,
    client_dispatch: *const c_void,
    _provider_context: *mut *mut c_void,
    _provider_dispatch: *mut *const c_void,
) -> Status {
    assert!(client_context.is_null() && client_dispatch.is_null());
    Status::SUCCESS
}

unsafe extern "system" fn client_detach(context: *mut c_void) -> Status {
    null_call("client detach", context);
    Status::SUCCESS
}

unsafe extern "system" fn provider_detach(context: *mut c_void) -> Status {
    null_call("provider detach", context);
    Status::SUCCESS
}

unsafe extern "system" fn client_cleanup(context: *mut c_void) {
    null_call("client cleanup", context);
}

fn client() -> ClientCharacteristics {
    ClientCharacteristics {
        version: 0,
        length: size_of::<ClientCharacteristics>() as u16,
        attach_provider: client_attach_provider,
        detach_provider: client_detach,
        cleanup_binding_context: Some(client_cleanup),
        registration_instance: RegistrationInstance::new(&NPI, &MODULE),
    }
}

fn provider() -> ProviderCharacteristics {
    ProviderCharacteristics {
        version: 0,
        length: size_of::<ProviderCharacteristics>() as u16,
        attach_client: provider_attach_client,
        detach_client: provider_detach,
        cleanup_binding_context: None,
        registration_instance: RegistrationInstance::new(&NPI, &MODULE),
    }
}

/// Registers both, and takes them down again.
fn run(client: &ClientCharacteristics, provider: &ProviderCharacteristics) -> (World, Vec<&'static str>) {
    let log = Log { world: crate::peer::world(), calls: Mutex::default() };
    let world = log.world.clone();
    let context = std::ptr::from_ref(&log).cast_mut().cast();
    let (mut client_handle, mut provider_handle) = (ClientHandle::NULL, ProviderHandle::NULL);
    // SAFETY: the structures and the log outlive the registrations, which end below.
    let status = unsafe { world.register_client(client, context, &mut client_handle) };
    assert_eq!(status, Status::SUCCESS);
    // SAFETY: as above.
    let status = unsafe { world.register_provider(provider, context, &mut provider_handle) };
    assert_eq!(status, Status::SUCCESS);
    // SAFETY: registered above, once.
    assert_eq!(unsafe { world.deregister_client(client_handle) }, Status::PENDING);
    // SAFETY: deregistered above, once.
    assert_eq!(unsafe { world.wait_for_client_deregister_complete(client_handle) }, Status::SUCCESS);
    // SAFETY: registered above, once.
    assert_eq!(unsafe { world.deregister_provider(provider_handle) }, Status::PENDING);
    // SAFETY: deregistered above, once.
    assert_eq!(unsafe { world.wait_for_provider_deregister_complete(provider_handle) }, Status::SUCCESS);
    world.assert_unloaded();
    let calls = log.calls.into_inner().unwrap();
    (world, calls)
}

#[test]
fn null_contexts_are_contexts_and_a_missing_cleanup_callback_is_not_called() {
    let (world, calls) = run(&client(), &provider());
    assert_eq!(calls, ["client attach"]);
    assert_eq!(taken_null_calls(), ["client detach", "provider detach", "client cleanup"]);
    world.assert_clean();
}

#[test]
fn a_wrong_length_is_only_a_warning() {
    let wrong = ClientCharacteristics { length: 8, ..client() };
    let (world, calls) = run(&wrong, &provider());
    assert_eq!(calls, ["client attach"]);
    assert_eq!(world.violations()[0].rule, Rule::LengthField);
    assert_eq!(world.violations().len(), 1);
}

#[test]
fn a_module_without_identifier_is_registered() {
    let instance = RegistrationInstance::new(&NPI, std::ptr::null());
    let nameless = ClientCharacteristics { registration_instance: instance, ..client() };
    let (world, calls) = run(&nameless, &provider());
    assert_eq!(calls, ["client attach"]);
    assert!(world.story().contains("module=none"), "{}", world.story());
}

#[test]
fn null_pointers_are_refused() {
    let world = crate::peer::world();
    let mut handle = ClientHandle::NULL;
    // SAFETY: NULL is what is tried; the simulator looks first.
    let status = unsafe { world.register_client(std::ptr::null(), null_mut(), &mut handle) };
    assert_eq!(status, Status::INVALID_PARAMETER);
    let instance = RegistrationInstance::new(std::ptr::null(), &MODULE);
    let no_npi = ProviderCharacteristics { registration_instance: instance, ..provider() };
    let mut handle = ProviderHandle::NULL;
    // SAFETY: the structure outlives the call, which fails.
    let status = unsafe { world.register_provider(&no_npi, null_mut(), &mut handle) };
    assert_eq!(status, Status::INVALID_PARAMETER);
    let mut words = [0_usize; 9];
    // SAFETY: as above; the callbacks are NULL, which the simulator looks at before it uses them.
    let status = unsafe { world.register_provider(words.as_mut_ptr().cast(), null_mut(), &mut handle) };
    assert_eq!(status, Status::INVALID_PARAMETER);
    assert!(handle.is_null());
    assert!(world.violations().iter().all(|violation| violation.rule == Rule::NullPointer));
    assert_eq!(world.violations().len(), 3);
    world.assert_unloaded();
}
