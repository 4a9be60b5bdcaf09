//! The bare indirect call: the floor.

use super::calls_in_a_row;
use crate::echo::{BARE_BINDING, BareBinding};
use crate::paired::Design;

/// A driver keeps the address of its binding, as it keeps a reference of the framework's.
struct Kept(&'static BareBinding);

pub(super) fn design(name: &'static str) -> Design<'static> {
    let kept = Kept(&BARE_BINDING);
    Design::new(name, move |_, count| calls_in_a_row(&kept, count, |kept: &Kept, value| kept.0.call(value)))
}
