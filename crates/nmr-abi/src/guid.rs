//! GUIDs, which identify NPIs and, usually, modules.

use core::fmt;

/// A Windows GUID: 16 bytes, the first three fields in the byte order of the machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(C)]
pub struct Guid {
    /// The first eight hexadecimal digits.
    pub data1: u32,
    /// The next four.
    pub data2: u16,
    /// The next four.
    pub data3: u16,
    /// The last sixteen, in the order in which they are written.
    pub data4: [u8; 8],
}

/// The identifier of a Network Programming Interface (`NPIID`).
pub type NpiId = Guid;

const _: () = assert!(size_of::<Guid>() == 16 && align_of::<Guid>() == 4);

/// The text is not a GUID of the form `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidGuid;

impl fmt::Display for InvalidGuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a GUID: write it as xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, hexadecimal digits only")
    }
}

impl core::error::Error for InvalidGuid {}

impl Guid {
    /// Reads the form `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, upper or lower case, without braces.
    ///
    /// ```
    /// use nmr_abi::Guid;
    /// const WSK: Guid = match Guid::parse("2227e803-8d8b-11d4-abad-009027719e09") {
    ///     Ok(guid) => guid,
    ///     Err(_) => panic!("not a GUID"),
    /// };
    /// assert_eq!(WSK.data1, 0x2227_e803);
    /// ```
    ///
    /// # Errors
    /// [`InvalidGuid`] when a digit is missing, extra or not hexadecimal, or a dash is elsewhere.
    pub const fn parse(text: &str) -> Result<Self, InvalidGuid> {
        let text = text.as_bytes();
        if text.len() != 36 {
            return Err(InvalidGuid);
        }
        let mut digits: u128 = 0;
        let mut at = 0;
        while at < 36 {
            if matches!(at, 8 | 13 | 18 | 23) {
                if text[at] != b'-' {
                    return Err(InvalidGuid);
                }
            } else {
                let Some(digit) = (text[at] as char).to_digit(16) else { return Err(InvalidGuid) };
                digits = digits << 4 | digit as u128;
            }
            at += 1;
        }
        Ok(Self::from_u128(digits))
    }

    /// The GUID whose digits, read from left to right, are those of `digits`.
    pub const fn from_u128(digits: u128) -> Self {
        Self {
            data1: (digits >> 96) as u32,
            data2: (digits >> 80) as u16,
            data3: (digits >> 64) as u16,
            data4: (digits as u64).to_be_bytes(),
        }
    }

    /// Another GUID, the same each time for the same suffix: two 64-bit FNV-1a hashes of it, of its bytes from the first
    /// and from the last, are mixed into the two halves. GUIDs that differ stay different.
    ///
    /// ```
    /// use nmr_abi::Guid;
    /// let inbox = Guid::from_u128(7);
    /// assert_ne!(inbox.with_suffix("mine"), inbox);
    /// assert_ne!(inbox.with_suffix("mine"), inbox.with_suffix("yours"));
    /// assert_eq!(inbox.with_suffix("mine"), inbox.with_suffix("mine"));
    /// ```
    #[must_use]
    pub const fn with_suffix(self, suffix: &str) -> Self {
        let bytes = suffix.as_bytes();
        let (mut forward, mut backward) = (0xcbf2_9ce4_8422_2325_u64, 0x8422_2325_cbf2_9ce4_u64);
        let mut at = 0;
        while at < bytes.len() {
            forward = (forward ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
            backward = (backward ^ bytes[bytes.len() - 1 - at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
            at += 1;
        }
        Self::from_u128(self.to_u128() ^ ((forward as u128) << 64 | backward as u128))
    }

    /// The digits of the GUID, read from left to right.
    pub const fn to_u128(self) -> u128 {
        (self.data1 as u128) << 96
            | (self.data2 as u128) << 80
            | (self.data3 as u128) << 64
            | u64::from_be_bytes(self.data4) as u128
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tail = u64::from_be_bytes(self.data4);
        write!(f, "{:08x}-{:04x}-{:04x}", self.data1, self.data2, self.data3)?;
        write!(f, "-{:04x}-{:012x}", tail >> 48, tail & 0xffff_ffff_ffff)
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guid({self})")
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{Guid, InvalidGuid};
    use std::string::ToString;

    const WSK: &str = "2227e803-8d8b-11d4-abad-009027719e09";

    #[test]
    fn reads_what_it_writes() {
        let guid = Guid::parse(WSK).expect("well formed");
        assert_eq!(guid.to_string(), WSK);
        assert_eq!(Guid::from_u128(guid.to_u128()), guid);
        assert_eq!(guid.data4, [0xab, 0xad, 0x00, 0x90, 0x27, 0x71, 0x9e, 0x09]);
    }

    #[test]
    fn a_suffix_makes_another_guid_and_always_the_same() {
        let wsk = Guid::parse(WSK).expect("well formed");
        assert_eq!(wsk.with_suffix("test").to_string(), "dbc10eec-94f7-3af1-97be-2711f1664d89");
        let suffixes = ["test", "tset", "tests", "", "t"];
        for (index, suffix) in suffixes.iter().enumerate() {
            assert!(suffixes[..index].iter().all(|other| wsk.with_suffix(other) != wsk.with_suffix(suffix)));
            assert_ne!(wsk.with_suffix(suffix), wsk);
            assert_ne!(wsk.with_suffix(suffix), Guid::from_u128(1).with_suffix(suffix));
        }
    }

    #[test]
    fn refuses_what_is_not_a_guid() {
        let braced = std::format!("{{{}}}", &WSK[..34]);
        for wrong in ["", &WSK[1..], &WSK.replace('-', "0"), &WSK.replace('e', "g"), &braced] {
            assert_eq!(Guid::parse(wrong), Err(InvalidGuid), "{wrong}");
        }
    }
}
