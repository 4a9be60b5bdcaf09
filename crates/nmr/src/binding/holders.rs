//! Which threads are inside a binding. Kept in debug builds, where a wait that can never end is reported before it begins.

#[cfg(debug_assertions)]
pub(super) use kept::Holders;
#[cfg(not(debug_assertions))]
pub(super) use not_kept::Holders;

#[cfg(debug_assertions)]
mod kept {
    use crate::System;
    use core::sync::atomic::{AtomicUsize, Ordering};

    /// The threads that can be told apart; further ones are not seen.
    const MOST: usize = 4;

    /// The threads that have a guard on one binding.
    #[derive(Debug)]
    pub(in super::super) struct Holders([AtomicUsize; MOST]);

    impl Holders {
        pub(in super::super) const fn new() -> Self {
            Self([const { AtomicUsize::new(0) }; MOST])
        }

        /// This thread has one guard more.
        pub(in super::super) fn add<S: System>(&self) {
            self.replace_first(0, S::thread());
        }

        /// This thread has one guard less.
        pub(in super::super) fn remove<S: System>(&self) {
            self.replace_first(S::thread(), 0);
        }

        pub(in super::super) fn contain<S: System>(&self) -> bool {
            let here = S::thread();
            self.0.iter().any(|thread| thread.load(Ordering::Relaxed) == here)
        }

        fn replace_first(&self, from: usize, to: usize) {
            for thread in &self.0 {
                if thread.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                    return;
                }
            }
        }
    }
}

#[cfg(not(debug_assertions))]
mod not_kept {
    use crate::System;

    /// Nothing.
    #[derive(Debug)]
    pub(in super::super) struct Holders;

    impl Holders {
        pub(in super::super) const fn new() -> Self {
            Self
        }

        pub(in super::super) fn add<S: System>(&self) {}

        pub(in super::super) fn remove<S: System>(&self) {}

        #[expect(clippy::extra_unused_type_parameters, reason = "asked like those that are kept")]
        pub(in super::super) fn contain<S: System>(&self) -> bool {
            false
        }
    }
}
