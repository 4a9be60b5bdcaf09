//! The crate arc-swap.

use arc_swap::ArcSwap;

use super::calls_in_a_row;
use crate::echo::{BARE_BINDING, BareBinding};
use crate::paired::Design;

pub(super) fn design() -> Design<'static> {
    let swap = ArcSwap::from_pointee(BARE_BINDING);
    Design::new("arc_swap_load", move |_, count| {
        calls_in_a_row(&swap, count, |swap: &ArcSwap<BareBinding>, value| swap.load().call(value));
    })
}
