//! How much is logged, as the service's `Parameters` key says.

#![expect(unsafe_code, reason = "calls the kernel's registry routines")]

use super::text::UnicodeString;
use core::mem::offset_of;
use nmr::{Level, Status};
use wdk_sys::{
    _KEY_VALUE_INFORMATION_CLASS, HANDLE, KEY_READ, KEY_VALUE_PARTIAL_INFORMATION, OBJ_CASE_INSENSITIVE,
    OBJ_KERNEL_HANDLE, OBJECT_ATTRIBUTES, REG_DWORD, UNICODE_STRING, ntddk,
};

/// The DWORD `NmrLogLevel`: 0 errors, 1 warnings as well, 2 every step, 3 all. `None` if it is not there.
///
/// # Safety
/// `service` is the registry path that DriverEntry was given; IRQL is PASSIVE_LEVEL.
pub(super) unsafe fn of_service(service: *const UNICODE_STRING) -> Option<Level> {
    // SAFETY: as the caller says; no root.
    let service = unsafe { Key::open(core::ptr::null_mut(), service) }?;
    let name = UnicodeString::new(const { &super::text::utf16::<10>("Parameters") });
    // SAFETY: the name is a string that outlives the call, and the root is an open key.
    let parameters = unsafe { Key::open(service.0, name.as_ptr()) }?;
    parameters
        .number(&UnicodeString::new(const { &super::text::utf16::<11>("NmrLogLevel") }))
        .map(Level::from_number)
}

/// An open key.
///
/// # Invariants
/// The handle is a kernel handle of ours, closed by nobody else.
struct Key(HANDLE);

impl Key {
    /// `ZwOpenKey`.
    ///
    /// # Safety
    /// `name` is a string that outlives the call, `root` an open key or NULL; IRQL is PASSIVE_LEVEL.
    unsafe fn open(root: HANDLE, name: *const UNICODE_STRING) -> Option<Self> {
        let mut attributes = OBJECT_ATTRIBUTES {
            Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
            RootDirectory: root,
            ObjectName: name.cast_mut(),
            Attributes: OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE,
            ..Default::default()
        };
        let mut key: HANDLE = core::ptr::null_mut();
        // SAFETY: the out parameter and the attributes are local; the caller vouches for what they point to.
        let status = unsafe { ntddk::ZwOpenKey(&mut key, KEY_READ, &mut attributes) };
        Status(status).is_success().then_some(Self(key))
    }

    /// The DWORD `name`; `None` if there is none, or it is of another type.
    fn number(&self, name: &UnicodeString<'_>) -> Option<u32> {
        /// The structure with the four bytes of a DWORD behind it, aligned as the registry wants it.
        #[repr(C, align(8))]
        #[derive(Default)]
        struct Answer {
            words: [u32; 6],
        }
        const DATA: usize = offset_of!(KEY_VALUE_PARTIAL_INFORMATION, Data) / 4;
        let mut answer = Answer::default();
        let mut length = 0;
        // SAFETY: the key is open by the type's invariant; the buffer is as long as we say; IRQL is PASSIVE_LEVEL, as it
        // was for opening the key.
        let status = unsafe {
            ntddk::ZwQueryValueKey(
                self.0,
                name.as_ptr().cast_mut(),
                _KEY_VALUE_INFORMATION_CLASS::KeyValuePartialInformation,
                core::ptr::from_mut(&mut answer).cast(),
                size_of::<Answer>() as u32,
                &mut length,
            )
        };
        let [_, value_type, size, ..] = answer.words;
        let is_number = Status(status) == Status::SUCCESS && value_type == REG_DWORD && size == 4;
        is_number.then_some(answer.words[DATA])
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: open and ours by the type's invariant.
        let closed = unsafe { ntddk::ZwClose(self.0) };
        debug_assert!(Status(closed).is_success());
    }
}
