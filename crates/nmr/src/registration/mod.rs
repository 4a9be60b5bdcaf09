//! One registration: the declaration's line, its slots, and its way through NMR.

#![expect(unsafe_code, reason = "hands NMR addresses of static storage")]

mod attach;
mod core;
mod door;
mod free_slots;
mod oldest;
mod word;

pub(crate) use self::attach::Exchange;
pub(crate) use self::core::Core;
pub use self::core::{Options, Policy};
#[cfg(test)]
pub(crate) use self::door::Door;
use self::oldest::OldestPeer;
use self::word::RegistrationState;

use crate::binding::{Guard, Slot};
use crate::role::{Client, Provider, Role};
use crate::sync::{const_fn_outside_loom, fresh_array};
use crate::unload::Coordinator;
use crate::{AtMostDispatch, Driver, Failure, MayWait, Npi, Result, Side, System};
use ::core::ffi::c_void;
use ::core::fmt;
use ::core::sync::atomic::Ordering;
use nmr_abi::{RegistrationInstance, Status};

/// A registration as client of an NPI, with room for `CAPACITY` providers; the other parameters are those of [`Client`].
pub type ClientRegistration<
    B,
    const CAPACITY: usize,
    const SHARDS: usize = 1,
    const CALLS_AT_DISPATCH: bool = false,
> = Registration<Client<B, SHARDS, CALLS_AT_DISPATCH>, CAPACITY>;

/// A registration as provider of an NPI, with room for `CAPACITY` clients; the other parameters are those of [`Provider`].
pub type ProviderRegistration<
    B,
    const CAPACITY: usize,
    const SHARDS: usize = 1,
    const CALLS_AT_DISPATCH: bool = false,
> = Registration<Provider<B, SHARDS, CALLS_AT_DISPATCH>, CAPACITY>;

/// One registration with NMR and its bindings, in static storage. `driver!` declares them.
pub struct Registration<R: Role, const CAPACITY: usize> {
    core: Core<R>,
    oldest: OldestPeer,
    slots: [Slot<R>; CAPACITY],
}

impl<R: Role, const CAPACITY: usize> Registration<R, CAPACITY> {
    const_fn_outside_loom! {
        /// A registration that NMR does not know yet. For `driver!`: a registration outside a driver is not taken down.
        #[doc(hidden)]
        pub unsafe fn new(options: Options) -> Self {
            const { assert!(CAPACITY > 0, "a registration needs a capacity of at least 1") };
            Self { core: Core::new(options), oldest: OldestPeer::new(), slots: fresh_array![Slot<R>; CAPACITY] }
        }
    }

    /// A guard on the peer that has been attached for longest, if one is open for calls: the one that `policy: first_of`
    /// uses.
    ///
    /// IRQL <= DISPATCH_LEVEL. Takes no lock; looks at one slot, and at all of them when that peer has gone.
    pub fn oldest_peer(&'static self) -> Option<Guard<'static, R>> {
        self.oldest.peer_ref(&self.slots).and_then(|peer| peer.enter()).or_else(|| self.next_oldest_peer())
    }

    #[cold]
    fn next_oldest_peer(&'static self) -> Option<Guard<'static, R>> {
        loop {
            let open = self.slots.iter().filter_map(|slot| Some((slot.seniority(), slot.peer_ref()?)));
            let (_, oldest) = open.min_by_key(|(seniority, _)| *seniority)?;
            // It may have closed since; then it is not met again.
            if let Some(guard) = oldest.enter() {
                self.oldest.remember(&self.slots, oldest);
                return Some(guard);
            }
        }
    }

    /// A guard on each peer that is open for calls, one after the other: each is entered when the iterator gets to it.
    ///
    /// IRQL <= DISPATCH_LEVEL. Takes no lock, so a peer that attaches meanwhile may or may not be met.
    pub fn peers(&'static self) -> impl Iterator<Item = Guard<'static, R>> {
        self.slots.iter().filter_map(Slot::enter)
    }

    /// How many peers are attached, attaching or not yet cleaned up.
    pub fn bindings(&self) -> usize {
        self.core.in_use()
    }

    /// Calls into peers that are in flight, as far as they are counted (those at DISPATCH_LEVEL are not); out of date as
    /// soon as it is known. For people who look.
    pub fn calls_in_flight(&self) -> u64 {
        self.slots.iter().map(Slot::calls_in_flight).sum()
    }

    /// NMR's handle for this registration, NULL if there is none; for calls that the framework does not make.
    pub fn raw_handle(&self) -> *mut c_void {
        self.core.handle.load(Ordering::Acquire)
    }
}

impl<R: Role, const CAPACITY: usize> fmt::Debug for Registration<R, CAPACITY> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("name", &self.core.options.name)
            .field("side", &R::SIDE)
            .field("capacity", &CAPACITY)
            .finish_non_exhaustive()
    }
}

/// How [`unload`](crate::unload) sees a registration of driver `D`, whatever its NPI and side.
pub trait Registered<D>: Sync {
    /// The name in the declaration.
    fn name(&self) -> &'static str;
    /// Which side of the NPI it is.
    fn side(&self) -> Side;
    /// Slots that are not free.
    fn bindings_left(&self) -> usize;
    /// NMR callbacks of this registration that are running.
    fn callbacks_running(&self) -> usize;

