//! Failures on demand: the n-th call that may fail does fail, and completions do not arrive.

use crate::binding::Binding;
use crate::held::Held;
use crate::side::Side;
use crate::world::World;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counts the calls that may fail (`NmrRegisterClient`, `NmrRegisterProvider`, `NmrClientAttachProvider`, allocations)
/// while somebody asked for it, and picks the one that does fail. Keeps completions that are to arrive later, or never.
#[derive(Default)]
pub(crate) struct Faults {
    /// Bindings that clients, and that providers, have completed.
    completions: [Held<Arc<Binding>>; 2],
    /// Whether anybody counts. Read on every call, written rarely, so that threads do not meet here otherwise.
    watching: AtomicBool,
    counted: AtomicU64,
    /// The number of the call to fail; 0 for none.
    failing: AtomicU64,
}

impl Faults {
    /// Starts counting at 0; the `nth` call from here fails, and none for 0.
    pub(crate) fn watch(&self, nth: u64) {
        self.watching.store(false, Ordering::SeqCst);
        self.counted.store(0, Ordering::SeqCst);
        self.failing.store(nth, Ordering::SeqCst);
        self.watching.store(true, Ordering::SeqCst);
    }

    /// Whether the completion of `binding` by `side` is held back; if so, it is kept.
    pub(crate) fn holds_back(&self, side: Side, binding: &Arc<Binding>) -> bool {
        self.completions[index(side)].keeps(|| Arc::clone(binding))
    }

    /// How many calls were counted since the last [`Self::watch`].
    pub(crate) fn counted(&self) -> u64 {
        self.counted.load(Ordering::SeqCst)
    }

    /// Whether the call that is being made is the one to fail.
    pub(crate) fn strikes(&self) -> bool {
        self.watching.load(Ordering::Relaxed)
            && self.counted.fetch_add(1, Ordering::SeqCst) + 1 == self.failing.load(Ordering::SeqCst)
    }
}

const fn index(side: Side) -> usize {
    match side {
        Side::Client => 0,
        Side::Provider => 1,
    }
}

impl World {
    /// Makes the `nth` call from here fail that may fail: `NmrRegisterClient`, `NmrRegisterProvider`,
    /// `NmrClientAttachProvider` or [`Self::allocate`], counted together from 1. With 0 none fails, and the calls are only
    /// counted.
    pub fn fail_nth(&self, nth: u64) {
        self.inner.faults.watch(nth);
    }

    /// How many calls that may fail were made since the last [`Self::fail_nth`].
    pub fn fallible_calls(&self) -> u64 {
        self.inner.faults.counted()
    }

    /// From here on what modules on `side` complete does not arrive: they are stalled, until
    /// [`Self::release_completions`], or they never complete, and a wait with a
    /// [limit](crate::WorldBuilder::wait_limit) lists them.
    pub fn hold_completions(&self, side: Side) {
        self.inner.faults.completions[index(side)].hold();
    }

    /// Lets the completions of `side` arrive that were held back, in their order and on the calling thread, and holds no
    /// more. Returns how many there were.
    pub fn release_completions(&self, side: Side) -> usize {
        let held = self.inner.faults.completions[index(side)].release();
        for binding in &held {
            self.complete(binding, side);
        }
        held.len()
    }
}

/// Lives `life` in worlds of `build`: once without a failure, and then once for each call in it that may fail, which fails.
/// Returns how many such calls a life without a failure makes.
///
/// Each life is to look at what it left behind; that its world is clean is looked at here.
///
/// # Panics
/// When `life` does, or has broken a rule: the diagram that a failing test prints shows which call had failed.
///
/// ```
/// use nmr_sim::{World, each_failure};
///
/// let calls = each_failure(World::new, |world| {
///     let context = world.allocate(64);
///     // SAFETY: allocated above, or NULL because this is the call that fails; and nobody uses it.
///     unsafe { world.free(context) };
///     world.assert_unloaded();
/// });
/// assert_eq!(calls, 1);
/// ```
pub fn each_failure(build: impl Fn() -> World, life: impl Fn(&World)) -> u64 {
    let live = |nth: u64| {
        let world = build();
        world.fail_nth(nth);
        life(&world);
        world.assert_clean();
        world.fallible_calls()
    };
    let calls = live(0);
    // A life that goes on differently after a failure may make more calls: those do not fail too.
    (1..=calls).for_each(|nth| {
        live(nth);
    });
    calls
}

#[cfg(test)]
mod tests {
    use super::Faults;

    #[test]
    fn the_nth_call_fails_and_no_other() {
        let faults = Faults::default();
        assert!(!faults.strikes());
        faults.watch(2);
        assert_eq!([faults.strikes(), faults.strikes(), faults.strikes()], [false, true, false]);
        assert_eq!(faults.counted(), 3);
        faults.watch(0);
        assert!(!faults.strikes());
        assert_eq!(faults.counted(), 1);
    }
}
