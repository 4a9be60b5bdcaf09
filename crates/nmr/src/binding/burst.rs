//! Many calls under one guard, which ends when the binding begins to close.

use super::Guard;
use crate::role::Role;

/// A guard for a number of calls that belong together: the cost of entering is paid once.
///
/// Before each call ask [`Burst::next_call`]; it answers `None` when the calls are used up, or when the binding has begun to
/// close, so that a long series does not hold up the peer's unload.
///
/// ```
/// # #[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d0b", version = 1)]
/// # mod adder { pub trait Provider { fn add(&self, a: u32) -> u32; } }
/// # use adder::Provider as _;
/// fn sum<R: nmr::Role<PeerCalls = adder::ProviderCalls>>(peer: nmr::PeerRef<R>) -> u32 {
///     let mut sum = 0;
///     if let Some(mut burst) = peer.burst(16) {
///         while let Some(provider) = burst.next_call() {
///             sum = provider.add(sum);
///         }
///     }
///     sum
/// }
/// ```
#[derive(Debug)]
pub struct Burst<'a, R: Role> {
    guard: Guard<'a, R>,
    calls_left: usize,
}

impl<'a, R: Role> Burst<'a, R> {
    pub(super) fn of(guard: Guard<'a, R>, most: usize) -> Self {
        Self { guard, calls_left: most }
    }

    /// The peer, for one call more. IRQL <= DISPATCH_LEVEL.
    #[inline]
    pub fn next_call(&mut self) -> Option<&R::PeerCalls> {
        if self.calls_left == 0 || self.guard.is_closing() {
            return None;
        }
        self.calls_left -= 1;
        Some(&self.guard)
    }

    /// The guard itself, for calls that are not counted.
    pub fn into_guard(self) -> Guard<'a, R> {
        self.guard
    }
}
