//! The life of a binding from NMR's offer to the opening of its rundown, the same for both sides.

#![expect(unsafe_code, reason = "drops the driver's value again when the peer declines")]

use super::core::Core;
use crate::binding::Slot;
use crate::log::Facts;
use crate::role::Role;
use crate::snapshot::{AttachmentState, Filling};
use crate::{
    AtMostDispatch, AtPassive, Driver, Error, Offer, PeerCalls, Refusal, Side, Step, System, TableMismatch,
};
use core::ffi::c_void;
use core::sync::atomic::Ordering;
use nmr_abi::{BindingHandle, Status};

/// What the peer answered to the exchange of contexts and tables.
pub(crate) struct Exchange<R: Role> {
    /// NMR's status. Any success keeps the slot, and the attach callback answers exactly this.
    pub(crate) status: Status,
    /// The peer's calls, if its table can be used.
    pub(crate) peer: Result<R::PeerCalls, TableMismatch>,
}

impl<R: Role> Exchange<R> {
    /// Reads the peer's table, if there was a success.
    ///
    /// # Safety
    /// On success, `context` and `table` are the peer's, valid until the binding is cleaned up.
    pub(crate) unsafe fn new(status: Status, context: *mut c_void, table: *const c_void) -> Self {
        let peer = match status.is_success() {
            // SAFETY: as the caller says.
            true => unsafe { R::PeerCalls::accept(context, table) },
            false => Err(TableMismatch::Null),
        };
        Self { status, peer }
    }
}

impl<R: Role> Core<R> {
    /// Decides about `offer`; if it is taken, fills a slot and lets `exchange` make it known to the peer.
    pub(crate) fn attach(
        &'static self,
        binding: BindingHandle,
        offer: &Offer<'_, R::PeerCharacteristics>,
        at: &AtPassive<'_>,
        exchange: impl FnOnce(*mut c_void) -> Exchange<R>,
    ) -> Status {
        let peer = Facts::of_peer(offer.module_id());
        self.log(Step::Offer, &peer);
        let value = match self.decide(offer, at) {
            Ok(value) => value,
            Err(refusal) => return self.refuse(refusal, &peer),
        };
        let slot = match self.reserve() {
            Ok(slot) => slot,
            Err(refusal) => {
                let count = self.refused_for_capacity().load(Ordering::Relaxed);
                return self.refuse(refusal, &peer.with_count(count));
            }
        };
        let filling = Filling {
            binding: self.next_seniority(),
            now: self.system().now(),
            peer: offer.module_id(),
            peer_number: offer.number(),
        };
        slot.fill(self, value, binding, &filling);
        let Exchange { status, peer: calls } = exchange(slot.context());
        let peer = peer.with_binding(slot.seniority());
        if !status.is_success() {
            let peer = peer.with_status(status);
            match (R::SIDE, calls) {
                (Side::Provider, Err(mismatch)) => {
                    self.log(Step::Refuse, &peer.because(&mismatch));
                }
                _ => self.log(Step::Declined, &peer),
            }
            // SAFETY: the peer declined, so it forgets the context, and NMR calls no detach and no cleanup.
            unsafe { slot.drop_value() };
            slot.row().vacate();
            self.give_back(slot);
            return status;
        }
        self.commit(slot, calls, peer, at);
        if slot.leave_attach() {
            self.give_back(slot);
        }
        status
    }

    /// Declines an offer; answers what NMR is answered.
    #[cold]
    fn refuse(&self, refusal: Refusal, peer: &Facts<'_>) -> Status {
        let status = refusal.error().status();
        let reason = refusal.reason();
        self.log(Step::Refuse, &peer.because(&reason).with_status(status));
        status
    }

    fn decide(
        &'static self,
        offer: &Offer<'_, R::PeerCharacteristics>,
        at: &AtPassive<'_>,
    ) -> Result<R::Binding, Refusal> {
        self.admit(offer)?;
        R::decide(self.home().driver, offer, at)
    }

    /// What the driver is not asked about. A function of its own in the image, one for all registrations.
    #[inline(never)]
    fn admit(&self, offer: &Offer<'_, R::PeerCharacteristics>) -> Result<(), Refusal> {
        if self.door.is_shut() {
            return Err(Refusal::with(Error::DEVICE_NOT_READY, "the registration is being taken down"));
        }
        if !self.options().accept_self && self.is_this_driver(offer) {
            return Err(Refusal::because("the peer is this driver itself"));
        }
        Ok(())
    }

    /// Whether the peer has this driver's module id, or is an instance with another one in this driver's storage: NMR
    /// shows peers the structures themselves.
    fn is_this_driver(&self, offer: &Offer<'_, R::PeerCharacteristics>) -> bool {
        let storage = core::ptr::from_ref(self.home().driver).addr();
        let instance = core::ptr::from_ref(offer.registration_instance()).addr();
        let inside = (storage..storage + size_of::<R::Driver>()).contains(&instance);
        inside || offer.module_id() == Some(*R::Driver::MODULE_ID)
    }

    /// NMR has the binding from here on, whatever becomes of it: it may be born closed, but the answer stays.
    fn commit(
        &'static self,
        slot: &'static Slot<R>,
        calls: Result<R::PeerCalls, TableMismatch>,
        peer: Facts<'_>,
        at: &AtPassive<'_>,
    ) {
        let opened = match calls {
            Ok(calls) => slot.commit(calls),
            Err(mismatch) => {
                self.log(Step::AttachClosed, &peer.because(&mismatch));
                slot.row().advance(AttachmentState::DRAINING);
                self.vacate(slot);
                return;
            }
        };
        if !opened {
            self.log(Step::AttachClosed, &peer.because(&"closed before it was open"));
            return;
        }
        slot.row().advance(AttachmentState::ATTACHED);
        self.log(Step::Attach, &peer);
        if self.door.is_shut()
            && let Some(guard) = slot.enter()
        {
            guard.close(at.at_most_dispatch());
        }
    }

    /// Stops new calls through every binding that is open. The door is shut, so no other opens unnoticed.
    pub(crate) fn close_all(&'static self, at: &AtMostDispatch<'_>) {
        for slot in self.slots() {
            if let Some(guard) = slot.enter() {
                guard.close(at);
            }
        }
    }
}
