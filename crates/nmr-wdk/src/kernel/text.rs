//! Strings as the kernel takes them.

use core::marker::PhantomData;
use wdk_sys::UNICODE_STRING;

/// A UNICODE_STRING that borrows its letters.
pub(super) struct UnicodeString<'a> {
    raw: UNICODE_STRING,
    letters: PhantomData<&'a [u16]>,
}

impl<'a> UnicodeString<'a> {
    /// `letters`, of which there are at most 32767.
    pub(super) fn new(letters: &'a [u16]) -> Self {
        let bytes = u16::try_from(size_of_val(letters)).unwrap_or(0);
        let raw = UNICODE_STRING {
            Length: bytes,
            MaximumLength: bytes,
            // The routines that these strings are for only read them.
            Buffer: letters.as_ptr().cast_mut(),
        };
        Self { raw, letters: PhantomData }
    }

    pub(super) const fn as_ptr(&self) -> *const UNICODE_STRING {
        &self.raw
    }
}

/// The letters of `text`, which are ASCII and `LETTERS` in number.
pub(super) const fn utf16<const LETTERS: usize>(text: &str) -> [u16; LETTERS] {
    assert!(text.is_ascii() && text.len() == LETTERS);
    let mut letters = [0; LETTERS];
    let mut at = 0;
    while at < LETTERS {
        letters[at] = text.as_bytes()[at] as u16;
        at += 1;
    }
    letters
}
