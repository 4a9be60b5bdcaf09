//! Which callbacks the current thread is inside of, so that a wait that could never end is reported instead.

use crate::schedule::Callback;
use std::cell::{Cell, RefCell};

thread_local! {
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
    static SUBJECT: Cell<Option<(u32, u32)>> = const { Cell::new(None) };
}

/// Notes which binding the thread's next points are about, for schedules: the `Number`s of its client and provider.
pub(crate) fn set_subject(subject: Option<(u32, u32)>) {
    SUBJECT.set(subject);
}

/// Which binding the thread was last at.
pub(crate) fn subject() -> Option<(u32, u32)> {
    SUBJECT.get()
}

/// One callback that has not returned.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    /// The world it belongs to, by its address: a thread may serve several.
    pub(crate) world: usize,
    pub(crate) binding: u64,
    pub(crate) client: u64,
    pub(crate) provider: u64,
    pub(crate) callback: Callback,
}

/// Ends the frame when the callback has returned.
pub(crate) struct Entered(());

impl Drop for Entered {
    fn drop(&mut self) {
        FRAMES.with_borrow_mut(Vec::pop);
    }
}

/// Notes that the current thread enters a callback.
pub(crate) fn enter(frame: Frame) -> Entered {
    FRAMES.with_borrow_mut(|frames| frames.push(frame));
    Entered(())
}

/// The innermost callback of the current thread for which `wanted` holds.
pub(crate) fn innermost(wanted: impl FnMut(&Frame) -> bool) -> Option<Frame> {
    let mut wanted = wanted;
    FRAMES.with_borrow(|frames| frames.iter().rev().find(|frame| wanted(frame)).copied())
}

#[cfg(test)]
mod tests {
    use super::{Frame, enter, innermost};
    use crate::schedule::Callback;
    use crate::side::Side;

    #[test]
    fn a_frame_lasts_as_long_as_its_callback() {
        let frame = |binding| Frame {
            world: 1,
            binding,
            client: 1,
            provider: 2,
            callback: Callback::Attach(Side::Client),
        };
        let outer = enter(frame(1));
        {
            let _inner = enter(frame(2));
            assert_eq!(innermost(|_| true).map(|frame| frame.binding), Some(2));
            assert_eq!(innermost(|frame| frame.binding == 1).map(|frame| frame.binding), Some(1));
        }
        assert!(innermost(|frame| frame.binding == 2).is_none());
        drop(outer);
        assert!(innermost(|_| true).is_none());
    }
}
