//! A registrar that passes everything on to a simulated NMR, except where a test bends an answer.

#![expect(unsafe_code, reason = "is a registrar")]

use core::ffi::c_void;
use nmr::Status;
use nmr::abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, ProviderCharacteristics, ProviderHandle, Registrar,
};
use nmr_sim::World;
use std::sync::{Arc, Mutex, PoisonError};

/// What is answered instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bend {
    /// NmrDeregister* is complete when it returns, and answers STATUS_SUCCESS.
    DeregisterSucceeds,
    /// NmrDeregister* does nothing and answers this.
    DeregisterFails(Status),
    /// NmrWaitFor* waits, and answers this.
    WaitFails(Status),
}

/// The registrar.
#[derive(Clone, Debug)]
pub struct Bent {
    world: World,
    bend: Arc<Mutex<Option<Bend>>>,
}

impl Bent {
    pub fn over(world: &World) -> Self {
        Self { world: world.clone(), bend: Arc::default() }
    }

    /// Bends the answers from here on.
    pub fn bend(&self, bend: Bend) {
        *self.bend.lock().unwrap_or_else(PoisonError::into_inner) = Some(bend);
    }

    fn bent(&self) -> Option<Bend> {
        *self.bend.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deregister(&self, deregister: impl FnOnce() -> Status, wait: impl FnOnce() -> Status) -> Status {
        match self.bent() {
            Some(Bend::DeregisterFails(status)) => status,
            Some(Bend::DeregisterSucceeds) => {
                assert_eq!((deregister(), wait()), (Status::PENDING, Status::SUCCESS));
                Status::SUCCESS
            }
            _ => deregister(),
        }
    }

    fn wait(&self, wait: impl FnOnce() -> Status) -> Status {
        let status = wait();
        if let Some(Bend::WaitFails(answer)) = self.bent() { answer } else { status }
    }
}

// SAFETY: makes every call of the simulated NMR, which makes the callbacks, and none of its own.
unsafe impl Registrar for Bent {
    unsafe fn register_client(
        &self,
        characteristics: *const ClientCharacteristics,
        client_context: *mut c_void,
        client_handle: &mut ClientHandle,
    ) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.world.register_client(characteristics, client_context, client_handle) }
    }

    unsafe fn deregister_client(&self, client_handle: ClientHandle) -> Status {
        self.deregister(
            // SAFETY: the caller keeps the contract of this very call.
            || unsafe { self.world.deregister_client(client_handle) },
            // SAFETY: deregistered before, and the caller will not wait.
            || unsafe { self.world.wait_for_client_deregister_complete(client_handle) },
        )
    }

    unsafe fn wait_for_client_deregister_complete(&self, client_handle: ClientHandle) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        self.wait(|| unsafe { self.world.wait_for_client_deregister_complete(client_handle) })
    }

    unsafe fn client_attach_provider(
        &self,
        nmr_binding_handle: BindingHandle,
        client_binding_context: *mut c_void,
        client_dispatch: *const c_void,
        provider_binding_context: &mut *mut c_void,
        provider_dispatch: &mut *const c_void,
    ) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe {
            self.world.client_attach_provider(
                nmr_binding_handle,
                client_binding_context,
                client_dispatch,
                provider_binding_context,
                provider_dispatch,
            )
        }
    }

    unsafe fn client_detach_provider_complete(&self, nmr_binding_handle: BindingHandle) {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.world.client_detach_provider_complete(nmr_binding_handle) }
    }

    unsafe fn register_provider(
        &self,
        characteristics: *const ProviderCharacteristics,
        provider_context: *mut c_void,
        provider_handle: &mut ProviderHandle,
    ) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.world.register_provider(characteristics, provider_context, provider_handle) }
    }

    unsafe fn deregister_provider(&self, provider_handle: ProviderHandle) -> Status {
        self.deregister(
            // SAFETY: the caller keeps the contract of this very call.
            || unsafe { self.world.deregister_provider(provider_handle) },
            // SAFETY: deregistered before, and the caller will not wait.
            || unsafe { self.world.wait_for_provider_deregister_complete(provider_handle) },
        )
    }

    unsafe fn wait_for_provider_deregister_complete(&self, provider_handle: ProviderHandle) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        self.wait(|| unsafe { self.world.wait_for_provider_deregister_complete(provider_handle) })
    }

    unsafe fn provider_detach_client_complete(&self, nmr_binding_handle: BindingHandle) {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.world.provider_detach_client_complete(nmr_binding_handle) }
    }
}
