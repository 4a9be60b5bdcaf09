//! The crate crossbeam-epoch.

#![expect(unsafe_code, reason = "follows a pointer that the epoch protects")]

use core::sync::atomic::Ordering;

use crossbeam_epoch::{Atomic, pin};

use super::calls_in_a_row;
use crate::echo::{BARE_BINDING, BareBinding};
use crate::paired::Design;

pub(super) fn design() -> Design<'static> {
    let place = Atomic::new(BARE_BINDING);
    Design::new("crossbeam_epoch_pin", move |_, count| {
        calls_in_a_row(&place, count, |place: &Atomic<BareBinding>, value| {
            let pinned = pin();
            // SAFETY: the pointer is NULL or that of a peer that is freed when nobody is pinned any more.
            let peer = unsafe { place.load(Ordering::Acquire, &pinned).as_ref() };
            peer.map_or(0, |peer| peer.call(value))
        });
    })
}
