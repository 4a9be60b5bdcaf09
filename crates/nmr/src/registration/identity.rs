//! Who an instance of a registration is to its peers.

#![expect(unsafe_code, reason = "carries a pointer that peers will follow")]

use core::ffi::c_void;
use nmr_abi::ModuleId;

/// Module id, number and NPI-specific characteristics of a registration: what peers see before they attach.
///
/// The framework keeps the module id in the registration itself until `NmrWaitFor*` has returned.
///
/// ```
/// use nmr::{Guid, InstanceIdentity, ModuleId};
/// let attach_type = ModuleId::from_guid(Guid::from_u128(0xb9_70_7e_04));
/// let identity = InstanceIdentity::new(attach_type, 3);
/// assert_eq!((identity.module_id(), identity.number()), (attach_type, 3));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct InstanceIdentity {
    module_id: ModuleId,
    number: u32,
    characteristics: Option<*const c_void>,
}

// SAFETY: a description; the pointer is followed by peers, on any thread, as its constructor's caller has allowed.
unsafe impl Send for InstanceIdentity {}
// SAFETY: as for `Send`.
unsafe impl Sync for InstanceIdentity {}

impl InstanceIdentity {
    /// An instance with the NPI-specific characteristics that the registration is declared with, if it is with any.
    pub const fn new(module_id: ModuleId, number: u32) -> Self {
        Self { module_id, number, characteristics: None }
    }

    /// The same with `NpiSpecificCharacteristics` of its own.
    ///
    /// # Safety
    /// `characteristics` is NULL where the NPI allows that, or points to what the NPI defines, in non-paged memory that
    /// stays valid and is not written until the registration that is activated with it has been waited for.
    #[must_use]
    pub const unsafe fn with_characteristics(self, characteristics: *const c_void) -> Self {
        Self { characteristics: Some(characteristics), ..self }
    }

    /// Who the instance is.
    pub const fn module_id(&self) -> ModuleId {
        self.module_id
    }

    /// Which of the module's implementations it is.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// What the instance shows of itself in place of what is declared, if anything.
    pub const fn characteristics(&self) -> Option<*const c_void> {
        self.characteristics
    }
}
