//! The GUID of a provider from its name, as EventSource makes it: SHA-1 over a namespace and the name in capitals, in
//! UTF-16 with the high byte first.
//!
//! The hash is computed by the compiler. It names things and protects nothing.

use super::PROVIDER_PREFIX;
use crate::Guid;

/// The namespace of EventSource, byte by byte.
const NAMESPACE: [u8; 16] = 0x482c_2db2_c390_47c8_87f8_1a15_bfc1_30fb_u128.to_be_bytes();

/// The GUID of the provider `Nmr.<driver>`.
///
/// # Panics
/// At compile time, if the name has letters beyond ASCII, whose capitals are another matter.
pub const fn provider_id(driver: &str) -> Guid {
    assert!(driver.is_ascii(), "the name of a driver that ETW is to know has ASCII letters only");
    guid_of(&Name { first: PROVIDER_PREFIX.as_bytes(), second: driver.as_bytes() })
}

/// A name in two parts, of ASCII letters: each byte is a character.
struct Name<'a> {
    first: &'a [u8],
    second: &'a [u8],
}

impl Name<'_> {
    const fn letters(&self) -> usize {
        self.first.len() + self.second.len()
    }

    /// The length of what is hashed.
    const fn size(&self) -> usize {
        NAMESPACE.len() + 2 * self.letters()
    }

    /// Byte `at` of what is hashed, with SHA-1's padding behind it.
    const fn byte(&self, at: usize, blocks: usize) -> u8 {
        let size = self.size();
        if at < NAMESPACE.len() {
            NAMESPACE[at]
        } else if at < size {
            let letter = (at - NAMESPACE.len()) / 2;
            match at % 2 {
                0 => 0,
                _ if letter < self.first.len() => self.first[letter].to_ascii_uppercase(),
                _ => self.second[letter - self.first.len()].to_ascii_uppercase(),
            }
        } else if at == size {
            0x80
        } else if at >= blocks * 64 - 8 {
            let bits = (size as u64 * 8).to_be_bytes();
            bits[at + 8 - blocks * 64]
        } else {
            0
        }
    }
}

const fn guid_of(name: &Name<'_>) -> Guid {
    let [a, b, c, d, _] = sha1(name);
    let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (a.to_be_bytes(), b.to_be_bytes());
    let ([c0, c1, c2, c3], [d0, d1, d2, d3]) = (c.to_be_bytes(), d.to_be_bytes());
    Guid {
        data1: u32::from_le_bytes([a0, a1, a2, a3]),
        data2: u16::from_le_bytes([b0, b1]),
        // The version of a GUID that is made of a name.
        data3: u16::from_le_bytes([b2, b3]) & 0x0fff | 0x5000,
        data4: [c0, c1, c2, c3, d0, d1, d2, d3],
    }
}

/// FIPS 180-4, section 6.1.
const fn sha1(name: &Name<'_>) -> [u32; 5] {
    let mut hash = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0_u32];
    let blocks = (name.size() + 9).div_ceil(64);
    let mut block = 0;
    while block < blocks {
        hash = compress(hash, &schedule(name, block, blocks));
        block += 1;
    }
    hash
}

const fn schedule(name: &Name<'_>, block: usize, blocks: usize) -> [u32; 80] {
    let mut words = [0_u32; 80];
    let mut at = 0;
    while at < 80 {
        words[at] = if at < 16 {
            let byte = block * 64 + at * 4;
            u32::from_be_bytes([
                name.byte(byte, blocks),
                name.byte(byte + 1, blocks),
                name.byte(byte + 2, blocks),
                name.byte(byte + 3, blocks),
            ])
        } else {
            (words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16]).rotate_left(1)
        };
        at += 1;
    }
    words
}

const fn compress(hash: [u32; 5], words: &[u32; 80]) -> [u32; 5] {
    let [mut a, mut b, mut c, mut d, mut e] = hash;
    let mut at = 0;
    while at < 80 {
        let (mixed, constant) = match at {
            0..20 => (b & c | !b & d, 0x5a82_7999),
            20..40 => (b ^ c ^ d, 0x6ed9_eba1),
            40..60 => (b & c | b & d | c & d, 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6_u32),
        };
        let next = a
            .rotate_left(5)
            .wrapping_add(mixed)
            .wrapping_add(e)
            .wrapping_add(constant)
            .wrapping_add(words[at]);
        (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
        at += 1;
    }
    [
        hash[0].wrapping_add(a),
        hash[1].wrapping_add(b),
        hash[2].wrapping_add(c),
        hash[3].wrapping_add(d),
        hash[4].wrapping_add(e),
    ]
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    fn of(name: &str) -> std::string::String {
        guid_of(&Name { first: name.as_bytes(), second: b"" }).to_string()
    }

    /// The example of Microsoft's documentation of TRACELOGGING_DEFINE_PROVIDER.
    #[test]
    fn the_documented_name_has_the_documented_guid() {
        assert_eq!(of("MyCompany.MyComponent"), "ce5fa4ea-ab00-5402-8b76-9f76ac858fb5");
    }

    /// Computed with another implementation of SHA-1; the lengths lie on both sides of the ends of blocks.
    #[test]
    fn names_of_any_length_have_their_guid() {
        for (name, guid) in KNOWN {
            assert_eq!(of(name), guid, "{name}");
        }
    }

    #[test]
    fn capitals_make_no_difference_and_two_parts_are_one_name() {
        assert_eq!(of("nmr.composite"), of("Nmr.Composite"));
        assert_eq!(provider_id("Composite").to_string(), of("Nmr.Composite"));
    }

    const KNOWN: [(&str, &str); 9] = [
        ("", "4445ee6c-fd5a-5b15-047a-5866ffa76aa6"),
        ("a", "015335b4-41d6-5d99-07c3-a140d76d05e3"),
        ("Nmr.Composite", "be3cbce3-eb09-57eb-6bc6-5335eaa66c22"),
        ("Nmr.of_19_letters__", "422ea58f-10f5-5439-2435-53190025a251"),
        ("Nmr.of_20_letters___", "ae1d1136-9ddf-56da-57fc-f791fc480d15"),
        ("Nmr.of_23_letters______", "285ff91c-28e2-5395-a0a7-e5cd69e353f8"),
        ("Nmr.of_24_letters_______", "3c5358f7-9ea6-5482-f879-57f09f42e429"),
        ("Nmr.of_51_letters__________________________________", "503cea4e-b701-5d62-0d4e-d170312d5199"),
        ("Nmr.of_52_letters___________________________________", "0dba1dad-6f41-52a8-0a3c-a207fabbc0f4"),
    ];
}
