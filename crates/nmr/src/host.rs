//! The framework's seams filled by std, over any [`Registrar`]: how drivers are tested on a desk.

#![expect(unsafe_code, reason = "implements the system's traits, which promise things about memory")]

use crate::{Driver, Failure, MayWait, RawEvent, RawLock, RawThread, Result, System, ThreadEntry};
use core::ffi::c_void;
use core::fmt;
use core::time::Duration;
use nmr_abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, ProviderCharacteristics, ProviderHandle, Registrar,
    Status,
};
use std::boxed::Box;
use std::string::{String, ToString};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::vec::Vec;

/// A system made of std and of the registrar `N`. Its log is kept, to be asserted on.
#[derive(Clone, Debug)]
pub struct Host<N> {
    registrar: N,
    log: Arc<Mutex<Vec<String>>>,
}

impl<N: Registrar> Host<N> {
    /// A system over `registrar`.
    pub fn new(registrar: N) -> Self {
        Self { registrar, log: Arc::default() }
    }

    /// The registrar below.
    pub fn registrar(&self) -> &N {
        &self.registrar
    }

    /// The lines logged so far.
    pub fn log_lines(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A driver that is loaded on this host for as long as the value lives.
///
/// The driver's storage is static, as it is in the kernel: it is never freed, so a late reference finds a driver that
/// is down, and not freed memory.
#[derive(Debug)]
pub struct Loaded<D: Driver> {
    driver: &'static D,
}

impl<D: Driver> Loaded<D> {
    /// Puts a driver into storage of its own and loads it, as DriverEntry does. For a thread that is in no callback of
    /// NMR.
    ///
    /// # Errors
    /// What the driver's start or one of its registrations failed with; everything is taken down again then.
    pub fn new(system: D::System) -> Result<Self> {
        let storage = Self::storage(system);
        // SAFETY: fresh storage, which nobody else has.
        unsafe { Self::of(storage) }
    }

    /// Static storage with a driver that is not loaded yet.
    pub fn storage(system: D::System) -> &'static D {
        // SAFETY: put into static storage here, and loaded through `of` alone.
        let driver: &'static D = Box::leak(Box::new(unsafe { D::create(system) }));
        STORAGE.lock().unwrap_or_else(PoisonError::into_inner).push(driver);
        driver
    }

    /// Loads the driver in `storage`.
    ///
    /// # Errors
    /// As for [`Loaded::new`].
    ///
    /// # Safety
    /// The driver is not loaded at the moment.
    pub unsafe fn of(driver: &'static D) -> Result<Self> {
        // SAFETY: the caller's thread is an ordinary one, and in no callback.
        let may_wait = unsafe { MayWait::assume() };
        // SAFETY: as the caller says; the value that this makes unloads the driver, once.
        unsafe { driver.load(&may_wait) }?;
        Ok(Self { driver })
    }

    /// The driver.
    pub fn driver(&self) -> &'static D {
        self.driver
    }
}

impl<D: Driver> Drop for Loaded<D> {
    fn drop(&mut self) {
        // SAFETY: the caller's thread is an ordinary one, and in no callback.
        let may_wait = unsafe { MayWait::assume() };
        // SAFETY: `of` has loaded the driver, and this value is the only one that unloads it.
        unsafe { self.driver.unload(&may_wait) };
    }
}

/// Keeps the drivers reachable, so that leak checkers see what is meant.
static STORAGE: Mutex<Vec<&'static dyn Sync>> = Mutex::new(Vec::new());

/// `spin`'s mutex.
#[derive(Debug)]
pub struct HostLock(spin::Mutex<()>);

// SAFETY: `spin::Mutex` excludes and orders as asked.
unsafe impl RawLock for HostLock {
    const UNLOCKED: Self = Self(spin::Mutex::new(()));
    type Restore = ();

    fn acquire(&self) {
        core::mem::forget(self.0.lock());
    }

