//! The Authenticode digest and the checksum of an image.

use super::Image;
use crate::digest::Algorithm;

impl Image<'_> {
    /// The Authenticode digest: the file without its checksum, its security directory entry and its certificate table,
    /// padded with zeros to 8 bytes. Signing does not change it.
    pub(crate) fn digest(&self, algorithm: Algorithm) -> Vec<u8> {
        let Self { bytes, checksum_at, security_at, table_at, .. } = *self;
        let padding = &[0; 8][..table_at.next_multiple_of(8) - table_at];
        algorithm.of_parts([
            &bytes[..checksum_at],
            &bytes[checksum_at + 4..security_at],
            &bytes[security_at + 8..table_at],
            padding,
        ])
    }

    /// What the CheckSum field ought to be: the kernel's loader compares. The sum of all 16-bit words with end-around
    /// carry, the field itself as zero, plus the file's length.
    pub(crate) fn checksum(&self) -> u32 {
        let sum = |bytes: &[u8]| {
            bytes
                .chunks(2)
                .map(|pair| u64::from(pair[0]) | pair.get(1).map_or(0, |high| u64::from(*high) << 8))
                .sum::<u64>()
        };
        // The field may start at an odd offset in an odd file; then its bytes belong to different words.
        let mut cleared = self.bytes[self.checksum_at & !1..(self.checksum_at + 5) & !1].to_vec();
        let inner = self.checksum_at & 1;
        cleared[inner..inner + 4].fill(0);
        let mut total = sum(&self.bytes[..self.checksum_at & !1]);
        total += sum(&cleared);
        total += sum(&self.bytes[(self.checksum_at + 5) & !1..]);
        while total > 0xFFFF {
            total = (total & 0xFFFF) + (total >> 16);
        }
        (total as u32).wrapping_add(self.bytes.len() as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::image;
    use super::*;

    fn digest(bytes: &[u8]) -> Vec<u8> {
        Image::parse(bytes).unwrap().digest(Algorithm::Sha256)
    }

    #[test]
    fn the_digest_leaves_out_checksum_and_directory_entry_only() {
        let original = image(0x8664, b"0123456789");
        let expected = digest(&original);
        let skipped: Vec<usize> = (0x98..0x9C).chain(0xE8..0xF0).collect();
        for at in 0x98..original.len() {
            let mut bytes = original.clone();
            bytes[at] ^= 0x01;
            let Ok(parsed) = Image::parse(&bytes) else { continue };
            let same = parsed.digest(Algorithm::Sha256) == expected;
            assert_eq!(same, skipped.contains(&at), "byte {at:#x}");
        }
    }

    #[test]
    fn padding_with_zeros_to_eight_bytes_changes_nothing() {
        let short = image(0x8664, b"0123456789");
        let mut padded = short.clone();
        padded.resize(short.len().next_multiple_of(8), 0);
        assert_eq!(digest(&short), digest(&padded));
    }

    #[test]
    fn another_implementation_agrees() {
        use authenticode::{PeOffsets, PeTrait};
        struct Reference<'a>(&'a [u8]);
        impl PeTrait for Reference<'_> {
            fn data(&self) -> &[u8] {
                self.0
            }
            fn num_sections(&self) -> usize {
                0
            }
            fn section_data_range(
                &self,
                _: usize,
            ) -> Result<std::ops::Range<usize>, authenticode::PeOffsetError> {
                unreachable!("there are no sections")
            }
            fn certificate_table_range(
                &self,
            ) -> Result<Option<std::ops::Range<usize>>, authenticode::PeOffsetError> {
                Ok(None)
            }
            fn offsets(&self) -> Result<PeOffsets, authenticode::PeOffsetError> {
                Ok(PeOffsets {
                    check_sum: 0x98,
                    after_check_sum: 0x9C,
                    security_data_dir: 0xE8,
                    after_security_data_dir: 0xF0,
                    after_header: 0x200,
                })
            }
        }
        let bytes = image(0x8664, b"01234567");
        let mut reference = <sha2::Sha256 as sha2::Digest>::new();
        authenticode::authenticode_digest(&Reference(&bytes), &mut reference).unwrap();
        assert_eq!(digest(&bytes), sha2::Digest::finalize(reference).to_vec());
    }

    #[test]
    fn the_checksum_is_that_of_the_published_algorithm() {
        let mut bytes = image(0x8664, b"abc");
        bytes[0x98..0x9C].copy_from_slice(&[9, 9, 9, 9]);
        let mut sum = 0u32;
        for (at, pair) in bytes.chunks(2).enumerate() {
            if (0x98..0x9C).contains(&(at * 2)) {
                continue;
            }
            sum += u32::from(pair[0]) + u32::from(*pair.get(1).unwrap_or(&0)) * 256;
            sum = (sum & 0xFFFF) + (sum >> 16);
        }
        assert_eq!(Image::parse(&bytes).unwrap().checksum(), sum + bytes.len() as u32);
    }
}
