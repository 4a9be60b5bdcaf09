//! What a catalog, or a signature in an image, of any maker vouches for.

use std::collections::BTreeSet;

use const_oid::db::rfc5912::ID_SHA_256;

use crate::cabinet;
use crate::catalog;
use crate::digest::{Algorithm, hex};
use crate::pe::{Image, PeFault, claims_to_be_pe};
use crate::signature::general::{self, Form};
use crate::signature::{CERTIFICATE_TRUST_LIST, SPC_INDIRECT_DATA, image_digest};

/// The digests that the catalog `der` vouches for, in hexadecimal digits: SHA-1 has 40, SHA-256 has 64.
pub(super) fn digests(der: &[u8]) -> Result<BTreeSet<String>, String> {
    let (kind, list) = general::content(der, Form::Signature)?;
    if kind != CERTIFICATE_TRUST_LIST {
        return Err(format!("what is signed is of the kind {kind}, not a list of files"));
    }
    let list = catalog::read(&list).map_err(|error| format!("{error:#}"))?;
    Ok(list.members.iter().map(catalog::Member::digest).collect())
}

/// How a catalog knows a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Sha256,
    Sha1Alone,
    No,
    /// It is a cabinet that may be signed: by which digest a catalog would know it is not known.
    Unjudged,
}

impl Known {
    /// How `digests` know the file `bytes`: an image by the digest that signing does not change, a cabinet by its own.
    pub(super) fn by(bytes: &[u8], digests: &BTreeSet<String>) -> Result<Self, PeFault> {
        let has = |algorithm: Algorithm| {
            let digest = if claims_to_be_pe(bytes) {
                Image::parse(bytes)?.digest(algorithm)
            } else {
                cabinet::digest(bytes, algorithm).unwrap_or_else(|| algorithm.of(bytes))
            };
            Ok(digests.contains(&hex(&digest)))
        };
        let is_unknown_cabinet =
            || cabinet::claims_to_be_cabinet(bytes) && cabinet::digest(bytes, Algorithm::Sha256).is_none();
        Ok(match (has(Algorithm::Sha256)?, has(Algorithm::Sha1)?) {
            (true, _) => Self::Sha256,
            (false, true) => Self::Sha1Alone,
            (false, false) if is_unknown_cabinet() => Self::Unjudged,
            (false, false) => Self::No,
        })
    }
}

/// Checks that the signature `der` is one over `image`: the digest that it carries is that of the image.
pub(super) fn check_embedded(der: &[u8], image: &Image<'_>) -> Result<(), String> {
    let (kind, content) = general::content(der, Form::Signature)?;
    if kind != SPC_INDIRECT_DATA {
        return Err(format!("what is signed is of the kind {kind}, not the digest of an image"));
    }
    let (algorithm, carried) = image_digest(&content).map_err(|error| format!("{error:#}"))?;
    if algorithm != ID_SHA_256 {
        return Err(format!("it carries a digest of the kind {algorithm}, expected SHA-256"));
    }
    let expected = image.digest(Algorithm::Sha256);
    if carried == expected {
        return Ok(());
    }
    Err(format!(
        "it was made for other content: it has the digest {}, the image's is {}",
        hex(&carried),
        hex(&expected)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cabinet::samples::cabinet;

    #[test]
    fn a_cabinet_is_known_by_its_own_digest() {
        let bytes = cabinet(b"text");
        let digests = |known: Vec<u8>| BTreeSet::from([hex(&known)]);
        let own = digests(cabinet::digest(&bytes, Algorithm::Sha256).unwrap());
        assert_eq!(Known::by(&bytes, &own), Ok(Known::Sha256));
        assert_eq!(Known::by(&bytes, &digests(Algorithm::Sha256.of(&bytes))), Ok(Known::No), "by no other");
        let mut changed = bytes.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(Known::by(&changed, &own), Ok(Known::No));
        let mut reserved = bytes;
        reserved[4] = 1;
        assert_eq!(Known::by(&reserved, &own), Ok(Known::Unjudged));
    }
}
