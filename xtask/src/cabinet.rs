//! Cabinets, as far as catalogs know them: by a digest of their own kind.

use crate::digest::Algorithm;

/// The header up to the field for what comes before the folders.
const HEADER: usize = 36;
/// The reserved field behind the signature, which no digest covers.
const RESERVED: std::ops::Range<usize> = 4..8;
/// Where the flags stand, and the one for a reserved area: signatures lie in one.
const FLAGS: usize = 30;
const HAS_RESERVED_AREA: u8 = 4;

/// Whether `bytes` claim to be a cabinet, whatever the file is called.
pub(crate) fn claims_to_be_cabinet(bytes: &[u8]) -> bool {
    bytes.starts_with(b"MSCF")
}

/// The digest by which a catalog knows the cabinet `bytes`: that of everything but the reserved field. Nothing for one that
/// has room for a signature, which is left out in a way that is not known here, and for one that hides something in the
/// field.
pub(crate) fn digest(bytes: &[u8], algorithm: Algorithm) -> Option<Vec<u8>> {
    let is_plain = claims_to_be_cabinet(bytes)
        && bytes.len() >= HEADER
        && bytes[RESERVED].iter().all(|byte| *byte == 0)
        && bytes[FLAGS] & HAS_RESERVED_AREA == 0;
    is_plain.then(|| algorithm.of_parts([&bytes[..RESERVED.start], &bytes[RESERVED.end..]]))
}

#[cfg(test)]
pub(crate) mod samples {
    //! Cabinets for tests.

    use std::io::{Cursor, Write as _};

    /// A cabinet with one file.
    pub(crate) fn cabinet(content: &[u8]) -> Vec<u8> {
        let mut builder = cab::CabinetBuilder::new();
        builder.add_folder(cab::CompressionType::MsZip).add_file("a.txt");
        let mut writer = builder.build(Cursor::new(Vec::new())).unwrap();
        while let Some(mut file) = writer.next_file().unwrap() {
            file.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_counts_but_the_reserved_field() {
        let bytes = samples::cabinet(b"text");
        let known = digest(&bytes, Algorithm::Sha256).unwrap();
        for at in (0..bytes.len()).filter(|at| !RESERVED.contains(at)) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_ne!(digest(&changed, Algorithm::Sha256), Some(known.clone()), "{at}");
        }
        assert_eq!(known, Algorithm::Sha256.of(&[b"MSCF", &bytes[8..]].concat()));
    }

    #[test]
    fn what_may_be_signed_or_hides_something_has_none() {
        let bytes = samples::cabinet(b"text");
        for (at, value) in [(4, 1), (7, 1), (FLAGS, HAS_RESERVED_AREA), (0, b'X')] {
            let mut changed = bytes.clone();
            changed[at] = value;
            assert_eq!(digest(&changed, Algorithm::Sha256), None, "{at}");
        }
        assert_eq!(digest(b"MSCF", Algorithm::Sha256), None);
    }
}
