//! What all slots of a registration share.

#![expect(unsafe_code, reason = "keeps NMR's structure in place for as long as NMR may look at it")]

use super::InstanceIdentity;
use super::door::Door;
use super::free_slots::FreeSlots;
use super::options::{Options, Policy, RegistrationName};
use super::passage::Passage;
use crate::binding::Slot;
use crate::lock::Lock;
use crate::log::{self, Facts, Subject};
use crate::role::{EventOf, Role, SystemOf};
use crate::sync::const_fn_outside_loom;
use crate::{Driver, Error, Npi, Refusal, Step, System};
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use nmr_abi::{ModuleId, RegistrationInstance};

/// The driver, the slots and the declaration, known from the load on.
pub(crate) struct Home<R: Role> {
    /// Who logs say it is. Kept as data: what differs between registrations in data alone is one function in the image.
    subject: Subject,
    options: &'static Options,
    pub(crate) driver: &'static R::Driver,
    pub(crate) slots: &'static [Slot<R>],
}

impl<R: Role> Home<R> {
    pub(crate) fn subject(&self) -> &Subject {
        &self.subject
    }
}

/// All zero before its load, whence what is declared comes: see [`Driver::OPTIONS`].
pub(crate) struct Core<R: Role> {
    pub(crate) passage: Passage<EventOf<R>>,
    /// NMR's handle; meaningful from Registered on.
    pub(crate) handle: AtomicPtr<c_void>,
    characteristics: UnsafeCell<MaybeUninit<R::Characteristics>>,
    /// Who the registration says it is; `characteristics` points here.
    module_id: UnsafeCell<MaybeUninit<ModuleId>>,
    home: spin::Once<Home<R>>,
    free: Lock<FreeSlots, <SystemOf<R> as System>::Lock>,
    /// Slots that are not free. Changed with `free` locked; read without.
    in_use: AtomicUsize,
    pub(crate) door: Door,
    /// NMR callbacks of this registration that are running.
    callbacks: AtomicUsize,
    seniority: AtomicU64,
    refused_for_capacity: AtomicU64,
}

// SAFETY: `characteristics` and `module_id` are written by the one thread that is in Registering, before NMR knows of
// them; afterwards they are only read. All else is Sync by itself.
unsafe impl<R: Role> Sync for Core<R> {}

impl<R: Role> Core<R> {
    const_fn_outside_loom! {
        pub(crate) fn new() -> Self {
            Self {
                passage: Passage::new(),
                handle: AtomicPtr::new(core::ptr::null_mut()),
                characteristics: UnsafeCell::new(MaybeUninit::uninit()),
                module_id: UnsafeCell::new(MaybeUninit::uninit()),
                home: spin::Once::new(),
                free: Lock::new(FreeSlots::new()),
                in_use: AtomicUsize::new(0),
                door: Door::new(),
                callbacks: AtomicUsize::new(0),
                seniority: AtomicU64::new(0),
                refused_for_capacity: AtomicU64::new(0),
            }
        }
    }

    pub(crate) fn move_in(
        &self,
        driver: &'static R::Driver,
        slots: &'static [Slot<R>],
        options: &'static Options,
    ) {
        let registration = options.full_name();
        let npi = const { &<R::Npi as Npi>::ID };
        let subject = Subject { registration, side: R::SIDE, npi_name: R::Npi::NAME, npi };
        self.home.call_once(|| Home { subject, options, driver, slots });
    }

