//! A reference to one binding that holds nothing.

use super::{Burst, Guard, Slot};
use crate::System;
use crate::role::{Role, SystemOf};
use crate::rundown::{Epoch, Shards};
use core::fmt;

/// Names one binding of a registration: what a driver keeps to call a peer later.
///
/// It holds nothing back. When the binding has closed, entering it answers `None`, also if its storage serves another
/// binding by then. Copy it, send it, store it.
///
/// ```
/// # #[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d0a", version = 1)]
/// # mod adder { pub trait Provider { fn add(&self, a: u32) -> u32; } }
/// # use adder::Provider as _;
/// fn add_twice<R: nmr::Role<PeerCalls = adder::ProviderCalls>>(peer: nmr::PeerRef<R>) -> Option<u32> {
///     peer.call(|provider| provider.add(provider.add(1)))
/// }
/// ```
pub struct PeerRef<R: Role> {
    pub(super) slot: &'static Slot<R>,
    pub(super) epoch: Epoch,
}

impl<R: Role> Clone for PeerRef<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R: Role> Copy for PeerRef<R> {}

impl<R: Role> PeerRef<R> {
    /// The binding of `slot` that is open in `epoch`.
    #[inline]
    pub(crate) fn new(slot: &'static Slot<R>, epoch: Epoch) -> Self {
        Self { slot, epoch }
    }

    pub(crate) fn parts(self) -> (&'static Slot<R>, Epoch) {
        (self.slot, self.epoch)
    }

    /// A guard on the peer, unless the binding has closed. IRQL <= DISPATCH_LEVEL; two locked instructions until the
    /// guard is dropped, and no lock.
    #[inline]
    pub fn enter<'a>(&self) -> Option<Guard<'a, R>> {
        let Self { slot, epoch } = *self;
        let shard =
            if R::Shards::COUNT == 1 { 0 } else { SystemOf::<R>::processor() & (R::Shards::COUNT - 1) };
        match slot.rundown.enter(epoch, shard) {
            Ok(()) => Some(Guard::inside(slot, epoch, shard)),
            Err(refused) => {
                slot.depart(refused.departure);
                None
            }
        }
    }

    /// Calls the peer under a guard, unless the binding has closed. IRQL <= DISPATCH_LEVEL.
    #[inline]
    pub fn call<T>(&self, call: impl FnOnce(&R::PeerCalls) -> T) -> Option<T> {
        self.enter().map(|guard| call(&guard))
    }

    /// A guard for up to `most` calls that belong together, unless the binding has closed. IRQL <= DISPATCH_LEVEL.
    #[inline]
    pub fn burst<'a>(&self, most: usize) -> Option<Burst<'a, R>> {
        self.enter().map(|guard| Burst::of(guard, most))
    }
}

impl<R: Role> PartialEq for PeerRef<R> {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self.slot, other.slot) && self.epoch == other.epoch
    }
}

impl<R: Role> Eq for PeerRef<R> {}

impl<R: Role> fmt::Debug for PeerRef<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerRef")
            .field("slot", &core::ptr::from_ref(self.slot))
            .field("epoch", &self.epoch)
            .finish()
    }
}
