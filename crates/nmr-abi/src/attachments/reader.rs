//! Reads an answer, whoever it is from.

use super::{AttachmentRow, Header, MAGIC, RegistrationRow, VERSION, name_text};
use core::fmt;

/// An answer whose rows can be read.
///
/// # Invariants
/// `registrations` and `attachments` consist of whole rows of the size that the header says, which is not below the size
/// that is known here; each attachment names one of the registrations.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'a> {
    header: Header,
    registrations: &'a [u8],
    attachments: &'a [u8],
}

/// Why bytes are no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// They are fewer than the header, or than the header says.
    TooShort,
    /// They begin with something else.
    Magic,
    /// They are of a version that is not known here.
    Version(
        /// Which.
        u32,
    ),
    /// The header contradicts itself.
    Sizes,
    /// A name is no text.
    Name,
    /// An attachment belongs to no registration.
    Registration(
        /// The number it says.
        u32,
    ),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => f.write_str("the answer ends too early"),
            Self::Magic => f.write_str("this is no answer of a control device of this framework"),
            Self::Version(version) => {
                write!(f, "the answer is of version {version}; version {VERSION} is known here")
            }
            Self::Sizes => f.write_str("the header of the answer contradicts itself"),
            Self::Name => f.write_str("a name in the answer is no text"),
            Self::Registration(number) => {
                write!(f, "an attachment belongs to registration {number}, which is not in the answer")
            }
        }
    }
}

impl core::error::Error for Malformed {}

impl<'a> Snapshot<'a> {
    /// Reads `bytes`, what a request answered.
    ///
    /// # Errors
    /// [`Malformed`] if they are no answer, or one of another version.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let header = Header::from_bytes(bytes).ok_or(Malformed::TooShort)?;
        if header.magic != MAGIC {
            return Err(Malformed::Magic);
        }
        if header.version != VERSION {
            return Err(Malformed::Version(header.version));
        }
        let size = |size: u32, least: usize| {
            usize::try_from(size).ok().filter(|size| *size >= least).ok_or(Malformed::Sizes)
        };
        let header_size = size(header.header_size, Header::SIZE)?;
        let written = size(header.written, header_size)?;
        let all = |count: u32, row: usize| (count as usize).checked_mul(row).ok_or(Malformed::Sizes);
        let registrations =
            all(header.registrations, size(header.registration_size, RegistrationRow::SIZE)?)?;
        let attachments = all(header.attachments, size(header.attachment_size, AttachmentRow::SIZE)?)?;
        let rows =
            bytes.get(..written).ok_or(Malformed::TooShort)?.get(header_size..).ok_or(Malformed::Sizes)?;
        if registrations.checked_add(attachments) != Some(rows.len()) || header.needed < header.written {
            return Err(Malformed::Sizes);
        }
        let (registrations, attachments) = rows.split_at(registrations);
        let snapshot = Self { header, registrations, attachments };
        snapshot.check_rows()?;
        Ok(snapshot)
    }

    fn check_rows(&self) -> Result<(), Malformed> {
        name_text(&self.header.driver).ok_or(Malformed::Name)?;
        for row in self.registrations() {
            name_text(&row.name).ok_or(Malformed::Name)?;
        }
        match self.attachments().find(|row| row.registration >= self.header.registrations) {
            Some(row) => Err(Malformed::Registration(row.registration)),
            None => Ok(()),
        }
    }

    /// The driver's name in its declaration.
    pub fn driver(&self) -> &str {
        name_text(&self.header.driver).unwrap_or_default()
    }

    /// How many bytes the whole answer takes; more than there were if rows were left out.
    pub const fn needed(&self) -> usize {
        self.header.needed as usize
    }

    /// Whether rows were left out for want of room.
    pub const fn is_cut_off(&self) -> bool {
        self.header.written < self.header.needed
    }

    /// The registrations, in the order in which they registered.
    pub fn registrations(&self) -> impl Iterator<Item = RegistrationRow> + use<'a> {
        // INVARIANT: whole rows of at least the known size.
        let rows = self.registrations.chunks_exact(self.header.registration_size as usize);
        rows.filter_map(RegistrationRow::from_bytes)
    }

    /// The attachments, those of one registration side by side.
    pub fn attachments(&self) -> impl Iterator<Item = AttachmentRow> + use<'a> {
        let rows = self.attachments.chunks_exact(self.header.attachment_size as usize);
        rows.filter_map(AttachmentRow::from_bytes)
    }
}
