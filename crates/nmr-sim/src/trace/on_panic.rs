//! A test that fails prints the diagram of its own life.

use crate::world::World;
use std::cell::RefCell;
use std::thread;

thread_local! {
    /// Where the diagrams go instead, while somebody tries lives that may fail.
    static KEPT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Until [`Keeping::take`], the calling thread keeps the diagrams of lives that fail instead of printing them.
pub(crate) struct Keeping(Option<String>);

impl Keeping {
    pub(crate) fn begin() -> Self {
        Self(KEPT.replace(Some(String::new())))
    }

    /// The diagram of the last life that failed.
    pub(crate) fn take(&self) -> String {
        KEPT.with_borrow_mut(|kept| kept.as_mut().map(std::mem::take).unwrap_or_default())
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        KEPT.set(self.0.take());
    }
}

impl Drop for World {
    /// The first handle that goes while its thread panics tells what happened.
    fn drop(&mut self) {
        if thread::panicking() && self.inner.trace.is_told_first() {
            let told = format!("what happened in this world:\n{}", self.diagram());
            let kept = KEPT.with_borrow_mut(|kept| kept.as_mut().map(|kept| kept.clone_from(&told)));
            if kept.is_none() {
                eprintln!("{told}");
            }
        }
    }
}
