//! A reference to a peer that outlives the call that took it.

#![expect(
    unsafe_code,
    reason = "reads what the rundown protects, and turns references into contexts and back"
)]

use super::{GENERATION_BITS, PeerRef, Slot};
use crate::role::Role;
use crate::rundown::{Epoch, Shards};
use core::ffi::c_void;
use core::fmt;
use core::mem::ManuallyDrop;
use core::ops::Deref;

/// A [`Guard`](crate::Guard) without a scope: for a call that completes later, or for an object obtained from the peer,
/// such as a socket.
///
/// It goes on working after the binding has begun to close, so that the object can be closed through it; until it is
/// dropped, the peer's detach is pending. The binding's `closing` function is the place to see to that.
/// IRQL <= DISPATCH_LEVEL.
pub struct HeldGuard<R: Role> {
    slot: &'static Slot<R>,
    epoch: Epoch,
    shard: u32,
}

impl<R: Role> HeldGuard<R> {
    pub(super) fn inside(slot: &'static Slot<R>, epoch: Epoch, shard: u32) -> Self {
        const { assert!(R::Shards::COUNT <= GENERATION_BITS + 1, "a shard's number fits below a slot's address") };
        Self { slot, epoch, shard }
    }

    /// The driver's own value for this binding.
    pub fn binding(&self) -> &R::Binding {
        // SAFETY: this guard is inside the rundown.
        unsafe { self.slot.value() }
    }

    /// Whether the binding has begun to close.
    pub fn is_closing(&self) -> bool {
        self.slot.rundown.is_closing(self.epoch, self.shard as usize)
    }

    /// What to keep, to call this peer again later.
    pub fn peer_ref(&self) -> PeerRef<R> {
        PeerRef { slot: self.slot, epoch: self.epoch }
    }

    /// The reference as a context for C, such as that of a completion routine. It counts as a call in flight until
    /// [`HeldGuard::from_raw`] has made a value of it again and that is dropped.
    pub fn into_raw(self) -> *mut c_void {
        let guard = ManuallyDrop::new(self);
        let slot = core::ptr::from_ref(guard.slot).cast_mut().cast::<c_void>();
        slot.map_addr(|address| address | guard.shard as usize)
    }

    /// The reference that `raw` stands for.
    ///
    /// # Safety
    /// `raw` came from [`HeldGuard::into_raw`] of this type, and has been turned back once only.
    pub unsafe fn from_raw(raw: *mut c_void) -> Self {
        let slot = raw.map_addr(|address| address & !GENERATION_BITS).cast_const().cast::<Slot<R>>();
        // SAFETY: slots are static, and `raw` is the address of one and the number of a shard.
        let slot = unsafe { &*slot };
        // The reference kept the slot in its generation.
        let epoch = Epoch::open_in(slot.rundown.generation());
        Self { slot, epoch, shard: (raw.addr() & GENERATION_BITS) as u32 }
    }
}

impl<R: Role> Deref for HeldGuard<R> {
    type Target = R::PeerCalls;

    #[inline]
    fn deref(&self) -> &R::PeerCalls {
        // SAFETY: this guard is inside the rundown, which opened after `peer` was written.
        unsafe { self.slot.peer_calls() }
    }
}

impl<R: Role> Drop for HeldGuard<R> {
    #[inline]
    fn drop(&mut self) {
        self.slot.assert_may_complete();
        self.slot.leave(self.epoch, self.shard);
    }
}

impl<R: Role> fmt::Debug for HeldGuard<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldGuard").field("shard", &self.shard).finish_non_exhaustive()
    }
}
