//! The crate arc-swap.

use arc_swap::ArcSwap;

use super::calls_in_a_row;
use crate::echo::BarePeer;
use crate::paired::Design;

pub(super) fn design(peer: BarePeer) -> Design<'static> {
    let swap = ArcSwap::from_pointee(peer);
    Design::new("arc_swap_load", move |_, count| {
        calls_in_a_row(&swap, count, |swap: &ArcSwap<BarePeer>, value| swap.load().call(value));
    })
}
