//! Certificates: reading one, and what its key and its issuer have signed.

mod chain;
mod fitness;

use anyhow::{Context as _, Result, ensure};
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{
    ID_SHA_256, ID_SHA_384, ID_SHA_512, SHA_256_WITH_RSA_ENCRYPTION, SHA_384_WITH_RSA_ENCRYPTION,
    SHA_512_WITH_RSA_ENCRYPTION,
};
use der::{Decode as _, DecodePem as _, Encode as _};
use x509_cert::ext::pkix::BasicConstraints;

use crate::canonical;
use crate::digest::{Algorithm, hex};

#[cfg(test)]
pub(crate) use chain::samples;
pub(crate) use chain::{Purpose, leads_to};

/// How the usages begin by which Microsoft marks drivers that it has verified.
const HARDWARE_VERIFICATION: &str = "1.3.6.1.4.1.311.10.3.5";

/// A certificate, readable and in canonical DER, not yet judged.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    pub(crate) der: Vec<u8>,
    pub(crate) parsed: x509_cert::Certificate,
}

impl Certificate {
    /// Reads DER.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self> {
        canonical::check(der)?;
        let parsed = x509_cert::Certificate::from_der(der).context("this is not an X.509 certificate")?;
        ensure!(parsed.to_der()? == der, "the certificate's encoding is not canonical");
        Ok(Self { der: der.to_vec(), parsed })
    }

    /// Reads PEM.
    pub(crate) fn from_pem(pem: &[u8]) -> Result<Self> {
        let parsed =
            x509_cert::Certificate::from_pem(pem).context("this is not a certificate in PEM form")?;
        Self::from_der(&parsed.to_der()?)
    }

    /// Reads all certificates of a PEM file.
    pub(crate) fn all_from_pem(pem: &[u8]) -> Result<Vec<Self>> {
        let parsed =
            x509_cert::Certificate::load_pem_chain(pem).context("this is not a certificate in PEM form")?;
        parsed.iter().map(|parsed| Self::from_der(&parsed.to_der()?)).collect()
    }

    /// The subject's name.
    pub(crate) fn subject(&self) -> String {
        self.parsed.tbs_certificate.subject.to_string()
    }

    /// The thumbprint as Windows shows it.
    pub(crate) fn sha1(&self) -> String {
        hex(&Algorithm::Sha1.of(&self.der))
    }

    pub(crate) fn sha256(&self) -> String {
        hex(&Algorithm::Sha256.of(&self.der))
    }

    /// The public key, an `RSAPublicKey` in DER.
    pub(crate) fn public_key(&self) -> &[u8] {
        self.parsed.tbs_certificate.subject_public_key_info.subject_public_key.raw_bytes()
    }

    /// Whether `signature` (PKCS #1 v1.5, SHA-256) is this certificate's over `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifies_with(ID_SHA_256, message, signature)
    }

    /// Whether `signature` (PKCS #1 v1.5) is this certificate's over `message`, hashed by the function called `digest`.
    pub(crate) fn verifies_with(&self, digest: ObjectIdentifier, message: &[u8], signature: &[u8]) -> bool {
        let parameters = match digest {
            ID_SHA_256 => &RSA_PKCS1_2048_8192_SHA256,
            ID_SHA_384 => &RSA_PKCS1_2048_8192_SHA384,
            ID_SHA_512 => &RSA_PKCS1_2048_8192_SHA512,
            _ => return false,
        };
        UnparsedPublicKey::new(parameters, self.public_key()).verify(message, signature).is_ok()
    }

    /// Whether `issuer`, an authority's certificate, has signed this one.
    fn is_signed_by(&self, issuer: &Self) -> bool {
        let Some(digest) = digest_of(self.parsed.signature_algorithm.oid) else { return false };
        let Ok(fields) = self.parsed.tbs_certificate.to_der() else { return false };
        issuer.verifies_with(digest, &fields, self.parsed.signature.raw_bytes())
    }

    /// Whether `issuer` is the authority that issued it.
    pub(crate) fn is_issued_by(&self, issuer: &Self) -> bool {
        issuer.parsed.tbs_certificate.subject == self.parsed.tbs_certificate.issuer
            && issuer.der != self.der
            && issuer.is_authority()
            && self.is_signed_by(issuer)
    }

    /// Whether it is that of an authority, which issues others.
    fn is_authority(&self) -> bool {
        let basic = self.parsed.tbs_certificate.get::<BasicConstraints>().ok().flatten();
        basic.is_some_and(|(_, basic)| basic.ca)
    }
}

/// The digest in a signature of the kind `kind`, RSA with one of those that count.
fn digest_of(kind: ObjectIdentifier) -> Option<ObjectIdentifier> {
    match kind {
        SHA_256_WITH_RSA_ENCRYPTION => Some(ID_SHA_256),
        SHA_384_WITH_RSA_ENCRYPTION => Some(ID_SHA_384),
        SHA_512_WITH_RSA_ENCRYPTION => Some(ID_SHA_512),
        _ => None,
    }
}
