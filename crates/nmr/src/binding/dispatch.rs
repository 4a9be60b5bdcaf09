//! Calls at DISPATCH_LEVEL, which are counted nowhere.

#![expect(unsafe_code, reason = "reads what the grace period protects")]

use super::{PeerRef, Slot};
use crate::AtDispatch;
use crate::role::{CallsAtDispatch, Role};
use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use nmr_abi::ModuleId;

/// A call into the peer from a processor that stays at DISPATCH_LEVEL until the call has returned.
///
/// Dereferences to the peer's functions. Entering is one load and one comparison, leaving is nothing: a binding that
/// closes waits for a grace period, in which a DPC runs on every processor, and no processor runs it before it has left
/// DISPATCH_LEVEL. The peer's functions must be fit for DISPATCH_LEVEL.
pub struct DispatchGuard<'a, R: Role> {
    slot: &'static Slot<R>,
    /// Keeps the guard within the code that is at DISPATCH_LEVEL.
    at: PhantomData<(&'a (), *mut ())>,
}

impl<R: Role> PeerRef<R> {
    /// The peer, unless the binding has closed. IRQL = DISPATCH_LEVEL. For registrations that declare
    /// `calls_at_dispatch: allow`.
    #[inline]
    pub fn enter_at_dispatch<'a>(&self, _: &'a AtDispatch<'_>) -> Option<DispatchGuard<'a, R>>
    where
        R: CallsAtDispatch,
    {
        let Self { slot, epoch } = *self;
        slot.rundown.is_open_in(epoch).then_some(DispatchGuard { slot, at: PhantomData })
    }

    /// Calls the peer, unless the binding has closed. IRQL = DISPATCH_LEVEL. For registrations that declare
    /// `calls_at_dispatch: allow`.
    #[inline]
    pub fn call_at_dispatch<T>(&self, at: &AtDispatch<'_>, call: impl FnOnce(&R::PeerCalls) -> T) -> Option<T>
    where
        R: CallsAtDispatch,
    {
        self.enter_at_dispatch(at).map(|guard| call(&guard))
    }
}

impl<R: Role> DispatchGuard<'_, R> {
    /// The driver's own value for this binding.
    pub fn binding(&self) -> &R::Binding {
        // SAFETY: this processor is at DISPATCH_LEVEL since it found the binding open, so the grace period of its
        // closing has not ended.
        unsafe { self.slot.value() }
    }

    /// The module id of the peer; `None` if it has none.
    pub fn peer_module_id(&self) -> Option<ModuleId> {
        self.slot.peer_module_id()
    }
}

impl<R: Role> Deref for DispatchGuard<'_, R> {
    type Target = R::PeerCalls;

    #[inline]
    fn deref(&self) -> &R::PeerCalls {
        // SAFETY: as for `binding`; the rundown opened after `peer` was written.
        unsafe { self.slot.peer_calls() }
    }
}

impl<R: Role> fmt::Debug for DispatchGuard<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DispatchGuard").field("peer", &self.peer_module_id()).finish_non_exhaustive()
    }
}
