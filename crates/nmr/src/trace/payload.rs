//! The values of an event's fields, in the order of its metadata.

use crate::{Event, Guid, ModuleId, Side, Status};

/// What the field `binding` is if a step is of no binding.
pub const NO_BINDING: u64 = u64::MAX;

/// Longer names are cut off.
const MOST_LETTERS: usize = 64;
/// Two strings with their lengths, two GUIDs, two u64 and an NTSTATUS.
const MOST: usize = 2 * 2 + MOST_LETTERS + 8 + 2 * 16 + 2 * 8 + 4;

/// The values of one event.
#[derive(Debug)]
pub struct Payload {
    bytes: [u8; MOST],
    used: usize,
}

impl Payload {
    /// The values of `event`.
    pub fn of(event: &Event<'_>) -> Self {
        let mut payload = Self { bytes: [0; MOST], used: 0 };
        payload.text(event.registration());
        payload.guid(event.npi().unwrap_or_default());
        payload.text(event.side().map_or("", Side::name));
        payload.bytes(&event.binding().unwrap_or(NO_BINDING).to_le_bytes());
        payload.guid(event.peer().as_ref().and_then(ModuleId::guid).unwrap_or_default());
        payload.bytes(&event.status().unwrap_or(Status::SUCCESS).0.to_le_bytes());
        payload.bytes(&event.count().unwrap_or(0).to_le_bytes());
        payload
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.bytes[self.used..self.used + bytes.len()].copy_from_slice(bytes);
        self.used += bytes.len();
    }

    /// A counted string: its length in bytes as u16, and the bytes.
    fn text(&mut self, text: &str) {
        let length = text.len().min(MOST_LETTERS);
        self.bytes(&(length as u16).to_le_bytes());
        self.bytes(&text.as_bytes()[..length]);
    }

    fn guid(&mut self, guid: Guid) {
        self.bytes(&guid.data1.to_le_bytes());
        self.bytes(&guid.data2.to_le_bytes());
        self.bytes(&guid.data3.to_le_bytes());
        self.bytes(&guid.data4);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::Step;
    use crate::log::{Facts, Subject};
    use crate::registration::RegistrationName;

    const NPI: Guid = Guid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
    const NPI_BYTES: &[u8] = b"\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff";

    fn payload(registration: &'static str, facts: &Facts<'_>) -> Payload {
        let registration = RegistrationName::of(registration);
        let subject = &Subject { registration, side: Side::Provider, npi_name: "relay", npi: &NPI };
        Payload::of(&Event { driver: "Composite", subject: Some(subject), step: Step::Detach, facts })
    }

    #[test]
    fn the_values_follow_the_order_of_the_fields() {
        let peer = ModuleId::from_guid(Guid::from_u128(0x0100_0000_0200_0300_0405_0607_0809_0a0b));
        let facts = Facts {
            binding: Some(0x0102),
            peer: Some(Some(peer)),
            status: Some(Status::PENDING),
            count: Some(7),
            reason: None,
        };
        let expected = [
            b"\x05\0relay".as_slice(),
            NPI_BYTES,
            b"\x08\0provider",
            b"\x02\x01\0\0\0\0\0\0",
            b"\0\0\0\x01\0\x02\0\x03\x04\x05\x06\x07\x08\x09\x0a\x0b",
            b"\x03\x01\0\0",
            b"\x07\0\0\0\0\0\0\0",
        ];
        assert_eq!(payload("relay", &facts).as_bytes(), expected.concat());
    }

    #[test]
    fn what_is_not_there_has_a_value_all_the_same() {
        let event = Event { driver: "D", subject: None, step: Step::Loaded, facts: &Facts::default() };
        let expected = [b"\0\0".as_slice(), &[0; 16], b"\0\0", &[0xff; 8], &[0; 16], &[0; 4], &[0; 8]];
        assert_eq!(Payload::of(&event).as_bytes(), expected.concat());
    }

    #[test]
    fn the_longest_names_fit() {
        let long = "a_registration_with_a_name_that_nobody_would_give_to_one_but_that_the_macro_takes";
        let payload = payload(long, &Facts::default());
        assert_eq!(payload.as_bytes().len(), MOST);
        assert_eq!(payload.as_bytes()[..2], [64, 0]);
    }
}