    #[doc(hidden)]
    fn register(&'static self, driver: &'static D, at: &MayWait<'_>, by: &Coordinator) -> Result<()>;
    #[doc(hidden)]
    fn shut_door(&self, by: &Coordinator);
    #[doc(hidden)]
    fn close_bindings(&'static self, at: &AtMostDispatch<'_>, by: &Coordinator);
    #[doc(hidden)]
    fn issue_deregister(&'static self, at: &MayWait<'_>, by: &Coordinator);
    #[doc(hidden)]
    fn wait_deregistered(&'static self, at: &MayWait<'_>, by: &Coordinator);
}

impl<R: Role, const CAPACITY: usize> Registered<R::Driver> for Registration<R, CAPACITY> {
    fn name(&self) -> &'static str {
        self.core.options.name
    }

    fn side(&self) -> Side {
        R::SIDE
    }

    fn bindings_left(&self) -> usize {
        self.core.in_use()
    }

    fn callbacks_running(&self) -> usize {
        self.core.callbacks_running()
    }

    fn register(&'static self, driver: &'static R::Driver, _: &MayWait<'_>, _: &Coordinator) -> Result<()> {
        if !self.core.word.step(RegistrationState::Idle, RegistrationState::Registering) {
            return Err(crate::Error::INVALID_DEVICE_STATE);
        }
        self.core.move_in(driver, &self.slots);
        self.core.door.open();
        let instance = RegistrationInstance::new(const { &R::Npi::ID }, R::Driver::MODULE_ID);
        // SAFETY: Registering has one thread, and NMR does not know of the structure yet.
        let characteristics =
            unsafe { (*self.core.characteristics.get()).write(R::characteristics(instance)) };
        let mut handle = ::core::ptr::null_mut();
        let context = ::core::ptr::from_ref(&self.core).cast_mut().cast::<c_void>();
        // SAFETY: the registration, and with it the structure and the context, is static; the trampolines keep the
        // contract of the callbacks.
        let status = unsafe { R::register(driver.system(), characteristics, context, &mut handle) };
        if !status.is_success() {
            self.core.log("register", format_args!(" failed: {status}"));
            self.core.word.step(RegistrationState::Registering, RegistrationState::Idle);
            return Err(crate::Error::from_status(status));
        }
        self.core.handle.store(handle, Ordering::Release);
        self.core.word.step(RegistrationState::Registering, RegistrationState::Registered);
        self.core.log("register", format_args!(": {} attached", self.core.in_use()));
        Ok(())
    }

    fn shut_door(&self, _: &Coordinator) {
        self.core.door.shut();
    }

    fn close_bindings(&'static self, at: &AtMostDispatch<'_>, _: &Coordinator) {
        self.core.close_all(at);
    }

    fn issue_deregister(&'static self, at: &MayWait<'_>, _: &Coordinator) {
        if !self.core.word.step(RegistrationState::Registered, RegistrationState::Issuing) {
            return;
        }
        let handle = self.raw_handle();
        // SAFETY: the handle came with Registered, and Issuing has one thread.
        let status = unsafe { R::deregister(self.core.system(), handle) };
        self.core.log("deregister", format_args!(": {status}"));
        match status {
            Status::PENDING => {
                self.core.word.step(RegistrationState::Issuing, RegistrationState::Issued);
            }
            Status::SUCCESS => self.core.close_registration(RegistrationState::Issuing, at),
            status => self.core.system().stop(Failure::Deregister(status)),
        }
    }

    fn wait_deregistered(&'static self, at: &MayWait<'_>, _: &Coordinator) {
        if !self.core.word.step(RegistrationState::Issued, RegistrationState::Waiting) {
            return;
        }
        debug_assert!(
            !self.slots.iter().any(Slot::is_held_here),
            "waits for registration {} with a guard of it on the same thread: the wait would never end",
            self.core.options.name,
        );
        let system = self.core.system();
        let handle = self.raw_handle();
        // SAFETY: NMR answered STATUS_PENDING, and Waiting has one thread, which is in no callback: it has MayWait.
        let status = unsafe { R::wait(system, handle) };
        if status != Status::SUCCESS {
            system.stop(Failure::Wait(status));
        }
        self.core.close_registration(RegistrationState::Waiting, at);
    }
}
