//! What is kept back while somebody wishes so.

use crate::sync::lock;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Things that are kept back, while that is wished.
pub(crate) struct Held<T> {
    /// As `Kept::wished`, to be looked at first: nobody wishes it most of the time.
    wished: AtomicBool,
    kept: Mutex<Kept<T>>,
}

struct Kept<T> {
    wished: bool,
    things: Vec<T>,
}

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self { wished: AtomicBool::new(false), kept: Mutex::new(Kept { wished: false, things: Vec::new() }) }
    }
}

impl<T> Held<T> {
    /// From here on things are kept.
    pub(crate) fn hold(&self) {
        self.wish(true);
    }

    /// Keeps what `thing` makes, if that is wished; says whether it is.
    pub(crate) fn keeps(&self, thing: impl FnOnce() -> T) -> bool {
        if !self.wished.load(Ordering::Relaxed) {
            return false;
        }
        let mut kept = lock(&self.kept);
        if kept.wished {
            kept.things.push(thing());
        }
        kept.wished
    }

    /// Keeps no more, and gives up what was kept, in its order. Whatever is asked about later is not kept.
    pub(crate) fn release(&self) -> Vec<T> {
        self.wish(false)
    }

    fn wish(&self, wished: bool) -> Vec<T> {
        let mut kept = lock(&self.kept);
        kept.wished = wished;
        self.wished.store(wished, Ordering::SeqCst);
        if wished { Vec::new() } else { std::mem::take(&mut kept.things) }
    }
}

#[cfg(test)]
mod tests {
    use super::Held;
    use crate::sync::lock;

    #[test]
    fn things_are_kept_from_the_wish_to_the_release() {
        let held = Held::default();
        assert!(!held.keeps(|| unreachable!("nobody wishes it")));
        held.hold();
        assert!(held.keeps(|| 1) && held.keeps(|| 2));
        held.hold();
        assert_eq!(held.release(), [1, 2]);
        assert!(!held.keeps(|| 3) && held.release().is_empty());
    }

    /// What is kept behind the release that should have given it up would stay for ever.
    #[test]
    fn who_looked_before_a_release_and_comes_after_it_is_not_kept() {
        let held = Held::default();
        held.hold();
        lock(&held.kept).wished = false;
        assert!(!held.keeps(|| unreachable!("it is released")));
        assert!(held.release().is_empty());
    }
}
