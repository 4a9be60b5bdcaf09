//! One registration: the declaration's line, its slots, and its way through NMR.

#![expect(unsafe_code, reason = "a registration outside a driver would not be taken down")]

mod activation;
mod attach;
mod core;
mod door;
mod free_slots;
mod identity;
mod instances;
mod oldest;
mod options;
mod passage;
mod registered;
mod snapshot_row;
mod steps;
#[cfg(test)]
pub(crate) mod tests;
mod word;

pub(crate) use self::attach::Exchange;
pub(crate) use self::core::Core;
#[cfg(test)]
pub(crate) use self::door::Door;
pub use self::identity::InstanceIdentity;
pub use self::instances::{ClientInstances, Instances, ProviderInstances};
use self::oldest::OldestPeer;
pub(crate) use self::options::RegistrationName;
pub use self::options::{Options, Policy};
pub use self::registered::Registered;
pub(crate) use self::word::RegistrationState;

use crate::System;
use crate::binding::{Guard, Slot};
use crate::role::{Client, Provider, Role};
use crate::snapshot::table::RegistrationTable;
use crate::snapshot::{AttachmentRow, ticks};
use crate::sync::{const_fn_outside_loom, fresh_array};
use ::core::ffi::c_void;
use ::core::fmt;
use ::core::sync::atomic::Ordering;

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
        pub unsafe fn new() -> Self {
            Self::fresh()
        }
    }

    const_fn_outside_loom! {
        /// All zero, so that an image holds no slot.
        fn fresh() -> Self {
            const { assert!(CAPACITY > 0, "a registration needs a capacity of at least 1") };
            Self { core: Core::new(), oldest: OldestPeer::new(), slots: fresh_array![Slot<R>, new; CAPACITY] }
        }
    }

    /// A guard on the peer that has been attached for longest, if one is open for calls: the one that `policy: first_of`
    /// uses.
    ///
    /// IRQL <= DISPATCH_LEVEL. Takes no lock; looks at one slot, and at all of them when that peer has gone.
    #[inline]
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

    /// Each attachment as it is now; see [`snapshot`](crate::snapshot). IRQL <= DISPATCH_LEVEL, no lock.
    pub fn attachments(&'static self) -> impl Iterator<Item = AttachmentRow> {
        let home = self.core.home_if_loaded();
        home.into_iter().flat_map(move |home| {
            let now = ticks(self.core.system().now());
            let slots = home.slots.iter().enumerate();
            slots.filter_map(move |(index, slot)| snapshot_row::attachment(home.subject(), index, slot, now))
        })
    }

    /// How many peers were refused because the capacity, or the one seat, was in use.
    pub fn refused_for_capacity(&self) -> u64 {
        self.core.refused_for_capacity().load(Ordering::Relaxed)
    }

    /// Where debuggers find the registration, which the declaration calls `name`. For `driver!`.
    #[doc(hidden)]
    pub const fn table(&'static self, name: &'static str) -> RegistrationTable {
        snapshot_row::table(&self.core, &self.slots, name)
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
            .field("name", &format_args!("{}", self.core.name()))
            .field("side", &R::SIDE)
            .field("capacity", &CAPACITY)
            .finish_non_exhaustive()
    }
}
