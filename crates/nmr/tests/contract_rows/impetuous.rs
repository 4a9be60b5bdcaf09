//! A registrar that detaches a binding while it is being attached, which NMR is not known to do.

#![expect(unsafe_code, reason = "is a registrar, and a peer in C's terms")]

use crate::drivers::{Bound, Probe, Probed, adder, count};
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use nmr::abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, ModuleId, ProviderCharacteristics, ProviderHandle,
    Registrar, RegistrationInstance,
};
use nmr::host::{Host, Loaded};
use nmr::{Guid, Npi, Status, TableHeader};
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Arc, Mutex};

/// The registrar, with one peer that it makes up.
#[derive(Clone, Debug, Default)]
pub struct Impetuous(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Whether cleanup comes inside the attach as well.
    cleanup_inside: AtomicBool,
    client: AtomicPtr<ClientCharacteristics>,
    answers: Mutex<Vec<Status>>,
    completions: Mutex<usize>,
}

const REGISTRATION: *mut c_void = core::ptr::without_provenance_mut(0x10);
const BINDING: *mut c_void = core::ptr::without_provenance_mut(0x20);

static ID: Guid = adder::Npi::ID;
static STRANGER: ModuleId = ModuleId::from_guid(Guid::from_u128(0x57));

unsafe extern "system" fn add(_: *mut c_void, a: u32, b: u32, sum: *mut u32) -> Status {
    // SAFETY: the caller passes a place for the sum.
    unsafe { sum.write(a + b) };
    Status::SUCCESS
}

unsafe extern "system" fn told(_: *mut c_void, news: u32) -> u32 {
    news
}

static PROVIDER: adder::ProviderDispatch =
    adder::ProviderDispatch { header: TableHeader::of::<adder::ProviderDispatch>(3), add };
static CLIENT: adder::ClientDispatch =
    adder::ClientDispatch { header: TableHeader::of::<adder::ClientDispatch>(3), told };

impl Impetuous {
    fn answered(&self, status: Status) {
        self.0.answers.lock().expect("no panic").push(status);
    }
}

// SAFETY: calls back on the caller's thread, with no lock held, each callback once, and nothing after the attach has
// returned. The detach comes too early, which is what the tests are about.
unsafe impl Registrar for Impetuous {
    unsafe fn register_client(
        &self,
        characteristics: *const ClientCharacteristics,
        client_context: *mut c_void,
        client_handle: &mut ClientHandle,
    ) -> Status {
        self.0.client.store(characteristics.cast_mut(), Ordering::SeqCst);
        // SAFETY: valid until the wait.
        let client = unsafe { &*characteristics };
        let provider = RegistrationInstance::new(&raw const ID, &raw const STRANGER);
        // SAFETY: the callback of the caller, with a structure that outlives it.
        let status =
            unsafe { (client.attach_provider)(BindingHandle::from_raw(BINDING), client_context, &provider) };
        self.answered(status);
        *client_handle = ClientHandle::from_raw(REGISTRATION);
        Status::SUCCESS
    }

    unsafe fn client_attach_provider(
        &self,
        _: BindingHandle,
        client_binding_context: *mut c_void,
        _: *const c_void,
        provider_binding_context: &mut *mut c_void,
        provider_dispatch: &mut *const c_void,
    ) -> Status {
        // SAFETY: stored by the registration that this is inside of.
        let client = unsafe { &*self.0.client.load(Ordering::SeqCst) };
        *provider_binding_context = null_mut();
        *provider_dispatch = (&raw const PROVIDER).cast();
        // SAFETY: the client's own callback and context.
        let status = unsafe { (client.detach_provider)(client_binding_context) };
        self.answered(status);
        if self.0.cleanup_inside.load(Ordering::SeqCst) {
            let cleanup = client.cleanup_binding_context.expect("the framework has one");
            // SAFETY: the client's own callback and context, once.
            unsafe { cleanup(client_binding_context) };
        }
        Status::SUCCESS
    }

