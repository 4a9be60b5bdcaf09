//! The bare indirect call: the floor.

use super::calls_in_a_row;
use crate::echo::BarePeer;
use crate::paired::Design;

pub(super) fn design<'a>(name: &'static str, peer: &'a BarePeer) -> Design<'a> {
    Design::new(name, move |_, count| calls_in_a_row(peer, count, BarePeer::call))
}
