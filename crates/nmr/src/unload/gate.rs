//! The gate of a driver: shut before it is loaded and from the moment its unload begins, and open in between.

use crate::sync::{AtomicU64, Ordering, const_fn_outside_loom};

/// Shut is zero, so that a driver before its load is.
const OPEN: u64 = 1 << 63;
const DEACTIVATION: u64 = 1 << 32;
const ACTIVATIONS: u64 = DEACTIVATION - 1;
const DEACTIVATIONS: u64 = !(OPEN | ACTIVATIONS);

/// Who is inside: threads that activate a registration, and threads that deactivate one, in one word with the gate.
pub(crate) struct Gate(AtomicU64);

/// What a thread does inside the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    /// It registers something that has to be taken down again: Unload does not begin with that before it is out.
    Activating,
    /// It takes something down, which may take as long as a peer likes: Unload does not end before it is out.
    Deactivating,
}

impl Gate {
    const_fn_outside_loom! {
        pub(crate) fn new() -> Self {
            Self(AtomicU64::new(0))
        }
    }

    pub(crate) fn open(&self) {
        self.0.fetch_or(OPEN, Ordering::AcqRel);
    }

    /// Lets nobody in any more. Who is inside stays.
    pub(crate) fn shut(&self) {
        self.0.fetch_and(!OPEN, Ordering::AcqRel);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.0.load(Ordering::Acquire) & OPEN != 0
    }

    /// Goes in, unless the gate is shut.
    pub(crate) fn enter(&self, as_what: Inside) -> Option<Pass<'_>> {
        let enter = |word| (word & OPEN != 0).then(|| word + one(as_what));
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, enter).ok()?;
        Some(Pass { gate: self, inside: as_what })
    }

    pub(crate) fn activations(&self) -> u64 {
        self.0.load(Ordering::Acquire) & ACTIVATIONS
    }

    pub(crate) fn deactivations(&self) -> u64 {
        (self.0.load(Ordering::Acquire) & DEACTIVATIONS) / DEACTIVATION
    }
}

const fn one(inside: Inside) -> u64 {
    match inside {
        Inside::Activating => 1,
        Inside::Deactivating => DEACTIVATION,
    }
}

/// A thread's being inside. Its end is the thread's last access to the driver's storage on this way.
#[must_use]
pub(crate) struct Pass<'a> {
    gate: &'a Gate,
    inside: Inside,
}

impl Pass<'_> {
    /// The activation is over, or has turned into a deactivation: Unload may begin to take things down.
    pub(crate) fn deactivates(&mut self) {
        let change = one(Inside::Deactivating).wrapping_sub(one(self.inside));
        self.gate.0.fetch_add(change, Ordering::AcqRel);
        self.inside = Inside::Deactivating;
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.gate.0.fetch_sub(one(self.inside), Ordering::Release);
    }
}
