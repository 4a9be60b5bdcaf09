//! Which peer has been attached for longest, remembered so that finding it again costs one look.

use crate::binding::{PeerRef, Slot};
use crate::role::Role;
use crate::rundown::Epoch;
use core::sync::atomic::{AtomicU64, Ordering};

/// The peer found last, as epoch and position of its slot. It stays the one in use until it closes, also if a binding that
/// was begun before it opens later; then entering it fails, whatever its slot holds by then.
#[derive(Debug)]
pub(super) struct OldestPeer(AtomicU64);

impl OldestPeer {
    pub(super) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// The peer found last; one that cannot be entered if there was none, because epoch 0 is not open.
    #[inline]
    pub(super) fn peer_ref<R: Role>(&self, slots: &'static [Slot<R>]) -> Option<PeerRef<R>> {
        let found = self.0.load(Ordering::Relaxed);
        let epoch = Epoch::from_bits((found >> 32) as u32);
        let slot = slots.get(found as u32 as usize).filter(|_| epoch.is_open())?;
        Some(PeerRef::new(slot, epoch))
    }

    pub(super) fn remember<R: Role>(&self, slots: &'static [Slot<R>], peer: PeerRef<R>) {
        let (slot, epoch) = peer.parts();
        let offset = core::ptr::from_ref(slot).addr() - slots.as_ptr().addr();
        let position = (offset / size_of::<Slot<R>>()) as u64;
        self.0.store(u64::from(epoch.to_bits()) << 32 | position, Ordering::Relaxed);
    }
}
