//! A registrar that answers deregistrations and waits as a test likes.

#![expect(unsafe_code, reason = "implements the contract's unsafe trait")]

use core::ffi::c_void;
use nmr::Status;
use nmr::abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, ProviderCharacteristics, ProviderHandle, Registrar,
};
use nmr_sim::World;
use std::sync::{Arc, Mutex};

/// A world, and what it is made to answer.
#[derive(Clone, Debug)]
pub struct Faulty {
    pub world: World,
    answers: Arc<Mutex<Answers>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Answers {
    deregister: Option<Status>,
    wait: Option<Status>,
}

impl Faulty {
    pub fn over(world: &World) -> Self {
        Self { world: world.clone(), answers: Arc::default() }
    }

    /// Every NmrDeregister* answers `status`: for STATUS_SUCCESS after all is done, for a failure without an effect.
    pub fn deregister_answers(&self, status: Status) {
        self.answers.lock().expect("no panic").deregister = Some(status);
    }

    /// Every NmrWaitFor* answers `status`, without an effect.
    pub fn wait_answers(&self, status: Status) {
        self.answers.lock().expect("no panic").wait = Some(status);
    }

    fn answers(&self) -> Answers {
        *self.answers.lock().expect("no panic")
    }
}

// SAFETY: passes every call on to the world, or does not make it, which takes nothing from the caller.
unsafe impl Registrar for Faulty {
    unsafe fn register_client(
        &self,
        characteristics: *const ClientCharacteristics,
        context: *mut c_void,
        handle: &mut ClientHandle,
    ) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.world.register_client(characteristics, context, handle) }
    }

    unsafe fn deregister_client(&self, handle: ClientHandle) -> Status {
        match self.answers().deregister {
            // SAFETY: the caller keeps the contract of this very call.
            None => unsafe { self.world.deregister_client(handle) },
            Some(Status::SUCCESS) => {
                // SAFETY: as above.
                let pending = unsafe { self.world.deregister_client(handle) };
                assert_eq!(pending, Status::PENDING);
                // SAFETY: it pended, and the caller will not wait.
                unsafe { self.world.wait_for_client_deregister_complete(handle) }
            }
            Some(failure) => failure,
        }
    }

    unsafe fn wait_for_client_deregister_complete(&self, handle: ClientHandle) -> Status {
        match self.answers().wait {
            // SAFETY: the caller keeps the contract of this very call.
            None => unsafe { self.world.wait_for_client_deregister_complete(handle) },
            Some(failure) => failure,
        }
    }

    unsafe fn client_attach_provider(
        &self,
        binding: BindingHandle,
        client_context: *mut c_void,
        client_dispatch: *const c_void,
        provider_context: &mut *mut c_void,
        provider_dispatch: &mut *const c_void,
    ) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe {
            self.world.client_attach_provider(
                binding,
                client_context,
                client_dispatch,
                provider_context,
                provider_dispatch,
            )
        }
    }

    unsafe fn client_detach_provider_complete(&self, binding: BindingHandle) {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.world.client_detach_provider_complete(binding) }
    }

    unsafe fn register_provider(
        &self,
        characteristics: *const ProviderCharacteristics,
        context: *mut c_void,
        handle: &mut ProviderHandle,
    ) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.world.register_provider(characteristics, context, handle) }
    }

    unsafe fn deregister_provider(&self, handle: ProviderHandle) -> Status {
        match self.answers().deregister {
            // SAFETY: the caller keeps the contract of this very call.
            None => unsafe { self.world.deregister_provider(handle) },
            Some(Status::SUCCESS) => {
                // SAFETY: as above.
                let pending = unsafe { self.world.deregister_provider(handle) };
                assert_eq!(pending, Status::PENDING);
                // SAFETY: it pended, and the caller will not wait.
                unsafe { self.world.wait_for_provider_deregister_complete(handle) }
            }
            Some(failure) => failure,
        }
    }

    unsafe fn wait_for_provider_deregister_complete(&self, handle: ProviderHandle) -> Status {
        match self.answers().wait {
            // SAFETY: the caller keeps the contract of this very call.
            None => unsafe { self.world.wait_for_provider_deregister_complete(handle) },
            Some(failure) => failure,
        }
    }

    unsafe fn provider_detach_client_complete(&self, binding: BindingHandle) {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.world.provider_detach_client_complete(binding) }
    }
}
