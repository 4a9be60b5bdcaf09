//! A key of the registry.

#![expect(unsafe_code, reason = "calls the kernel's registry routines")]

use super::status::check;
use super::text::UnicodeString;
use core::mem::offset_of;
use nmr::{MayWait, Result, Status};
use wdk::nt_success;
use wdk_sys::{
    _KEY_VALUE_INFORMATION_CLASS, HANDLE, KEY_QUERY_VALUE, KEY_SET_VALUE, KEY_VALUE_PARTIAL_INFORMATION,
    OBJ_CASE_INSENSITIVE, OBJ_KERNEL_HANDLE, OBJECT_ATTRIBUTES, REG_DWORD, REG_OPTION_NON_VOLATILE, REG_SZ,
    ntddk,
};

/// An open key.
///
/// # Invariants
/// The handle is a kernel handle of ours, closed by nobody else.
pub(super) struct Key(HANDLE);

impl Key {
    /// The key at `path`, for reading; `ZwOpenKey`.
    ///
    /// # Errors
    /// What the system failed with; there may be no such key.
    pub(super) fn open(path: &UnicodeString<'_>, _: &MayWait<'_>) -> Result<Self> {
        Self::from_routine(path, |key, attributes| {
            // SAFETY: at PASSIVE_LEVEL; what is passed outlives the call.
            unsafe { ntddk::ZwOpenKey(key, KEY_QUERY_VALUE, attributes) }
        })
    }

    /// The key at `path`, for writing, which is made if it is not there; `ZwCreateKey`.
    ///
    /// # Errors
    /// What the system failed with.
    pub(super) fn create(path: &UnicodeString<'_>, _: &MayWait<'_>) -> Result<Self> {
        Self::from_routine(path, |key, attributes| {
            let (class, disposition) = (core::ptr::null_mut(), core::ptr::null_mut());
            // SAFETY: at PASSIVE_LEVEL; what is passed outlives the call.
            unsafe {
                ntddk::ZwCreateKey(
                    key,
                    KEY_SET_VALUE,
                    attributes,
                    0,
                    class,
                    REG_OPTION_NON_VOLATILE,
                    disposition,
                )
            }
        })
    }

    /// What `routine` makes the handle of, given where to put it and what to open.
    fn from_routine(
        path: &UnicodeString<'_>,
        routine: impl FnOnce(&mut HANDLE, &mut OBJECT_ATTRIBUTES) -> i32,
    ) -> Result<Self> {
        let mut attributes = OBJECT_ATTRIBUTES {
            Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
            ObjectName: path.as_ptr().cast_mut(),
            Attributes: OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE,
            ..Default::default()
        };
        let mut key: HANDLE = core::ptr::null_mut();
        let status = routine(&mut key, &mut attributes);
        check(status).map(|()| Self(key))
    }

    /// Sets the string value `name` to `text`, which ends with a zero; `ZwSetValueKey`.
    ///
    /// # Errors
    /// What the system failed with.
    pub(super) fn set(&self, name: &UnicodeString<'_>, text: &[u16], _: &MayWait<'_>) -> Result<()> {
        let data = text.as_ptr().cast_mut().cast();
        let size = size_of_val(text) as u32;
        // SAFETY: the key is open by the type's invariant; the data is of the length that is given, and only read.
        check(unsafe { ntddk::ZwSetValueKey(self.0, name.as_ptr().cast_mut(), 0, REG_SZ, data, size) })
    }

    /// The DWORD `name`; `None` if there is none, or it is of another type.
    pub(super) fn number(&self, name: &UnicodeString<'_>, _: &MayWait<'_>) -> Option<u32> {
        /// The structure with the four bytes of a DWORD behind it, aligned as the registry wants it.
        #[repr(C, align(8))]
        #[derive(Default)]
        struct Answer {
            words: [u32; 6],
        }
        const DATA: usize = offset_of!(KEY_VALUE_PARTIAL_INFORMATION, Data) / 4;
        let mut answer = Answer::default();
        let mut length = 0;
        // SAFETY: the key is open by the type's invariant; the buffer is as long as we say.
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
        debug_assert!(nt_success(closed));
    }
}
