//! How the coordinator sees a registration, whatever its NPI and side.

#![expect(unsafe_code, reason = "passes on the promises of a registration's first steps")]

use super::passage::NotActivated;
use super::word::RegistrationState;
use super::{Options, Registration, snapshot_row};
use crate::role::Role;
use crate::snapshot::{AttachmentRow, RegistrationRow};
use crate::unload::{Blocker, Coordinated};
use crate::{AtMostDispatch, MayWait, Result, Side};

/// A registration of driver `D`.
pub trait Registered<D>: Sync {
    /// The name in the declaration; empty as long as the driver was never loaded.
    fn name(&self) -> &'static str;
    /// Which side of the NPI it is.
    fn side(&self) -> Side;
    /// Slots that are not free.
    fn bindings_left(&self) -> usize;
    /// NMR callbacks of this registration that are running.
    fn callbacks_running(&self) -> usize;

    /// The registration as it is now, without its stage.
    #[doc(hidden)]
    fn row(&self) -> RegistrationRow;
    /// Each attachment as it is at `now`, in units of 100 ns, without the index of its registration.
    #[doc(hidden)]
    fn for_each_attachment(&'static self, now: u64, each: &mut dyn FnMut(AttachmentRow));
    /// As [`Registration::deactivate`](crate::Registration::deactivate): `NmrDeregisterClient` or `NmrDeregisterProvider`,
    /// and no wait.
    fn deactivate(&'static self, at: &AtMostDispatch<'_>);

    /// # Safety
    /// The registration is idle, and nobody else uses it meanwhile.
    #[doc(hidden)]
    unsafe fn prepare(&'static self, driver: &'static D, options: &'static Options, by: &Coordinated);
    #[doc(hidden)]
    fn registers_at_load(&self, by: &Coordinated) -> bool;
    #[doc(hidden)]
    fn register(&'static self, at: &MayWait<'_>, by: &Coordinated) -> Result<()>;
    #[doc(hidden)]
    fn shut_door(&self, by: &Coordinated);
    #[doc(hidden)]
    fn close_bindings(&'static self, at: &AtMostDispatch<'_>, by: &Coordinated);
    #[doc(hidden)]
    fn is_registered(&self, by: &Coordinated) -> bool;
    #[doc(hidden)]
    fn is_known_to_nmr(&self, by: &Coordinated) -> bool;
    #[doc(hidden)]
    fn issue_deregister(&'static self, by: &Coordinated);
    #[doc(hidden)]
    fn wait_deregistered(&'static self, at: &MayWait<'_>, by: &Coordinated);
    #[doc(hidden)]
    fn for_each_blocker(&'static self, now: u64, each: &mut dyn FnMut(&Blocker), by: &Coordinated);
}

impl<R: Role, const CAPACITY: usize> Registered<R::Driver> for Registration<R, CAPACITY> {
    fn name(&self) -> &'static str {
        self.core.name().declared()
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

    fn row(&self) -> RegistrationRow {
        snapshot_row::registration(&self.core, &self.slots)
    }

    fn for_each_attachment(&'static self, now: u64, each: &mut dyn FnMut(AttachmentRow)) {
        let Some(home) = self.core.home_if_loaded() else { return };
        let rows = home.slots.iter().enumerate();
        let row = |(index, slot)| snapshot_row::attachment(home.subject(), index, slot, now);
        rows.filter_map(row).for_each(each);
    }

    fn deactivate(&'static self, at: &AtMostDispatch<'_>) {
        Self::deactivate(self, at);
    }

    unsafe fn prepare(&'static self, driver: &'static R::Driver, options: &'static Options, _: &Coordinated) {
        self.core.move_in(driver, &self.slots, options);
        // SAFETY: as the caller says; registrations are static.
        unsafe { self.core.passage.prepare() };
    }

    fn registers_at_load(&self, _: &Coordinated) -> bool {
        self.core.options().at_load
    }

    /// Somebody else may have been faster, or may have deactivated the registration again since. That is as good.
    fn register(&'static self, at: &MayWait<'_>, _: &Coordinated) -> Result<()> {
        loop {
            match self.core.activate(self.core.declared_identity(), at.at_most_dispatch(), &mut || ()) {
                Ok(()) => return Ok(()),
                Err(NotActivated::Failed(error)) => return Err(error),
                Err(NotActivated::NotIdle) => self.core.passage.wait_registered(&&self.core, at),
            }
            if !self.is_idle() {
                return Ok(());
            }
        }
    }

    fn shut_door(&self, _: &Coordinated) {
        self.core.door.shut();
    }

    fn close_bindings(&'static self, at: &AtMostDispatch<'_>, _: &Coordinated) {
        self.core.close_all(at);
    }

    fn is_registered(&self, _: &Coordinated) -> bool {
        self.core.passage.state() == RegistrationState::Registered
    }

    fn is_known_to_nmr(&self, _: &Coordinated) -> bool {
        self.core.passage.state() != RegistrationState::Idle
    }

    fn issue_deregister(&'static self, _: &Coordinated) {
        self.core.passage.deregister_closed(&&self.core);
    }

    fn wait_deregistered(&'static self, at: &MayWait<'_>, _: &Coordinated) {
        self.core.passage.take_down(&&self.core, at);
    }

    fn for_each_blocker(&'static self, now: u64, each: &mut dyn FnMut(&Blocker), _: &Coordinated) {
        let state = self.core.passage.state();
        if matches!(state, RegistrationState::Idle | RegistrationState::Registered) {
            return;
        }
        let blocker = |attachment: Option<AttachmentRow>| Blocker {
            subject: *self.core.subject(),
            state,
            callbacks: self.core.callbacks_running(),
            attachment,
        };
        let mut alone = true;
        self.for_each_attachment(now, &mut |attachment| {
            alone = false;
            each(&blocker(Some(attachment)));
        });
        if alone {
            each(&blocker(None));
        }
    }
}
