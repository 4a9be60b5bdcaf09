//! `NPI_REGISTRATION_INSTANCE`: what a module shows to its peers before they attach.

use crate::{ModuleId, NpiId};
use core::ffi::c_void;

/// `NPI_REGISTRATION_INSTANCE` (40 bytes). Peers are given a pointer to the registering module's own structure, so it
/// and all it points to must stay valid, in non-paged memory, until the registration's wait has returned.
///
/// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netioddk/ns-netioddk-_npi_registration_instance>
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RegistrationInstance {
    /// 0, unless the NPI says otherwise.
    pub version: u16,
    /// `sizeof(NPI_REGISTRATION_INSTANCE)`, in bytes.
    pub size: u16,
    /// The NPI; the only field by which the NMR matches clients and providers.
    pub npi_id: *const NpiId,
    /// Who registers.
    pub module_id: *const ModuleId,
    /// Which implementation of the NPI within the module; 0 if there is only one.
    pub number: u32,
    /// What the NPI defines for this role, or NULL.
    pub npi_specific_characteristics: *const c_void,
}

const _: () = {
    use core::mem::offset_of;
    assert!(size_of::<RegistrationInstance>() == 40 && align_of::<RegistrationInstance>() == 8);
    assert!(offset_of!(RegistrationInstance, size) == 2);
    assert!(offset_of!(RegistrationInstance, npi_id) == 8);
    assert!(offset_of!(RegistrationInstance, module_id) == 16);
    assert!(offset_of!(RegistrationInstance, number) == 24);
    assert!(offset_of!(RegistrationInstance, npi_specific_characteristics) == 32);
};

impl RegistrationInstance {
    /// An instance of `npi_id` by `module_id`, number 0, without characteristics.
    pub const fn new(npi_id: *const NpiId, module_id: *const ModuleId) -> Self {
        Self {
            version: 0,
            size: size_of::<Self>() as u16,
            npi_id,
            module_id,
            number: 0,
            npi_specific_characteristics: core::ptr::null(),
        }
    }
}
