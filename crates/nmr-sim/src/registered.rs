//! What a module registered, as a copy, so that a structure which changes or dies too early is seen.

#![expect(unsafe_code, reason = "reads the structures that modules registered, again and again")]

use nmr_abi::{ModuleId, NpiId, RegistrationInstance};
use std::ffi::c_void;

/// Either characteristics structure, as C sees it: callbacks may be NULL.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Structure {
    version: u16,
    length: u16,
    attach: Option<fn()>,
    detach: Option<fn()>,
    cleanup: Option<fn()>,
    instance: RegistrationInstance,
}

const _: () = {
    use nmr_abi::{ClientCharacteristics as Client, ProviderCharacteristics as Provider};
    use std::mem::offset_of;
    assert!(size_of::<Structure>() == size_of::<Client>() && size_of::<Structure>() == size_of::<Provider>());
    assert!(offset_of!(Structure, detach) == offset_of!(Client, detach_provider));
    assert!(offset_of!(Structure, detach) == offset_of!(Provider, detach_client));
    assert!(offset_of!(Structure, instance) == offset_of!(Client, registration_instance));
    assert!(offset_of!(Structure, instance) == offset_of!(Provider, registration_instance));
};

/// A structure, where it is, and what it and its pointers said when it was registered.
///
/// # Invariant
/// `at` and what it points to are valid until the wait for the registration has returned, as the caller of
/// `NmrRegister*` vouched.
pub(crate) struct Registered {
    at: *const Structure,
    copy: Structure,
    npi: NpiId,
    id: Option<ModuleId>,
    characteristics: Option<Shown>,
}

impl Registered {
    /// Reads the structure at `at`; `None` if a pointer that must not be NULL is.
    ///
    /// # Safety
    /// `at` is NULL, or a characteristics structure that is valid, with what it points to, until the wait for its
    /// registration has returned, except that its callbacks and pointers may be NULL.
    pub(crate) unsafe fn read(at: *const Structure) -> Option<Self> {
        // SAFETY: NULL, which `as_ref` sees, or valid by this function's contract.
        let copy = *unsafe { at.as_ref() }?;
        if copy.attach.is_none() || copy.detach.is_none() {
            return None;
        }
        // SAFETY: NULL, which `as_ref` sees, or valid by this function's contract.
        let npi = *unsafe { copy.instance.npi_id.as_ref() }?;
        // SAFETY: as above.
        let id = unsafe { copy.instance.module_id.as_ref() }.copied();
        Some(Self { at, copy, npi, id, characteristics: None })
    }

    /// Copies the `NpiSpecificCharacteristics` too, whose size only the NPI knows.
    pub(crate) fn keep_characteristics(&mut self, bytes: usize) {
        // SAFETY: the invariant; the size is what whoever set the world up says of the NPI.
        self.characteristics = unsafe { Shown::copy(self.copy.instance.npi_specific_characteristics, bytes) };
    }

    pub(crate) fn npi(&self) -> NpiId {
        self.npi
    }

    pub(crate) fn id(&self) -> Option<ModuleId> {
        self.id
    }

    pub(crate) fn number(&self) -> u32 {
        self.copy.instance.number
    }

    /// The module's own instance structure, which peers are shown.
    pub(crate) fn instance(&self) -> *const RegistrationInstance {
        // No reference is made: the structure is the module's.
        self.at.cast::<u8>().wrapping_add(std::mem::offset_of!(Structure, instance)).cast()
    }

    /// Where the structure is, which tells it from others.
    pub(crate) fn address(&self) -> usize {
        self.at.addr()
    }

    /// The addresses that must stay valid until the wait has returned.
    pub(crate) fn addresses(&self) -> [*const c_void; 4] {
        let instance = &self.copy.instance;
        [
            self.at.cast(),
            instance.npi_id.cast(),
            instance.module_id.cast(),
            instance.npi_specific_characteristics,
        ]
    }

    pub(crate) fn lengths_are_right(&self) -> bool {
        usize::from(self.copy.length) == size_of::<Structure>()
            && usize::from(self.copy.instance.size) == size_of::<RegistrationInstance>()
    }

    pub(crate) fn versions_are_zero(&self) -> bool {
        self.copy.version == 0 && self.copy.instance.version == 0
    }

    /// Whether the module says who it is in a form that its peers can read.
    pub(crate) fn is_identified(&self) -> bool {
        self.id.is_some_and(|id| {
            usize::from(id.length) == size_of::<ModuleId>() && (id.guid().is_some() || id.luid().is_some())
        })
    }

    /// What is not as it was registered, if anything.
    pub(crate) fn change(&self) -> Option<&'static str> {
        // SAFETY: the invariant.
        let now = unsafe { self.at.read() };
        let (then, is) = (&self.copy, &now);
        let callbacks =
            |of: &Structure| [of.attach, of.detach, of.cleanup].map(|f| f.map(|f| (f as *const ()).addr()));
        if (then.version, then.length, callbacks(then)) != (is.version, is.length, callbacks(is)) {
            return Some("characteristics");
        }
        let words = |of: &RegistrationInstance| {
            let pointers = [of.npi_id.addr(), of.module_id.addr(), of.npi_specific_characteristics.addr()];
            (of.version, of.size, of.number, pointers)
        };
        if words(&then.instance) != words(&is.instance) {
            return Some("registration instance");
        }
        // SAFETY: the invariant; the pointer is still the one that was read when it was registered.
        if unsafe { then.instance.npi_id.read() } != self.npi {
            return Some("NPI identifier");
        }
        let identity = |id: ModuleId| (id.length, id.id_type, id.value);
        // SAFETY: as above, and NULL is seen by `as_ref`.
        if unsafe { then.instance.module_id.as_ref() }.copied().map(identity) != self.id.map(identity) {
            return Some("module identifier");
        }
        let kept = self.characteristics.as_ref().is_none_or(Shown::is_unchanged);
        (!kept).then_some("NPI-specific characteristics")
    }
}

/// Bytes that a module shows to its peers, and what they were.
pub(crate) struct Shown {
    at: *const u8,
    copy: Box<[u8]>,
}

// SAFETY: the bytes are the module's; they are only read, at moments at which the contract makes them valid for its
// peers on any thread.
unsafe impl Send for Shown {}
// SAFETY: as for `Send`; nothing here changes after construction.
unsafe impl Sync for Shown {}

impl Shown {
    /// Copies `bytes` bytes from `at`, unless that is nothing.
    ///
    /// # Safety
    /// `at` is NULL, or that many initialised bytes there stay valid for as long as [`Self::is_unchanged`] is called.
    pub(crate) unsafe fn copy(at: *const c_void, bytes: usize) -> Option<Self> {
        if at.is_null() || bytes == 0 {
            return None;
        }
        let at = at.cast::<u8>();
        // SAFETY: this function's contract.
        let copy = unsafe { std::slice::from_raw_parts(at, bytes) }.into();
        Some(Self { at, copy })
    }

    pub(crate) fn is_unchanged(&self) -> bool {
        // SAFETY: the contract of `copy`.
        let now = unsafe { std::slice::from_raw_parts(self.at, self.copy.len()) };
        *now == *self.copy
    }
}
