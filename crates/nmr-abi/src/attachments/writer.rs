//! Writes an answer into a buffer of any size.

use super::{AttachmentRow, Header, MAGIC, RegistrationRow, VERSION, padded};

/// Writes an answer: all registrations, then all attachments, then [`SnapshotWriter::finish`].
///
/// What does not fit is counted and left out, so that the caller learns how much room it takes.
#[derive(Debug)]
pub struct SnapshotWriter<'a> {
    buffer: &'a mut [u8],
    header: Header,
}

/// The buffer has no room for the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSmall;

/// How an answer came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// How many bytes of the buffer were written.
    pub bytes: usize,
    /// Whether rows were left out.
    pub cut_off: bool,
}

impl<'a> SnapshotWriter<'a> {
    /// Begins the answer of `driver` in `buffer`.
    ///
    /// # Errors
    /// [`TooSmall`] if not even the header fits.
    pub fn new(buffer: &'a mut [u8], driver: &str) -> Result<Self, TooSmall> {
        if buffer.len() < Header::SIZE {
            return Err(TooSmall);
        }
        let header = Header {
            magic: MAGIC,
            version: VERSION,
            header_size: Header::SIZE as u32,
            needed: Header::SIZE as u32,
            written: Header::SIZE as u32,
            registrations: 0,
            registration_size: RegistrationRow::SIZE as u32,
            attachments: 0,
            attachment_size: AttachmentRow::SIZE as u32,
            driver: padded(driver),
        };
        Ok(Self { buffer, header })
    }

    /// Adds a registration.
    pub fn registration(&mut self, row: &RegistrationRow) {
        debug_assert!(self.header.attachments == 0, "registrations come before attachments");
        self.header.registrations += u32::from(self.row(&row.to_bytes()));
    }

    /// Adds an attachment.
    pub fn attachment(&mut self, row: &AttachmentRow) {
        self.header.attachments += u32::from(self.row(&row.to_bytes()));
    }

    /// Writes the header.
    pub fn finish(self) -> Written {
        self.buffer[..Header::SIZE].copy_from_slice(&self.header.to_bytes());
        let Header { needed, written, .. } = self.header;
        Written { bytes: written as usize, cut_off: written < needed }
    }

    /// Answers whether the row was written. After one that was not, none is: the rows lie side by side.
    pub(super) fn row(&mut self, row: &[u8]) -> bool {
        let complete = self.header.written == self.header.needed;
        self.header.needed = self.header.needed.saturating_add(row.len() as u32);
        let begin = self.header.written as usize;
        match self.buffer.get_mut(begin..begin + row.len()) {
            Some(place) if complete => {
                place.copy_from_slice(row);
                self.header.written += row.len() as u32;
                true
            }
            _ => false,
        }
    }
}
