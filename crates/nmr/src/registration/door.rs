//! The door of a registration: shut once it is to go, so that bindings that come up later close themselves.

use crate::sync::{AtomicBool, Ordering, const_fn_outside_loom, fence};

/// Shut or open. Whoever shuts it walks the bindings next; whoever opens a binding looks at the door next. Both pass a
/// full fence in between, so one of the two sees what the other did.
#[derive(Debug)]
pub(crate) struct Door {
    shut: AtomicBool,
}

impl Door {
    const_fn_outside_loom! {
        /// Open.
        pub(crate) fn new() -> Self {
            Self { shut: AtomicBool::new(false) }
        }
    }

    /// Lets bindings come up again.
    pub(crate) fn open(&self) {
        self.shut.store(false, Ordering::SeqCst);
    }

    /// Shuts the door, ordered before everything that the caller does next.
    pub(crate) fn shut(&self) {
        self.shut.store(true, Ordering::Release);
        fence(Ordering::SeqCst);
    }

    /// Whether the door is shut, ordered after everything that the caller did before.
    pub(crate) fn is_shut(&self) -> bool {
        fence(Ordering::SeqCst);
        self.shut.load(Ordering::Acquire)
    }
}
