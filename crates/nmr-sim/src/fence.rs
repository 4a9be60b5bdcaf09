//! What happens when a callback leaves by an exception, which nobody can catch: the library is on the way, and in the
//! kernel there are none.

use crate::binding::Binding;
use crate::schedule::Callback;
use crate::side::Side;
use crate::world::World;
use std::io::Write as _;

/// Ends the process, with a report, if it is dropped: what unwinds out of a callback drops it.
pub(crate) struct Fence<'a> {
    world: &'a World,
    binding: &'a Binding,
    callback: Callback,
}

impl<'a> Fence<'a> {
    pub(crate) fn around(world: &'a World, binding: &'a Binding, callback: Callback) -> Self {
        Self { world, binding, callback }
    }

    /// The callback has returned.
    pub(crate) fn passed(self) {
        std::mem::forget(self);
    }
}

impl Drop for Fence<'_> {
    fn drop(&mut self) {
        let Self { world, binding, callback } = self;
        let (Callback::Attach(side) | Callback::Detach(side) | Callback::Cleanup(side)) = *callback;
        let module = match side {
            Side::Client => &binding.client,
            Side::Provider => &binding.provider,
        };
        let report = format!(
            "nmr-sim: {callback} for binding {} has thrown an exception ({module}); a callback returns, and nothing \
             leaves it on another way. Aborted; what led here:\n{}",
            binding.number,
            world.story(),
        );
        // Where nobody reads, nobody is told.
        let _ = std::io::stderr().lock().write_all(report.as_bytes());
        std::process::abort();
    }
}
