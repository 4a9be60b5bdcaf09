//! What a peer shows of itself before it is attached.

#![expect(unsafe_code, reason = "follows the pointers of a peer's registration instance")]

use crate::{Characteristics, CharacteristicsMismatch, NoCharacteristics};
use core::marker::PhantomData;
use nmr_abi::{ModuleId, RegistrationInstance};

/// What a peer shows of itself: who it is, which instance, and what the NPI defines besides (`C`). Valid during the attach
/// callback; copy what you keep.
#[derive(Debug)]
pub struct Offer<'a, C = NoCharacteristics> {
    instance: &'a RegistrationInstance,
    characteristics: PhantomData<&'a C>,
}

impl<'a, C: Characteristics> Offer<'a, C> {
    /// The offer that the instance makes.
    ///
    /// # Safety
    /// What `instance` points to is valid for as long as the offer, and its characteristics are those of the NPI's side.
    pub(crate) unsafe fn new(instance: &'a RegistrationInstance) -> Self {
        Self { instance, characteristics: PhantomData }
    }

    /// Who the peer is; `None` if it did not say.
    pub fn module_id(&self) -> Option<ModuleId> {
        // SAFETY: the peer keeps its module id valid while it is registered, or has none.
        unsafe { self.instance.module_id.as_ref() }.copied()
    }

    /// Which of the peer's implementations of the NPI this is; 0 if it has one.
    pub fn number(&self) -> u32 {
        self.instance.number
    }

    /// What the NPI defines for the peer's side, `NpiSpecificCharacteristics`.
    ///
    /// # Errors
    /// The peer shows none, or they are of another version or too short. `?` in an attach decision declines the peer.
    pub fn characteristics(&self) -> Result<&'a C, CharacteristicsMismatch> {
        // SAFETY: the peer keeps them valid while it is registered; they are of this NPI, by which NMR matches modules.
        unsafe { C::of_peer(self.instance.npi_specific_characteristics) }
    }

    /// The peer's structure itself.
    pub fn registration_instance(&self) -> &'a RegistrationInstance {
        self.instance
    }
}
