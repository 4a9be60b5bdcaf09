//! Hashes of 128 bits, so that two states are not taken for one by chance.

use std::hash::Hasher;

/// Two halves that are mixed in different ways. The same value has the same fingerprint in every process.
#[derive(Clone, Copy)]
pub(crate) struct Fingerprint {
    low: u64,
    high: u64,
}

impl Default for Fingerprint {
    fn default() -> Self {
        Self { low: 0x9e37_79b9_7f4a_7c15, high: 0xc2b2_ae3d_27d4_eb4f }
    }
}

impl Fingerprint {
    pub(crate) fn value(&self) -> u128 {
        u128::from(mix(self.high ^ self.low.rotate_left(32))) << 64 | u128::from(mix(self.low))
    }
}

/// The finaliser of SplitMix64, which lets each bit decide over all.
const fn mix(mut word: u64) -> u64 {
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

impl Hasher for Fingerprint {
    fn finish(&self) -> u64 {
        self.low
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word) ^ (chunk.len() as u64) << 56);
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(byte.into());
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_u64(&mut self, word: u64) {
        self.low = mix(self.low.wrapping_add(word));
        self.high = (self.high ^ word).wrapping_mul(0x1000_0000_01b3).rotate_left(29);
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::Fingerprint;
    use std::collections::HashSet;
    use std::hash::Hash;

    fn of(value: impl Hash) -> u128 {
        let mut fingerprint = Fingerprint::default();
        value.hash(&mut fingerprint);
        fingerprint.value()
    }

    #[test]
    fn what_differs_has_another_fingerprint_in_both_halves() {
        let mut low = HashSet::new();
        let mut high = HashSet::new();
        // Miri has nothing to find in many values that it has not found in few.
        let each: u8 = if cfg!(miri) { 10 } else { 200 };
        for a in 0..each {
            for b in 0..u32::from(each) {
                let value = of((a, Some(b), "text"));
                assert!(low.insert(value as u64) && high.insert((value >> 64) as u64), "{a} {b}");
            }
        }
        assert_ne!(of([1, 2]), of([2, 1]));
        assert_eq!(of("the same"), of("the same"));
    }
}
