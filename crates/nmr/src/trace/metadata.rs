//! The two blocks in which a TraceLogging event describes itself.
//!
//! Provider: size of the block as u16, name, zero. Event: size of the block as u16, tags (none: one zero byte), name,
//! zero, and for each field its name, zero, its type, and, if the top bit of that is set, how to show it.

use super::PROVIDER_PREFIX;

/// Types of fields (`TlgIn*`).
const UINT32: u8 = 8;
const UINT64: u8 = 10;
const GUID: u8 = 15;
const COUNTED_ANSI_STRING: u8 = 23;
/// Set in the type: a byte that says how to show the field follows.
const CHAIN: u8 = 0x80;
/// How to show a field (`TlgOut*`).
const NTSTATUS: u8 = 14;
const UTF8: u8 = 35;

const fn shown_as(field_type: u8, out: u8) -> [u8; 2] {
    [field_type | CHAIN, out]
}

/// The fields of every event, in the order of the [payload](super::payload).
const FIELDS: [(&str, &[u8]); 7] = [
    ("registration", &shown_as(COUNTED_ANSI_STRING, UTF8)),
    ("npi", &[GUID]),
    ("side", &shown_as(COUNTED_ANSI_STRING, UTF8)),
    ("binding", &[UINT64]),
    ("peer", &[GUID]),
    ("status", &shown_as(UINT32, NTSTATUS)),
    ("count", &[UINT64]),
];

/// The size of [`provider_metadata`], in bytes.
pub const fn provider_metadata_size(driver: &str) -> usize {
    2 + PROVIDER_PREFIX.len() + driver.len() + 1
}

/// The block of the provider `Nmr.<driver>`.
///
/// # Panics
/// At compile time, if `SIZE` is not [`provider_metadata_size`].
pub const fn provider_metadata<const SIZE: usize>(driver: &str) -> [u8; SIZE] {
    Block::new().text(PROVIDER_PREFIX).text(driver).byte(0).finish()
}

/// The size of [`event_metadata`], in bytes.
pub const fn event_metadata_size(name: &str) -> usize {
    let mut size = 2 + 1 + name.len() + 1;
    let mut at = 0;
    while at < FIELDS.len() {
        let (field, field_type) = FIELDS[at];
        size += field.len() + 1 + field_type.len();
        at += 1;
    }
    size
}

/// The block of the event `name`.
///
/// # Panics
/// At compile time, if `SIZE` is not [`event_metadata_size`].
pub const fn event_metadata<const SIZE: usize>(name: &str) -> [u8; SIZE] {
    let mut block = Block::new().byte(0).text(name).byte(0);
    let mut at = 0;
    while at < FIELDS.len() {
        let (field, field_type) = FIELDS[at];
        block = block.text(field).byte(0).bytes(field_type);
        at += 1;
    }
    block.finish()
}

/// A block that begins with its own size.
struct Block<const SIZE: usize> {
    bytes: [u8; SIZE],
    used: usize,
}

impl<const SIZE: usize> Block<SIZE> {
    const fn new() -> Self {
        assert!(SIZE <= u16::MAX as usize, "the size of a block has 16 bits");
        let [low, high] = (SIZE as u16).to_le_bytes();
        Self { bytes: [0; SIZE], used: 0 }.byte(low).byte(high)
    }

    const fn byte(mut self, byte: u8) -> Self {
        self.bytes[self.used] = byte;
        self.used += 1;
        self
    }

    const fn bytes(mut self, bytes: &[u8]) -> Self {
        let mut at = 0;
        while at < bytes.len() {
            self = self.byte(bytes[at]);
            at += 1;
        }
        self
    }

    const fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    const fn finish(self) -> [u8; SIZE] {
        assert!(self.used == SIZE, "the block has another size");
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Step;

    #[test]
    fn the_provider_describes_itself() {
        const BLOCK: [u8; provider_metadata_size("Echo")] = provider_metadata("Echo");
        assert_eq!(BLOCK, *b"\x0b\0Nmr.Echo\0");
    }

    #[test]
    fn an_event_describes_itself() {
        let expected = b"\x44\0\0Attach\0\
            registration\0\x97\x23\
            npi\0\x0f\
            side\0\x97\x23\
            binding\0\x0a\
            peer\0\x0f\
            status\0\x88\x0e\
            count\0\x0a";
        assert_eq!(Step::Attach.metadata(), expected);
    }

    #[test]
    fn every_event_says_its_own_size_and_name() {
        for step in Step::ALL {
            let block = step.metadata();
            assert_eq!(usize::from(u16::from_le_bytes([block[0], block[1]])), block.len(), "{step:?}");
            let name = &block[3..3 + step.name().len() + 1];
            assert_eq!(name.split_last(), Some((&0, step.name().as_bytes())), "{step:?}");
        }
    }
}
