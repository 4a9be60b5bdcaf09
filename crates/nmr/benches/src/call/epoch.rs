//! The crate crossbeam-epoch.

#![expect(unsafe_code, reason = "follows a pointer that the epoch protects")]

use core::sync::atomic::Ordering;

use crossbeam_epoch::{Atomic, pin};

use super::calls_in_a_row;
use crate::echo::BarePeer;
use crate::paired::Design;

pub(super) fn design(peer: BarePeer) -> Design<'static> {
    let place = Atomic::new(peer);
    Design::new("crossbeam_epoch_pin", move |_, count| {
        calls_in_a_row(&place, count, |place: &Atomic<BarePeer>, value| {
            let pinned = pin();
            // SAFETY: the pointer is NULL or that of a peer that is freed when nobody is pinned any more.
            let peer = unsafe { place.load(Ordering::Acquire, &pinned).as_ref() };
            peer.map_or(0, |peer| peer.call(value))
        });
    })
}
