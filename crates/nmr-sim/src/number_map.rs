//! Maps whose keys are numbers that nobody outside chooses in order to make them collide.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map from numbers.
pub(crate) type NumberMap<K, V> = HashMap<K, V, BuildHasherDefault<NumberHasher>>;

/// Spreads consecutive numbers over all bits (Fibonacci hashing).
#[derive(Default)]
pub(crate) struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_u128(&mut self, number: u128) {
        self.write_u64(number as u64);
        self.write_u64((number >> 64) as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::NumberHasher;
    use std::collections::BTreeSet;
    use std::hash::{BuildHasher, BuildHasherDefault};

    #[test]
    fn neighbours_and_identifiers_that_differ_anywhere_are_spread() {
        let hash = |number: u128| BuildHasherDefault::<NumberHasher>::default().hash_one(number);
        // The map takes the group from the low bits and the tag from the highest seven.
        for shift in [0, 32, 64, 96] {
            let spread: BTreeSet<u64> = (0..128).map(|number| hash(number << shift) >> 57).collect();
            assert!(spread.len() > 64, "{shift}: {}", spread.len());
        }
    }
}