    /// What the registration is declared to accept. As for [`Core::home`].
    pub(crate) fn options(&self) -> &'static Options {
        self.home().options
    }

    /// The name in the declaration; empty as long as the driver was never loaded.
    pub(crate) fn name(&self) -> RegistrationName {
        self.home_if_loaded().map_or(RegistrationName::EMPTY, |home| home.options.full_name())
    }

    /// # Panics
    /// If the driver was never loaded; NMR calls back, and peers call in, only later.
    pub(crate) fn home(&self) -> &Home<R> {
        self.home.get().expect("a registration knows its driver before NMR knows the registration")
    }

    /// The driver and slots, or `None` as long as the driver was never loaded.
    pub(crate) fn home_if_loaded(&self) -> Option<&Home<R>> {
        self.home.get()
    }

    /// Who the registration is if nothing else is said. As for [`Core::home`].
    pub(crate) fn declared_identity(&self) -> InstanceIdentity {
        let module_id = self.options().module_id.unwrap_or(R::Driver::MODULE_ID);
        InstanceIdentity::new(*module_id, self.options().number)
    }

    /// What NMR gets to see of `identity`, in a place where it stays.
    ///
    /// # Safety
    /// The caller owns the registration in Registering, and NMR does not know of it yet.
    pub(crate) unsafe fn characteristics_of(&self, identity: InstanceIdentity) -> *const R::Characteristics {
        let declared = self.options().characteristics.as_ptr();
        // SAFETY: as the caller says, nobody reads it.
        unsafe { (*self.module_id.get()).write(identity.module_id()) };
        let instance = RegistrationInstance {
            version: R::Npi::INSTANCE_VERSION,
            number: identity.number(),
            npi_specific_characteristics: identity.characteristics().unwrap_or(declared),
            ..RegistrationInstance::new(const { &<R::Npi as Npi>::ID }, self.module_id.get().cast())
        };
        // SAFETY: as above.
        unsafe { (*self.characteristics.get()).write(R::characteristics(instance)) }
    }

    /// The slots; none as long as the driver was never loaded.
    pub(crate) fn slots(&self) -> &'static [Slot<R>] {
        self.home.get().map_or(&[], |home| home.slots)
    }

    pub(crate) fn system(&self) -> &'static SystemOf<R> {
        self.home().driver.system()
    }

    /// Takes a slot, if the policy allows another peer and there is one.
    ///
    /// A function of its own in the image, one for all registrations with slots of the same size.
    #[inline(never)]
    pub(crate) fn reserve(&self) -> Result<&'static Slot<R>, Refusal> {
        const NOT_AGAIN: Error = Error::INSUFFICIENT_RESOURCES;
        let slots = self.slots();
        let mut free = self.free.lock();
        if self.options().policy == Policy::One && free.seats_taken() > 0 {
            drop(free);
            self.refused_for_capacity.fetch_add(1, Ordering::Relaxed);
            return Err(Refusal::with(
                NOT_AGAIN,
                "another peer has the one seat; NMR will not offer this one again",
            ));
        }
        let full = "the declared capacity is in use; NMR will not offer this peer again";
        let Some(slot) = free.take(slots) else {
            drop(free);
            self.refused_for_capacity.fetch_add(1, Ordering::Relaxed);
            return Err(Refusal::with(NOT_AGAIN, full));
        };
        self.in_use.store(self.in_use() + 1, Ordering::Release);
        Ok(slot)
    }

    /// A binding that is not open, nor ever will be, gives its seat to the next peer; the slot stays until cleanup.
    pub(crate) fn vacate(&self, slot: &'static Slot<R>) {
        self.free.lock().vacate(slot);
    }

    pub(crate) fn give_back(&self, slot: &'static Slot<R>) {
        let mut free = self.free.lock();
        free.give_back(self.slots(), slot);
        self.in_use.store(self.in_use() - 1, Ordering::Release);
    }

    /// Slots that hold a binding, or are about to.
    pub(crate) fn in_use(&self) -> usize {
        self.in_use.load(Ordering::Acquire)
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

    /// Tells the log of one step of this registration.
    #[inline(never)]
    pub(crate) fn log(&self, step: Step, facts: &Facts<'_>) {
        let home = self.home();
        log::tell(home.driver, Some(&home.subject), step, facts);
    }

    /// As for [`Core::home`].
    pub(crate) fn subject(&self) -> &Subject {
        &self.home().subject
    }

    /// How many peers were refused because there was no seat for them.
    pub(crate) const fn refused_for_capacity(&self) -> &AtomicU64 {
        &self.refused_for_capacity
    }
}

/// A callback of NMR that is running.
pub(crate) struct Callback<'a>(&'a AtomicUsize);

impl Drop for Callback<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}
