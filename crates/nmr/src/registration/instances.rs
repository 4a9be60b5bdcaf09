//! Several instances of one registration: the same NPI, role and binding, each with an identity of its own.

#![expect(unsafe_code, reason = "passes on the promise of a registration's constructor")]

use super::passage::NotActivated;
use super::{InstanceIdentity, Registration};
use crate::role::{Client, Provider, Role};
use crate::snapshot::table::RegistrationTable;
use crate::sync::{const_fn_outside_loom, fresh_array};
use crate::{AtPassive, Error, Result};
use core::fmt;
use core::ops::Deref;

/// `COUNT` instances of a client registration, each with room for `CAPACITY` providers.
pub type ClientInstances<B, const CAPACITY: usize, const COUNT: usize> =
    Instances<Client<B>, CAPACITY, COUNT>;

/// `COUNT` instances of a provider registration, each with room for `CAPACITY` clients.
pub type ProviderInstances<B, const CAPACITY: usize, const COUNT: usize> =
    Instances<Provider<B>, CAPACITY, COUNT>;

/// Instances of a registration, in static storage; `instances: <n>` in `driver!` declares them.
///
/// Dereferences to the registrations. The first is registered when the driver is loaded, unless the declaration says
/// `activate: later`; the others wait for [`Instances::activate_any`] or [`Registration::activate_as`].
pub struct Instances<R: Role, const CAPACITY: usize, const COUNT: usize>([Registration<R, CAPACITY>; COUNT]);

impl<R: Role, const CAPACITY: usize, const COUNT: usize> Instances<R, CAPACITY, COUNT> {
    const_fn_outside_loom! {
        /// Instances that NMR does not know yet. For `driver!`: a registration outside a driver is not taken down.
        #[doc(hidden)]
        pub unsafe fn new() -> Self {
            const { assert!(COUNT > 0, "a registration needs at least one instance") };
            Self(fresh_array![Registration<R, CAPACITY>, fresh; COUNT])
        }
    }

    /// Where debuggers find an instance of what the declaration calls `name`. For `driver!`.
    #[doc(hidden)]
    pub const fn table_of(&'static self, index: usize, name: &'static str) -> RegistrationTable {
        self.0[index].table(name)
    }

    /// Activates an instance that is idle, whichever it is, as `identity`. IRQL = PASSIVE_LEVEL.
    ///
    /// # Errors
    /// STATUS_INSUFFICIENT_RESOURCES if no instance is idle; otherwise as [`Registration::activate_as`].
    pub fn activate_any(
        &'static self,
        identity: InstanceIdentity,
        at: &AtPassive<'_>,
    ) -> Result<&'static Registration<R, CAPACITY>> {
        for instance in &self.0 {
            match instance.try_activate(identity, at) {
                Ok(()) => return Ok(instance),
                Err(NotActivated::NotIdle) => {}
                Err(NotActivated::Failed(error)) => return Err(error),
            }
        }
        Err(Error::INSUFFICIENT_RESOURCES)
    }
}

impl<R: Role, const CAPACITY: usize, const COUNT: usize> Deref for Instances<R, CAPACITY, COUNT> {
    type Target = [Registration<R, CAPACITY>];

    fn deref(&self) -> &[Registration<R, CAPACITY>] {
        &self.0
    }
}

impl<R: Role, const CAPACITY: usize, const COUNT: usize> fmt::Debug for Instances<R, CAPACITY, COUNT> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}
