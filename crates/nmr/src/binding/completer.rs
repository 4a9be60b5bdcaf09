//! The one who completes a detach.

#![expect(unsafe_code, reason = "makes the completion call of NMR")]

use super::Slot;
use crate::Step;
use crate::role::Role;
use crate::snapshot::AttachmentState;
use core::sync::atomic::Ordering;
use nmr_abi::BindingHandle;

/// The duty to complete a detach. Whoever has it is the last one out, and nobody else has it.
#[must_use = "NMR waits for the completion"]
pub(super) struct Completer<R: Role> {
    slot: &'static Slot<R>,
}

impl<R: Role> Completer<R> {
    /// For the one whom the rundown of `slot` made the completer.
    pub(super) fn of(slot: &'static Slot<R>) -> Self {
        Self { slot }
    }

    /// `NmrClientDetachProviderComplete` or `NmrProviderDetachClientComplete`, and nothing after it: cleanup may run
    /// inside the call.
    #[cold]
    pub(super) fn complete(self) {
        let core = self.slot.core();
        let binding = BindingHandle::from_raw(self.slot.nmr_binding.load(Ordering::Relaxed));
        core.log(Step::CompleteDetach, &self.slot.facts());
        self.slot.row().advance(AttachmentState::DETACHED);
        // SAFETY: the detach callback was called and answers STATUS_PENDING, and the rundown makes one completer only.
        unsafe { R::detach_complete(core.system(), binding) };
    }
}
