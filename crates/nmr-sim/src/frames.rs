//! Which callbacks the current thread is inside of, so that a wait that could never end is reported instead.

use crate::schedule::Callback;
use crate::side::Side;
use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;

thread_local! {
    /// Without a destructor, so that a thread which is ending, and calls from a destructor of its own, has it still.
    static FRAMES: RefCell<Frames> = const { RefCell::new(Frames::NONE) };
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

/// The callbacks that a thread is inside of, the outermost first. Few are nested deeply: those have memory of their own, and
/// only while they are there.
struct Frames {
    depth: usize,
    near: [Frame; NEAR],
    far: ManuallyDrop<Vec<Frame>>,
}

const NEAR: usize = 8;

impl Frames {
    const NONE: Self = {
        let nothing =
            Frame { world: 0, binding: 0, client: 0, provider: 0, callback: Callback::Attach(Side::Client) };
        Self { depth: 0, near: [nothing; NEAR], far: ManuallyDrop::new(Vec::new()) }
    };

    fn push(&mut self, frame: Frame) {
        match self.near.get_mut(self.depth) {
            Some(place) => *place = frame,
            None => self.far.push(frame),
        }
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth -= 1;
        if self.depth >= NEAR {
            self.far.pop();
        }
        if self.depth == NEAR {
            *self.far = Vec::new();
        }
    }

    /// The innermost first.
    fn iter(&self) -> impl Iterator<Item = &Frame> {
        let near = &self.near[..self.depth.min(NEAR)];
        self.far.iter().rev().chain(near.iter().rev())
    }
}

/// Ends the frame when the callback has returned.
pub(crate) struct Entered(());

impl Drop for Entered {
    fn drop(&mut self) {
        FRAMES.with_borrow_mut(Frames::pop);
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
    FRAMES.with_borrow(|frames| frames.iter().find(|frame| wanted(frame)).copied())
}

#[cfg(test)]
mod tests {
    use super::{Frame, enter, innermost};
    use crate::schedule::Callback;
    use crate::side::Side;

    fn frame(binding: u64) -> Frame {
        Frame { world: 1, binding, client: 1, provider: 2, callback: Callback::Attach(Side::Client) }
    }

    #[test]
    fn frames_are_nested_as_deeply_as_one_likes() {
        let here = |wanted: &dyn Fn(u64) -> bool| {
            innermost(|frame| wanted(frame.binding)).map(|frame| frame.binding)
        };
        for _ in 0..2 {
            let mut entered: Vec<_> = (1..=20).map(|binding| enter(frame(binding))).collect();
            for left in (1..=20).rev() {
                assert_eq!(here(&|_| true), Some(left));
                assert_eq!(here(&|binding| binding <= 3), Some(left.min(3)));
                entered.pop();
            }
            assert_eq!(here(&|_| true), None);
        }
    }

    #[test]
    fn a_frame_lasts_as_long_as_its_callback() {
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
