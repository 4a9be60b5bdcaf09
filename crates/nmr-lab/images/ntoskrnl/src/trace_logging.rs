//! The self-describing form of events (TraceLogging): names and types travel with each event.

use std::fmt::{self, Write as _};

/// A GUID, as C has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Guid {
    first: u32,
    second: u16,
    third: u16,
    last: [u8; 8],
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, second, third, last } = self;
        write!(f, "{first:08x}-{second:04x}-{third:04x}-{:02x}{:02x}-", last[0], last[1])?;
        last[2..].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Where a reader is in some bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    fn half(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// A text up to its NUL.
    fn text(&mut self) -> Option<String> {
        let length = self.0.iter().position(|&byte| byte == 0)?;
        let text = String::from_utf8_lossy(self.bytes(length)?).into_owned();
        self.byte()?;
        Some(text)
    }

    /// A text of 16-bit letters up to its NUL.
    fn wide_text(&mut self) -> Option<String> {
        let mut letters = Vec::new();
        loop {
            match self.half()? {
                0 => return Some(String::from_utf16_lossy(&letters)),
                letter => letters.push(letter),
            }
        }
    }
}

/// The name in a provider's traits: size, then name.
pub(crate) fn provider_name(traits: &[u8]) -> Option<String> {
    let mut reader = Reader(traits);
    reader.half()?;
    reader.text()
}

/// An event as a line has it: `event=<name> <field>=<value> ...`. Fields end at the first whose type is not known.
pub(crate) fn event(metadata: &[u8], payload: &[u8]) -> Option<String> {
    let mut fields = Reader(metadata);
    fields.half()?;
    // Tags: bytes whose highest bit says that another follows.
    while fields.byte()? & 0x80 != 0 {}
    let mut line = format!("event={}", fields.text()?);
    let mut values = Reader(payload);
    while !fields.0.is_empty() {
        let name = fields.text()?;
        let kind = fields.byte()?;
        let has_format = kind & 0x80 != 0;
        if has_format && fields.byte()? & 0x80 != 0 {
            while fields.byte()? & 0x80 != 0 {}
        }
        let Some(value) = value(kind & 0x7f, &mut values) else {
            let _ = write!(line, " {name}=?");
            break;
        };
        let _ = write!(line, " {name}={value}");
    }
    Some(line)
}

/// The next value, of the type that TraceLogging gives this number.
fn value(kind: u8, values: &mut Reader<'_>) -> Option<String> {
    Some(match kind {
        1 => values.wide_text()?,
        2 => values.text()?,
        3 => i8::from_le_bytes(values.array()?).to_string(),
        4 => values.byte()?.to_string(),
        5 => i16::from_le_bytes(values.array()?).to_string(),
        6 => values.half()?.to_string(),
        7 => i32::from_le_bytes(values.array()?).to_string(),
        8 => u32::from_le_bytes(values.array()?).to_string(),
        9 => i64::from_le_bytes(values.array()?).to_string(),
        10 => u64::from_le_bytes(values.array()?).to_string(),
        13 => (u32::from_le_bytes(values.array()?) != 0).to_string(),
        15 => {
            let first = u32::from_le_bytes(values.array()?);
            let (second, third) = (values.half()?, values.half()?);
            Guid { first, second, third, last: values.array()? }.to_string()
        }
        20 => format!("{:#x}", u32::from_le_bytes(values.array()?)),
        21 => format!("{:#x}", u64::from_le_bytes(values.array()?)),
        22 => {
            let size = usize::from(values.half()?);
            let letters = values.bytes(size)?.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]]));
            String::from_utf16_lossy(&letters.collect::<Vec<_>>())
        }
        23 => {
            let size = usize::from(values.half()?);
            String::from_utf8_lossy(values.bytes(size)?).into_owned()
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(fields: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0];
        bytes.extend_from_slice(b"Attach\0");
        bytes.extend_from_slice(fields);
        bytes
    }

    #[test]
    fn an_event_is_told_by_its_own_description() {
        let fields = metadata(b"npi\0\x02peer\0\x08status\0\x87\x03");
        let mut payload = b"echo\0".to_vec();
        payload.extend(7_u32.to_le_bytes());
        payload.extend((-2_i32).to_le_bytes());
        assert_eq!(event(&fields, &payload).unwrap(), "event=Attach npi=echo peer=7 status=-2");
    }

    #[test]
    fn counted_texts_identifiers_and_hexadecimal_numbers_are_known() {
        let fields = metadata(b"name\0\x17id\0\x0faddress\0\x15");
        let mut payload = b"\x02\0ab".to_vec();
        payload.extend((0..16).collect::<Vec<u8>>());
        payload.extend(0xfff_u64.to_le_bytes());
        let text = "event=Attach name=ab id=03020100-0504-0706-0809-0a0b0c0d0e0f address=0xfff";
        assert_eq!(event(&fields, &payload).unwrap(), text);
    }

    #[test]
    fn what_is_not_known_or_too_short_ends_the_fields() {
        assert_eq!(event(&metadata(b"a\0\x0e"), &[]).unwrap(), "event=Attach a=?");
        assert_eq!(event(&metadata(b"a\0\x08"), &[1, 2]).unwrap(), "event=Attach a=?");
        assert_eq!(event(&[], &[]), None);
    }

    #[test]
    fn the_provider_is_named_by_its_traits() {
        assert_eq!(provider_name(b"\x0b\0Composite\0").unwrap(), "Composite");
        assert_eq!(provider_name(b"\x0b\0"), None);
    }
}
