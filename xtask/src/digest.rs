//! The two hash functions that catalogs and signatures use.

use aws_lc_rs::digest;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{ID_SHA_256, ID_SHA_384, ID_SHA_512};

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// In catalogs only, where Windows still looks files up by it. Nothing is trusted because of it.
    Sha1,
    Sha256,
}

impl Algorithm {
    /// The hash of `parts`, one after the other.
    pub(crate) fn of_parts<'a>(self, parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut context = digest::Context::new(match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
        });
        for part in parts {
            context.update(part);
        }
        context.finish().as_ref().to_vec()
    }

    /// The hash of `bytes`.
    pub(crate) fn of(self, bytes: &[u8]) -> Vec<u8> {
        self.of_parts([bytes])
    }
}

/// The hash of `bytes` by the function called `oid`, if it is one that signatures of today use.
pub(crate) fn hash_by_name(oid: ObjectIdentifier, bytes: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match oid {
        ID_SHA_256 => &digest::SHA256,
        ID_SHA_384 => &digest::SHA384,
        ID_SHA_512 => &digest::SHA512,
        _ => return None,
    };
    Some(digest::digest(algorithm, bytes).as_ref().to_vec())
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_vectors() {
        assert_eq!(hex(&Algorithm::Sha1.of(b"abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex(&Algorithm::Sha256.of_parts([&b"a"[..], b"bc"])), sha256);
    }
}
