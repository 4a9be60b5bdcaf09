//! Keys and certificates in one file protected by a password (PKCS #12, `.pfx`, `.p12`).

use anyhow::{Context as _, Result, anyhow, bail};
use p12_keystore::{Pkcs12Archive, error::Error};

use super::key::Key;
use crate::certificate::Certificate;

/// Whether `bytes` begin like a PKCS #12 file: a SEQUENCE whose first element is the number 3.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
    let start = bytes.get(..16).unwrap_or(bytes);
    start.first() == Some(&0x30) && start.windows(3).any(|window| window == [0x02, 0x01, 0x03])
}

/// The one key in the file `bytes`, its certificate, and the other certificates beside it.
pub(super) fn read(bytes: &[u8], password: &str) -> Result<(Key, Certificate, Vec<Certificate>), Unreadable> {
    let archive = Pkcs12Archive::from_pkcs12(bytes, password).map_err(|error| match error {
        // Some writers protect the contents but give no checksum; then the padding is what is wrong.
        Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) => Unreadable::Password,
        other => Unreadable::Other(anyhow!("the PKCS #12 file cannot be read: {other}")),
    })?;
    contents(&archive).map_err(Unreadable::Other)
}

/// Why a PKCS #12 file could not be read.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// The password is not that of the file.
    Password,
    Other(anyhow::Error),
}

fn contents(archive: &Pkcs12Archive) -> Result<(Key, Certificate, Vec<Certificate>)> {
    let [bag] = archive.keys.as_slice() else {
        bail!("the PKCS #12 file holds {} private keys, expected one", archive.keys.len());
    };
    let key = Key::from_pkcs8(bag.key.as_der())?;
    let certificates = archive
        .certs
        .iter()
        .map(|bag| Certificate::from_der(bag.cert.as_der()))
        .collect::<Result<Vec<_>>>()
        .context("a certificate in the PKCS #12 file cannot be used")?;
    let belongs = |certificate: &Certificate| key.public() == Some(certificate.public_key());
    let (mut own, others): (Vec<_>, Vec<_>) = certificates.into_iter().partition(belongs);
    own.dedup_by(|left, right| left.der == right.der);
    match (own.pop(), own.is_empty()) {
        (Some(certificate), true) => Ok((key, certificate, others)),
        (None, _) => bail!("the PKCS #12 file holds no certificate that belongs to its key"),
        (Some(_), false) => bail!(
            "the PKCS #12 file holds several certificates for its key: export the one to sign with alone"
        ),
    }
}