    unsafe fn release(&self, (): ()) {
        // SAFETY: the caller holds the lock, whose guard was forgotten.
        unsafe { self.0.force_unlock() };
    }
}

/// A flag with a condition variable.
#[derive(Debug)]
pub struct HostEvent {
    set: Mutex<bool>,
    changed: Condvar,
}

// SAFETY: the flag is under a mutex, which orders setter and waiter.
unsafe impl RawEvent for HostEvent {
    const UNINITIALIZED: Self = Self { set: Mutex::new(false), changed: Condvar::new() };

    unsafe fn initialize(&self) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }

    unsafe fn set(&self) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    unsafe fn wait(&self, _: &MayWait<'_>, limit: Option<Duration>) -> bool {
        let set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        let unset = |set: &mut bool| !*set;
        match limit {
            None => *self.changed.wait_while(set, unset).unwrap_or_else(PoisonError::into_inner),
            Some(limit) => {
                let waited = self.changed.wait_timeout_while(set, limit, unset);
                *waited.unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }
}

/// A pointer that a thread takes along.
struct Passed(*mut c_void);

// SAFETY: the caller of `System::spawn` says that the context may be used on the new thread.
unsafe impl Send for Passed {}

// SAFETY: std's threads run their closure once, and `JoinHandle::join` returns when the thread has ended.
unsafe impl<N: Registrar> System for Host<N> {
    type Lock = HostLock;
    type Event = HostEvent;

    unsafe fn spawn(&self, entry: ThreadEntry, context: *mut c_void) -> Result<RawThread> {
        let context = Passed(context);
        let thread = std::thread::spawn(move || {
            let Passed(context) = { context };
            // SAFETY: the caller passes what `entry` expects.
            unsafe { entry(context) }
        });
        Ok(RawThread::from_raw(Box::into_raw(Box::new(thread)).cast()))
    }

    unsafe fn join(&self, _: &MayWait<'_>, thread: RawThread) {
        // SAFETY: `spawn` made it of a box, and the caller joins once.
        let thread = unsafe { Box::from_raw(thread.into_raw().cast::<JoinHandle<()>>()) };
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    }

    fn sleep(&self, _: &MayWait<'_>, time: Duration) {
        std::thread::sleep(time);
    }

    fn log(&self, line: fmt::Arguments<'_>) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_string());
    }

    fn stop(&self, failure: Failure) -> ! {
        panic!("the machine stops: {failure}");
    }
}

// SAFETY: passes every call on to a registrar.
unsafe impl<N: Registrar> Registrar for Host<N> {
    unsafe fn register_client(
        &self,
        characteristics: *const ClientCharacteristics,
        client_context: *mut c_void,
        client_handle: &mut ClientHandle,
    ) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.registrar.register_client(characteristics, client_context, client_handle) }
    }

    unsafe fn deregister_client(&self, client_handle: ClientHandle) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.registrar.deregister_client(client_handle) }
    }

    unsafe fn wait_for_client_deregister_complete(&self, client_handle: ClientHandle) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.registrar.wait_for_client_deregister_complete(client_handle) }
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
            self.registrar.client_attach_provider(
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
        unsafe { self.registrar.client_detach_provider_complete(nmr_binding_handle) }
    }

    unsafe fn register_provider(
        &self,
        characteristics: *const ProviderCharacteristics,
        provider_context: *mut c_void,
        provider_handle: &mut ProviderHandle,
    ) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.registrar.register_provider(characteristics, provider_context, provider_handle) }
    }

    unsafe fn deregister_provider(&self, provider_handle: ProviderHandle) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.registrar.deregister_provider(provider_handle) }
    }

    unsafe fn wait_for_provider_deregister_complete(&self, provider_handle: ProviderHandle) -> Status {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.registrar.wait_for_provider_deregister_complete(provider_handle) }
    }

    unsafe fn provider_detach_client_complete(&self, nmr_binding_handle: BindingHandle) {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.registrar.provider_detach_client_complete(nmr_binding_handle) }
    }
}