    unsafe fn register_provider(
        &self,
        characteristics: *const ProviderCharacteristics,
        provider_context: *mut c_void,
        provider_handle: &mut ProviderHandle,
    ) -> Status {
        // SAFETY: valid until the wait.
        let provider = unsafe { &*characteristics };
        let client = RegistrationInstance::new(&raw const ID, &raw const STRANGER);
        let (mut context, mut table) = (null_mut(), null());
        // SAFETY: the callback of the caller, with a structure that outlives it.
        let status = unsafe {
            (provider.attach_client)(
                BindingHandle::from_raw(BINDING),
                provider_context,
                &client,
                null_mut(),
                (&raw const CLIENT).cast(),
                &mut context,
                &mut table,
            )
        };
        self.answered(status);
        // SAFETY: the provider's own callback and context.
        self.answered(unsafe { (provider.detach_client)(context) });
        let cleanup = provider.cleanup_binding_context.expect("the framework has one");
        // SAFETY: the provider's own callback and context, once.
        unsafe { cleanup(context) };
        *provider_handle = ProviderHandle::from_raw(REGISTRATION);
        Status::SUCCESS
    }

    unsafe fn deregister_client(&self, _: ClientHandle) -> Status {
        Status::PENDING
    }

    unsafe fn wait_for_client_deregister_complete(&self, _: ClientHandle) -> Status {
        Status::SUCCESS
    }

    unsafe fn deregister_provider(&self, _: ProviderHandle) -> Status {
        Status::PENDING
    }

    unsafe fn wait_for_provider_deregister_complete(&self, _: ProviderHandle) -> Status {
        Status::SUCCESS
    }

    unsafe fn client_detach_provider_complete(&self, _: BindingHandle) {
        *self.0.completions.lock().expect("no panic") += 1;
    }

    unsafe fn provider_detach_client_complete(&self, _: BindingHandle) {
        *self.0.completions.lock().expect("no panic") += 1;
    }
}

nmr::driver! {
    /// Client of Adder over the registrar.
    pub driver HurriedClient {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c20",
        system: Host<Impetuous>,
        state: Probe = Probe::new(),
        client adder: adder::Npi as Bound<HurriedClient> { capacity: 1 },
    }
}

impl Probed for HurriedClient {
    fn probe(&self) -> &Probe {
        &self.state
    }
}

nmr::driver! {
    /// Provider of Adder over the registrar.
    pub driver HurriedProvider {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c21",
        system: Host<Impetuous>,
        state: Probe = Probe::new(),
        provider adder: adder::Npi as Bound<HurriedProvider> { capacity: 1 },
    }
}

impl Probed for HurriedProvider {
    fn probe(&self) -> &Probe {
        &self.state
    }
}

/// Detach, and cleanup too if so asked, arrive inside NmrClientAttachProvider.
pub fn client_is_detached_inside_its_attach(cleanup_inside: bool) {
    let nmr = Impetuous::default();
    nmr.0.cleanup_inside.store(cleanup_inside, Ordering::SeqCst);
    let loaded = Loaded::<HurriedClient>::new(Host::new(nmr.clone())).expect("nothing fails");
    let driver = loaded.driver();
    assert_eq!(*nmr.0.answers.lock().expect("no panic"), [Status::SUCCESS; 2], "the detach, then the attach");
    assert!(driver.adder.oldest_peer().is_none(), "born closed");
    assert_eq!(count(&driver.state.closing), 1);
    // Without cleanup NMR still has the binding, and the one slot with it.
    assert_eq!(driver.adder.bindings(), usize::from(!cleanup_inside));
    assert_eq!(count(&driver.state.dropped), usize::from(cleanup_inside));
    drop(loaded);
    assert_eq!(*nmr.0.completions.lock().expect("no panic"), 0);
}

/// Detach and cleanup arrive before the client's attach callback can have returned.
pub fn provider_is_detached_before_the_client_knows() {
    let nmr = Impetuous::default();
    let loaded = Loaded::<HurriedProvider>::new(Host::new(nmr.clone())).expect("nothing fails");
    let driver = loaded.driver();
    assert_eq!(*nmr.0.answers.lock().expect("no panic"), [Status::SUCCESS; 2], "the attach, then the detach");
    assert_eq!((driver.adder.bindings(), count(&driver.state.dropped)), (0, 1));
    drop(loaded);
    assert_eq!(*nmr.0.completions.lock().expect("no panic"), 0);
}
