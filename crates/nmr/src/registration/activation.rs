//! Activating and deactivating a registration while the driver runs.

use super::passage::NotActivated;
use super::word::RegistrationState;
use super::{InstanceIdentity, Registration};
use crate::role::Role;
use crate::unload::Inside;
use crate::{AtMostDispatch, AtPassive, Driver, Error, MayWait, Result};

/// Taking a registration down and up again while the driver is loaded.
///
/// ```
/// # use nmr::{AtPassive, MayWait, ProviderBinding, ProviderRegistration, Result};
/// /// Restarts a registration from one of the driver's own threads.
/// fn renew<B: ProviderBinding>(served: &'static ProviderRegistration<B, 8>, at: &MayWait<'_>) -> Result<()> {
///     served.deactivate(at.at_most_dispatch());
///     served.wait_deactivated(at);
///     served.activate(at.at_passive())
/// }
/// ```
impl<R: Role, const CAPACITY: usize> Registration<R, CAPACITY> {
    /// Registers with NMR as the driver's declaration says: `NmrRegisterClient` or `NmrRegisterProvider`.
    /// IRQL = PASSIVE_LEVEL.
    ///
    /// Peers may be attached when this returns, and called, and gone again. It may be called in an attach callback of
    /// another registration. What this registration `needs` is not looked at.
    ///
    /// # Errors
    /// - STATUS_DEVICE_NOT_READY before the driver's `start` hook has succeeded, and from the end of its `stop` hook
    ///   on.
    /// - STATUS_INVALID_DEVICE_STATE if the registration is registered, or not waited for yet: between
    ///   [`Registration::deactivate`] and this comes [`Registration::wait_deactivated`].
    /// - What `NmrRegister*` failed with.
    pub fn activate(&'static self, at: &AtPassive<'_>) -> Result<()> {
        if self.core.home_if_loaded().is_none() {
            return Err(Error::DEVICE_NOT_READY);
        }
        self.activate_as(self.core.declared_identity(), at)
    }

    /// [`Registration::activate`] with an identity of its own.
    ///
    /// # Errors
    /// As for [`Registration::activate`].
    pub fn activate_as(&'static self, identity: InstanceIdentity, at: &AtPassive<'_>) -> Result<()> {
        self.try_activate(identity, at).map_err(|refused| match refused {
            NotActivated::NotIdle => Error::INVALID_DEVICE_STATE,
            NotActivated::Failed(error) => error,
        })
    }

    pub(super) fn try_activate(
        &'static self,
        identity: InstanceIdentity,
        at: &AtPassive<'_>,
    ) -> Result<(), NotActivated> {
        let gate = self.core.home_if_loaded().map(|home| home.driver.coordinator().gate());
        let pass = gate.and_then(|gate| gate.enter(Inside::Activating));
        let mut pass = pass.ok_or(NotActivated::Failed(Error::DEVICE_NOT_READY))?;
        self.core.activate(identity, at.at_most_dispatch(), &mut || pass.deactivates())
    }

    /// Begins to take the registration down, and does not wait for it: no peer is accepted any more, no new call gets
    /// through, and `NmrDeregisterClient` or `NmrDeregisterProvider` is called. IRQL <= DISPATCH_LEVEL.
    ///
    /// If another thread is inside [`Registration::activate`], that thread does all this before it returns from there.
    /// Otherwise it is done when this returns, unless another thread is at it. A registration that is not registered
    /// stays as it is. Once Unload has begun it does nothing: Unload takes every registration down.
    ///
    /// Only this registration is taken down, whatever `needs` says. Calls that are served through it find it closed;
    /// to take down what needs it first, deactivate that and wait for it before this is called.
    ///
    /// NMR calls the peers' detach callbacks inside, so do not hold a lock that they may want. Whether NMR bears a
    /// deregistration inside a callback of the very same registration is not documented; do not call it there.
    pub fn deactivate(&'static self, at: &AtMostDispatch<'_>) {
        let Some(home) = self.core.home_if_loaded() else { return };
        let Some(_inside) = home.driver.coordinator().gate().enter(Inside::Deactivating) else { return };
        self.core.passage.deactivate(&&self.core, at);
    }

    /// Waits until the deactivation that is under way is complete, `NmrWaitForClientDeregisterComplete` or
    /// `NmrWaitForProviderDeregisterComplete`, whichever thread calls that. IRQL = PASSIVE_LEVEL.
    ///
    /// Then every binding is cleaned up, no callback of this registration runs, and what was shown to peers may
    /// change. Returns at once if there is no deactivation under way. A guard on one of its peers that the calling
    /// thread holds makes it wait for ever.
    pub fn wait_deactivated(&'static self, at: &MayWait<'_>) {
        if self.core.home_if_loaded().is_some() {
            self.core.passage.wait_deactivated(&&self.core, at);
        }
    }

    /// Whether NMR does not know of the registration at this moment, nor has a callback of it running.
    pub fn is_idle(&self) -> bool {
        self.core.passage.state() == RegistrationState::Idle
    }
}
