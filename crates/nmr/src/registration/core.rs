//! What all slots of a registration share.

#![expect(unsafe_code, reason = "keeps NMR's structure in place for as long as NMR may look at it")]

use super::door::Door;
use super::free_slots::FreeSlots;
use super::word::{RegistrationState, RegistrationWord};
use crate::binding::Slot;
use crate::lock::Lock;
use crate::log::Subject;
use crate::role::{Role, SystemOf};
use crate::sync::const_fn_outside_loom;
use crate::{Driver, Error, MayWait, Npi, Refusal, System};
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::fmt;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use core::time::Duration;

/// What a registration accepts. `driver!` fills it in from the declaration.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The name in the declaration.
    pub name: &'static str,
    /// How many peers may be attached at a time.
    pub policy: Policy,
    /// Whether the driver may attach to itself.
    pub accept_self: bool,
}

/// How many peers a registration accepts, within its capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// As many as there is capacity for.
    All,
    /// One at a time; the others are refused, and NMR does not offer them again.
    One,
    /// As many as there is capacity for, of which the oldest is used and the next takes over:
    /// [`Registration::oldest_peer`](crate::Registration::oldest_peer).
    FirstOf,
}

/// The driver and the slots, known from the first registration on.
pub(crate) struct Home<R: Role> {
    pub(crate) driver: &'static R::Driver,
    pub(crate) slots: &'static [Slot<R>],
}

pub(crate) struct Core<R: Role> {
    pub(crate) options: Options,
    pub(crate) word: RegistrationWord,
    /// NMR's handle; meaningful from Registered on.
    pub(crate) handle: AtomicPtr<c_void>,
    pub(crate) characteristics: UnsafeCell<MaybeUninit<R::Characteristics>>,
    home: spin::Once<Home<R>>,
    free: Lock<FreeSlots, <SystemOf<R> as System>::Lock>,
    pub(crate) door: Door,
    /// NMR callbacks of this registration that are running.
    callbacks: AtomicUsize,
    seniority: AtomicU64,
}

// SAFETY: `characteristics` is written by the one thread that is in Registering, before NMR knows of it; afterwards it
// is only read. All else is Sync by itself.
unsafe impl<R: Role> Sync for Core<R> {}

impl<R: Role> Core<R> {
    const_fn_outside_loom! {
        pub(crate) fn new(options: Options) -> Self {
            Self {
                options,
                word: RegistrationWord::new(),
                handle: AtomicPtr::new(core::ptr::null_mut()),
                characteristics: UnsafeCell::new(MaybeUninit::uninit()),
                home: spin::Once::new(),
                free: Lock::new(FreeSlots::new()),
                door: Door::new(),
                callbacks: AtomicUsize::new(0),
                seniority: AtomicU64::new(0),
            }
        }
    }

    pub(crate) fn move_in(&self, driver: &'static R::Driver, slots: &'static [Slot<R>]) {
        self.home.call_once(|| Home { driver, slots });
    }

    /// # Panics
    /// If the registration was never registered; NMR calls back, and peers call in, only later.
    pub(crate) fn home(&self) -> &Home<R> {
        self.home.get().expect("a registration knows its driver before NMR knows the registration")
    }

    /// The driver and slots, or `None` as long as the registration was never registered.
    pub(crate) fn slots(&self) -> &'static [Slot<R>] {
        self.home.get().map_or(&[], |home| home.slots)
    }

    pub(crate) fn system(&self) -> &'static SystemOf<R> {
        self.home().driver.system()
    }

    /// Takes a slot, if the policy allows another peer and there is one.
    pub(crate) fn reserve(&self) -> Result<&'static Slot<R>, Refusal> {
        const NOT_AGAIN: Error = Error::INSUFFICIENT_RESOURCES;
        let slots = self.slots();
        let mut free = self.free.lock();
        if self.options.policy == Policy::One && free.seats_taken() > 0 {
            return Err(Refusal::with(
                NOT_AGAIN,
                "another peer has the one seat; NMR will not offer this one again",
            ));
        }
        let full = "the declared capacity is in use; NMR will not offer this peer again";
        free.take(slots).ok_or(Refusal::with(NOT_AGAIN, full))
    }

    /// A binding that will never be open gives its seat to the next peer; the slot stays until cleanup.
    pub(crate) fn vacate(&self, slot: &'static Slot<R>) {
        self.free.lock().vacate(slot);
    }

    pub(crate) fn give_back(&self, slot: &'static Slot<R>) {
        self.free.lock().give_back(self.slots(), slot);
    }

    /// Slots that hold a binding, or are about to.
    pub(crate) fn in_use(&self) -> usize {
        self.free.lock().in_use()
    }

    pub(crate) fn next_seniority(&self) -> u64 {
        self.seniority.fetch_add(1, Ordering::Relaxed)
    }

    /// Counts a callback of NMR for as long as the answer lives.
    pub(crate) fn callback(&self) -> Callback<'_> {
        self.callbacks.fetch_add(1, Ordering::Relaxed);
        Callback(&self.callbacks)
    }

    pub(crate) fn callbacks_running(&self) -> usize {
        self.callbacks.load(Ordering::Acquire)
    }

    /// The last step of a deregistration. NMR is done with the bindings, but a callback may still be on its way out.
    pub(crate) fn close_registration(&self, from: RegistrationState, at: &MayWait<'_>) {
        while self.callbacks_running() > 0 {
            self.system().sleep(at, Duration::from_millis(1));
        }
        self.handle.store(core::ptr::null_mut(), Ordering::Release);
        self.log("deregistered", format_args!(": {} bindings left", self.in_use()));
        self.word.step(from, RegistrationState::Idle);
    }

    /// Writes the log line of one step of this registration.
    pub(crate) fn log<D: fmt::Display>(&self, step: &'static str, details: D) {
        self.system().log(format_args!("{}", self.subject().step(step, details)));
    }

    fn subject(&self) -> Subject {
        Subject { driver: R::Driver::NAME, registration: self.options.name, side: R::SIDE, npi: R::Npi::NAME }
    }
}

/// A callback of NMR that is running.
pub(crate) struct Callback<'a>(&'a AtomicUsize);

impl Drop for Callback<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}
