//! What a module shows of itself before it is attached, besides who it is: `NpiSpecificCharacteristics`.

#![expect(unsafe_code, reason = "reads what a peer shows, and shows what peers read")]

use crate::{Error, Extent, Header, NoHeader, Refusal, TableHeader};
use core::ffi::c_void;
use core::fmt;

/// The characteristics of one side of an NPI. `#[npi]` implements it for a struct `ProviderCharacteristics` or
/// `ClientCharacteristics` of the contract; an NPI without has [`NoCharacteristics`].
///
/// # Safety
/// [`Characteristics::of_peer`] answers what is really there.
pub unsafe trait Characteristics: Sized + 'static {
    /// What they begin with when they are shown.
    type Header: Header;

    /// What a peer shows, `NpiSpecificCharacteristics` of its registration instance.
    ///
    /// # Errors
    /// It shows nothing, or something of another version, or too little.
    ///
    /// # Safety
    /// `shown` is NULL or what a module of this NPI and side shows, valid for `'a`.
    unsafe fn of_peer<'a>(shown: *const c_void) -> Result<&'a Self, CharacteristicsMismatch>;
}

/// The characteristics of an NPI that defines none for this side; whatever a peer shows is not looked at.
#[derive(Clone, Copy, Debug)]
pub struct NoCharacteristics;

// SAFETY: reads nothing.
unsafe impl Characteristics for NoCharacteristics {
    type Header = NoHeader;

    unsafe fn of_peer<'a>(_: *const c_void) -> Result<&'a Self, CharacteristicsMismatch> {
        Ok(&Self)
    }
}

impl NoCharacteristics {
    /// Nothing.
    pub const fn publish(self) -> Published<Self, NoHeader> {
        Published::new(NoHeader {}, self)
    }
}

/// Characteristics as they are shown: behind a header, a structure in a structure to C.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Published<C, H = TableHeader> {
    header: H,
    value: C,
}

impl<C: 'static, H: Header> Published<C, H> {
    /// `value` behind `header`.
    pub const fn new(header: H, value: C) -> Self {
        Self { header, value }
    }

    /// How long the whole is, if the last field of `C` ends at `used` bytes of it.
    pub const fn extent(used: usize) -> Extent {
        Extent::of::<Self>(core::mem::offset_of!(Self, value) + used)
    }

    /// What is shown.
    pub const fn value(&self) -> &C {
        &self.value
    }

    /// For structures that C reads, such as a registration instance.
    pub const fn as_ptr(&'static self) -> *const c_void {
        core::ptr::from_ref(self).cast()
    }

    /// What a peer shows, if it is of `version`, or of one that the convention lets pass for it, and as long as `whole`. It may be longer: fields are only ever added at the end.
    ///
    /// # Errors
    /// As [`Characteristics::of_peer`].
    ///
    /// # Safety
    /// `shown` is NULL, or points to an `H` and as many bytes as that covers, which begin with a `Published<C, H>` if they
    /// are enough, and stay valid for `'a`. Any bytes there are a `C`. `whole` is what [`Published::extent`] answers.
    pub unsafe fn of_peer<'a>(
        shown: *const c_void,
        version: u16,
        whole: Extent,
    ) -> Result<&'a C, CharacteristicsMismatch> {
        if shown.is_null() {
            return Err(CharacteristicsMismatch::None);
        }
        if !shown.cast::<Self>().is_aligned() {
            return Err(CharacteristicsMismatch::Misaligned);
        }
        // SAFETY: neither NULL nor misaligned, and as the caller says.
        let header = unsafe { shown.cast::<H>().read() };
        if header.agree(version, version).is_err() {
            return Err(CharacteristicsMismatch::Version);
        }
        if header.covers(whole) < whole.size {
            return Err(CharacteristicsMismatch::TooShort);
        }
        // SAFETY: long enough, and as the caller says.
        Ok(unsafe { &(*shown.cast::<Self>()).value })
    }
}

/// Why a peer's characteristics cannot be read. As the error of an attach decision it declines the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CharacteristicsMismatch {
    /// The peer shows none.
    None,
    /// They are where none can be.
    Misaligned,
    /// They are of another version of the contract.
    Version,
    /// They say that they are shorter than the contract has them.
    TooShort,
}

impl CharacteristicsMismatch {
    const fn reason(self) -> &'static str {
        match self {
            Self::None => "the peer shows no characteristics",
            Self::Misaligned => "the peer's characteristics are at an odd address",
            Self::Version => "the peer's characteristics are of another version",
            Self::TooShort => "the peer's characteristics are too short",
        }
    }
}

impl fmt::Display for CharacteristicsMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl From<CharacteristicsMismatch> for Refusal {
    fn from(mismatch: CharacteristicsMismatch) -> Self {
        Self::with(Error::NOINTERFACE, mismatch.reason())
    }
}

/// What a registration shows by declaration. `driver!` makes it.
#[derive(Clone, Copy, Debug)]
pub struct OwnCharacteristics(*const c_void);

// SAFETY: NULL, or the address of what nobody writes and any thread may read.
unsafe impl Send for OwnCharacteristics {}
// SAFETY: as for `Send`.
unsafe impl Sync for OwnCharacteristics {}

impl OwnCharacteristics {
    /// Shows `published`.
    pub const fn of<C: Characteristics>(published: &'static Published<C, C::Header>) -> Self {
        Self(published.as_ptr())
    }

    /// Shows nothing.
    pub const fn none<C: MayBeAbsent>() -> Self {
        Self(core::ptr::null())
    }

    pub(crate) const fn as_ptr(self) -> *const c_void {
        self.0
    }
}

/// Characteristics that a registration need not declare.
#[diagnostic::on_unimplemented(
    message = "this NPI has characteristics for this role, and the registration does not say its own",
    label = "shows peers a `{Self}` before they attach",
    note = "add `characteristics: {Self} {{ .. }}` to the registration"
)]
pub trait MayBeAbsent: Characteristics {}

impl MayBeAbsent for NoCharacteristics {}
