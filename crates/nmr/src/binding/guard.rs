//! A call into a peer, or several, on the stack of one thread.

#![expect(unsafe_code, reason = "reads what the rundown protects")]

use super::{HeldGuard, PeerRef, Slot};
use crate::AtMostDispatch;
use crate::role::{Role, SystemOf};
use crate::rundown::Epoch;
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use nmr_abi::ModuleId;

/// A call into the peer, or several: the binding cannot go away while it lives.
///
/// Dereferences to the peer's functions. Entering and leaving cost two locked instructions; make several calls through
/// one guard where they belong together. IRQL <= DISPATCH_LEVEL. Do not keep it across a wait for what the peer's
/// unload may have to do first: the peer's deregistration is held up until the guard is dropped. A guard that is
/// forgotten holds it up for ever.
pub struct Guard<'a, R: Role> {
    slot: &'static Slot<R>,
    epoch: Epoch,
    shard: u32,
    scope: PhantomData<(&'a (), *mut ())>,
}

impl<R: Role> Guard<'_, R> {
    /// For a caller that has entered the rundown of `slot`.
    #[inline]
    pub(super) fn inside(slot: &'static Slot<R>, epoch: Epoch, shard: usize) -> Self {
        slot.holders.add::<SystemOf<R>>();
        Self { slot, epoch, shard: shard as u32, scope: PhantomData }
    }

    /// The driver's own value for this binding.
    pub fn binding(&self) -> &R::Binding {
        // SAFETY: this guard is inside the rundown.
        unsafe { self.slot.value() }
    }

    /// Whether the binding has begun to close; a long series of calls ends early then.
    pub fn is_closing(&self) -> bool {
        self.slot.rundown.is_closing(self.epoch, self.shard as usize)
    }

    /// The module id of the peer; `None` if it has none.
    pub fn peer_module_id(&self) -> Option<ModuleId> {
        self.slot.peer_module_id()
    }

    /// What to keep, to call this peer again later.
    pub fn peer_ref(&self) -> PeerRef<R> {
        PeerRef { slot: self.slot, epoch: self.epoch }
    }

    /// The same reference for a call that completes later or on another thread. It goes on counting as a call in flight.
    pub fn hold(self) -> HeldGuard<R> {
        let guard = ManuallyDrop::new(self);
        guard.slot.holders.remove::<SystemOf<R>>();
        HeldGuard::inside(guard.slot, guard.epoch, guard.shard)
    }

    /// Stops new calls through this binding.
    pub(crate) fn close(self, at: &AtMostDispatch<'_>) {
        self.slot.close(at);
    }
}

impl<R: Role> Deref for Guard<'_, R> {
    type Target = R::PeerCalls;

    #[inline]
    fn deref(&self) -> &R::PeerCalls {
        // SAFETY: this guard is inside the rundown, which opened after `peer` was written.
        unsafe { self.slot.peer_calls() }
    }
}

impl<R: Role> Drop for Guard<'_, R> {
    #[inline]
    fn drop(&mut self) {
        let slot = self.slot;
        slot.holders.remove::<SystemOf<R>>();
        slot.assert_may_complete();
        slot.leave(self.epoch, self.shard);
    }
}

impl<R: Role> fmt::Debug for Guard<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("peer", &self.peer_module_id()).finish_non_exhaustive()
    }
}
