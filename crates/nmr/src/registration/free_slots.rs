//! The free list of a registration's slots: O(1), in place.

use crate::binding::Slot;
use crate::role::Role;
use core::sync::atomic::Ordering;

/// Which slots are free. Slots that were never used come last; freed ones are linked through their `next_free`.
#[derive(Debug)]
pub(crate) struct FreeSlots {
    /// Index of the first freed slot, plus one; 0 if there is none.
    first: usize,
    never_used: usize,
    seats_taken: usize,
}

impl FreeSlots {
    pub(crate) const fn new() -> Self {
        Self { first: 0, never_used: 0, seats_taken: 0 }
    }

    /// Takes a slot of `slots` off the list.
    pub(crate) fn take<R: Role>(&mut self, slots: &'static [Slot<R>]) -> Option<&'static Slot<R>> {
        let slot = if self.first > 0 {
            let slot = &slots[self.first - 1];
            self.first = slot.next_free.load(Ordering::Relaxed);
            slot
        } else {
            let slot = slots.get(self.never_used)?;
            self.never_used += 1;
            slot
        };
        self.seats_taken += 1;
        slot.seated.store(true, Ordering::Relaxed);
        Some(slot)
    }

    /// Slots in use by bindings that are, or may become, open.
    pub(crate) fn seats_taken(&self) -> usize {
        self.seats_taken
    }

    /// Gives the seat of `slot`, which is in use, to the next peer.
    pub(crate) fn vacate<R: Role>(&mut self, slot: &'static Slot<R>) {
        if slot.seated.swap(false, Ordering::Relaxed) {
            self.seats_taken -= 1;
        }
    }

    /// Puts `slot`, one of `slots` and not on the list, back on it.
    pub(crate) fn give_back<R: Role>(&mut self, slots: &'static [Slot<R>], slot: &'static Slot<R>) {
        self.vacate(slot);
        let offset = core::ptr::from_ref(slot).addr() - slots.as_ptr().addr();
        slot.next_free.store(self.first, Ordering::Relaxed);
        self.first = offset / size_of::<Slot<R>>() + 1;
    }
}
