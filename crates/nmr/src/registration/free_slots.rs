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
    in_use: usize,
}

impl FreeSlots {
    pub(crate) const fn new() -> Self {
        Self { first: 0, never_used: 0, in_use: 0 }
    }

    pub(crate) fn in_use(&self) -> usize {
        self.in_use
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
        self.in_use += 1;
        Some(slot)
    }

    /// Puts `slot`, one of `slots` and not on the list, back on it.
    pub(crate) fn give_back<R: Role>(&mut self, slots: &'static [Slot<R>], slot: &'static Slot<R>) {
        let offset = core::ptr::from_ref(slot).addr() - slots.as_ptr().addr();
        slot.next_free.store(self.first, Ordering::Relaxed);
        self.first = offset / size_of::<Slot<R>>() + 1;
        self.in_use -= 1;
    }
}
