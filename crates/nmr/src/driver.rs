//! A driver: its registrations, its threads, and the way up and down.

#![expect(
    unsafe_code,
    reason = "loading and unloading twice, or half, would leave NMR with an image that is gone"
)]

use crate::grace::GracePeriods;
use crate::registration::{Options, Registered};
use crate::snapshot::{self, AttachmentRow, RegistrationRow, TooSmall, Written};
use crate::unload::Coordinator;
use crate::{AtMostDispatch, MayWait, OnFailure, Result, System, unload};
use nmr_abi::ModuleId;

/// A driver as `driver!` declares it: static storage for everything that NMR and the driver's threads refer to.
///
/// # Safety
/// [`Driver::for_each_registration`] visits every registration of the driver, [`Driver::OPTIONS`] has as many, [`Driver::join_threads`] joins every
/// thread of it, [`Driver::coordinator`] is a field of the driver, and [`Driver::grace_periods`] answers always the same.
/// `driver!` writes the implementation.
pub unsafe trait Driver: Sync + Sized + 'static {
    /// The system below.
    type System: System;
    /// The name in logs.
    const NAME: &'static str;
    /// Who the driver is to its peers.
    const MODULE_ID: &'static ModuleId;
    /// What becomes of the machine when NMR fails to let go of a registration.
    const ON_FAILURE: OnFailure;

    /// The driver on `system`, before it is loaded.
    ///
    /// # Safety
    /// The value is put into static storage, and loaded and unloaded there like the one of `driver!`.
    unsafe fn create(system: Self::System) -> Self;

    /// The system below.
    fn system(&self) -> &Self::System;

    /// The grace periods that calls at DISPATCH_LEVEL need, if a registration declares such calls.
    fn grace_periods(&'static self) -> Option<&'static GracePeriods<Self::System>>;

    /// Where the threads meet that activate, deactivate and unload.
    fn coordinator(&self) -> &Coordinator<Self>;

    /// What is declared of each registration, in the order of [`Driver::for_each_registration`]. A registration learns
    /// it at load: until then the driver's storage is all zero, as far as the framework's part goes, and takes no room
    /// in the image.
    const OPTIONS: &'static [Options];

    /// Calls `each` with every registration, in the order in which they register: what others need comes first.
    fn for_each_registration(&'static self, each: &mut dyn FnMut(Stage, &'static dyn Registered<Self>));

    /// Called before the first registration: threads and state that attach callbacks and peers' calls rely on.
    ///
    /// # Errors
    /// The driver does not start; nothing is registered.
    fn start(&'static self, at: &MayWait<'_>) -> Result<()>;

    /// Called first at unload: timers are cancelled, own threads are told to end. Nothing is waited for yet, and no
    /// guard may be held across it.
    fn stop(&'static self, at: &MayWait<'_>);

    /// Tells the driver's own threads to end.
    fn ask_threads_to_end(&'static self);

    /// Waits until the driver's own threads are gone.
    ///
    /// # Safety
    /// For [`Driver::load`] and [`Driver::unload`] alone.
    unsafe fn join_threads(&'static self, at: &MayWait<'_>);

    /// Calls `each` with every attachment and its registration, as they are now; see [`snapshot`]. IRQL <=
    /// DISPATCH_LEVEL, no lock, no heap.
    fn for_each_attachment(&'static self, mut each: impl FnMut(&RegistrationRow, &AttachmentRow)) {
        snapshot::for_each(self, &mut each);
    }

    /// Copies the attachments as they are now into `rows`, as many as fit, and answers how many there are. IRQL <=
    /// DISPATCH_LEVEL, no lock, no heap.
    fn snapshot(&'static self, rows: &mut [AttachmentRow]) -> usize {
        snapshot::copy(self, rows)
    }

    /// Writes registrations and attachments as they are now into `buffer`, in the layout of [`nmr_abi::attachments`]:
    /// what the control device answers. IRQL <= DISPATCH_LEVEL, no lock, no heap.
    ///
    /// # Errors
    /// [`TooSmall`] if not even the header fits; rows that do not fit are counted and left out.
    fn write_snapshot(&'static self, buffer: &mut [u8]) -> core::result::Result<Written, TooSmall> {
        snapshot::write(self, buffer)
    }

    /// Lets go of all peers as far as it goes without waiting: stage by stage, highest first, every registration is
    /// deactivated, and a stage is touched only when nothing is left in those above it. Called again until it answers
    /// true, nothing left: then Unload has nothing to wait for. IRQL <= DISPATCH_LEVEL.
    ///
    /// `NmrDeregisterClient` and `NmrDeregisterProvider` run in this call, and peers' detach callbacks in them, so it takes as
    /// long as those do. [`Driver::begin_drain`] does not.
    fn drain(&'static self, at: &AtMostDispatch<'_>) -> bool {
        unload::drain_here(self, at)
    }

    /// Has a thread of the driver make such a drain, whole, and does not wait for it: not for a peer either that blocks in
    /// its detach callback, which holds up nobody but itself. Asked again meanwhile it does nothing. A snapshot shows what is
    /// left; Unload ends the thread. What the control device does when it is asked to drain. IRQL = PASSIVE_LEVEL.
    ///
    /// # Errors
    /// What the system failed to make a thread with; nothing was begun.
    fn begin_drain(&'static self, at: &MayWait<'_>) -> Result<()> {
        unload::drain::begin(self, at)
    }

    /// Brings the driver up: `start`, then `NmrRegisterClient` or `NmrRegisterProvider`, in order, for every
    /// registration that is not declared to be activated later. What DriverEntry does.
    ///
    /// # Errors
    /// What `start` failed with, or the first registration that failed. Then everything that had been set up is taken
    /// down again, and waited for, before this returns.
    ///
    /// # Safety
    /// The driver is not loaded, and nobody else loads or unloads it meanwhile: DriverEntry calls this once.
    unsafe fn load(&'static self, at: &MayWait<'_>) -> Result<()> {
        // SAFETY: as the caller says.
        unsafe { unload::load(self, at) }
    }

    /// Takes the driver down: `NmrDeregisterClient` or `NmrDeregisterProvider` for every registration, and
    /// `NmrWaitForClientDeregisterComplete` or `NmrWaitForProviderDeregisterComplete` for each that pends. When this
    /// returns, NMR, the driver's threads and the peers are done with it. What Unload does.
    ///
    /// It waits for as long as a peer takes. Every [`System::watchdog_period`] it says for whom.
    ///
    /// # Safety
    /// [`Driver::load`] has succeeded, nobody else loads or unloads the driver meanwhile, and the caller is none of its
    /// own threads: Unload calls this once.
    unsafe fn unload(&'static self, at: &MayWait<'_>) {
        // SAFETY: as the caller says.
        unsafe { unload::unload(self, at) };
    }
}

/// When a registration is taken down: higher stages first, each completely before the next is touched. Registrations
/// that others `need` are in lower stages than those others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stage(pub u8);
