//! The steps of a registration as they are made: NMR's calls, the door, the log.

#![expect(unsafe_code, reason = "hands NMR addresses of static storage")]

use super::InstanceIdentity;
use super::core::Core;
use super::passage::{Deregistered, NotActivated, Steps, Waited};
use crate::binding::Slot;
use crate::log::Facts;
use crate::role::Role;
use crate::{
    AtMostDispatch, Driver, Error, Failure, FailureKind, MayWait, Npi, OnFailure, Result, Step, System,
};
use core::ffi::c_void;
use core::sync::atomic::Ordering;
use core::time::Duration;
use nmr_abi::Status;

impl<R: Role> Core<R> {
    /// Registers as `identity`; `requested` runs first if a deactivation has to follow at once.
    pub(super) fn activate(
        &'static self,
        identity: InstanceIdentity,
        at: &AtMostDispatch<'_>,
        requested: &mut dyn FnMut(),
    ) -> Result<(), NotActivated> {
        // SAFETY: the passage calls this in Registering, whose owner the caller is then.
        let mut register = || unsafe { self.register_as(identity) };
        self.passage.activate(&self, at, &mut register, requested)
    }

    /// `NmrRegisterClient` or `NmrRegisterProvider`.
    ///
    /// # Safety
    /// The caller owns the registration in Registering.
    unsafe fn register_as(&'static self, identity: InstanceIdentity) -> Result<()> {
        self.door.open();
        // SAFETY: as the caller says, and NMR has not been told.
        let characteristics = unsafe { self.characteristics_of(identity) };
        let mut handle = core::ptr::null_mut();
        let context = core::ptr::from_ref(self).cast_mut().cast::<c_void>();
        // SAFETY: the registration, and with it the structure and the context, is static; the trampolines keep the
        // contract of the callbacks.
        let status = unsafe { R::register(self.system(), characteristics, context, &mut handle) };
        self.registered(identity, handle, status)
    }

    /// NMR has answered `status`. A function of its own in the image, one for all registrations.
    #[inline(never)]
    fn registered(&self, identity: InstanceIdentity, handle: *mut c_void, status: Status) -> Result<()> {
        if !status.is_success() {
            self.log(Step::RegisterFailed, &Facts::of_status(status));
            return Err(Error::from_status(status));
        }
        self.handle.store(handle, Ordering::Release);
        let (module, number) = (identity.module_id(), identity.number());
        let attached = self.in_use() as u64;
        let identity = format_args!("as {module}, number {number}");
        self.log(Step::Register, &Facts::of_count(attached).because(&identity));
        Ok(())
    }

    /// What the driver wants of it that `kind` failed: returns if it is to stay as it is.
    fn failed(&self, kind: FailureKind, status: Status) {
        let failure = Failure { kind, status, side: R::SIDE, npi: R::Npi::ID };
        self.log(Step::Failure, &Facts::default().because(&failure));
        match R::Driver::ON_FAILURE {
            OnFailure::Bugcheck => self.system().stop(failure),
            OnFailure::Park => {}
        }
    }
}

impl<R: Role> Steps for &'static Core<R> {
    fn close(&self, at: &AtMostDispatch<'_>) {
        self.door.shut();
        self.close_all(at);
    }

    fn deregister(&self) -> Deregistered {
        let handle = self.handle.load(Ordering::Acquire);
        // SAFETY: the handle came with the registration, and the caller owns this step.
        let status = unsafe { R::deregister(self.system(), handle) };
        self.log(Step::Deregister, &Facts::of_status(status));
        match status {
            Status::PENDING => Deregistered::Pending,
            Status::SUCCESS => Deregistered::Done,
            status => {
                self.failed(FailureKind::Deregister, status);
                Deregistered::Failed
            }
        }
    }

    fn wait(&self, _: &MayWait<'_>) -> Waited {
        debug_assert!(
            !self.slots().iter().any(Slot::is_held_here),
            "waits for registration {} with a guard of it on the same thread: the wait would never end",
            self.options().full_name(),
        );
        let handle = self.handle.load(Ordering::Acquire);
        self.log(Step::Wait, &Facts::default());
        // SAFETY: NMR answered STATUS_PENDING, and the caller owns this step and is in no callback: it has MayWait.
        let status = unsafe { R::wait(self.system(), handle) };
        match status {
            Status::SUCCESS => Waited::Done,
            status => {
                self.failed(FailureKind::Wait, status);
                Waited::Failed
            }
        }
    }

    fn see_out(&self, at: &MayWait<'_>) {
        while self.callbacks_running() > 0 {
            self.pause(at);
        }
        self.handle.store(core::ptr::null_mut(), Ordering::Release);
        self.log(Step::Deregistered, &Facts::of_count(self.in_use() as u64));
    }

    fn pause(&self, at: &MayWait<'_>) {
        self.system().sleep(at, Duration::from_millis(1));
    }

    fn patience(&self) -> Duration {
        self.system().watchdog_period()
    }

    fn still_waiting(&self, at: &MayWait<'_>) {
        let driver = self.home().driver;
        driver.coordinator().still_waiting(driver, at);
    }
}
