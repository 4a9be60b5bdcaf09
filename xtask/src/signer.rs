//! The signer: an RSA key and its certificate, loaded from two PEM files that belong to one user alone.

mod generate;
mod permissions;
mod store;

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context as _, Result, anyhow};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use der::SecretDocument;

use crate::certificate::Certificate;
use crate::exit;

pub(crate) use store::{Location, ready};

/// An RSA key and its certificate.
pub(crate) struct Signer {
    key: KeyPair,
    pub(crate) certificate: Certificate,
}

/// The key is never shown.
impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Signer")
            .field("certificate", &self.certificate.subject())
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// Loads the key at `key` and the certificate at `certificate`, and refuses what Windows or prudence would.
    pub(crate) fn load(key: &Path, certificate: &Path) -> Result<Self> {
        permissions::check_private(key)?;
        let key_pem = fs::read(key).with_context(|| format!("{} cannot be read", key.display()))?;
        let certificate_pem = fs::read(certificate)
            .map_err(|error| exit::missing(format!("{} cannot be read: {error}", certificate.display())))?;
        Self::from_pem(&key_pem, &certificate_pem, SystemTime::now())
            .with_context(|| format!("cannot sign with {} and {}", key.display(), certificate.display()))
    }

    fn from_pem(key_pem: &[u8], certificate_pem: &[u8], now: SystemTime) -> Result<Self> {
        let text = str::from_utf8(key_pem).map_err(|_| anyhow!("the key is not in PEM form"))?;
        let (label, document) =
            SecretDocument::from_pem(text).map_err(|_| anyhow!("the key is not in PEM form"))?;
        if label != "PRIVATE KEY" {
            return Err(anyhow!("the key is a {label:?}, expected an unencrypted PKCS #8 \"PRIVATE KEY\""));
        }
        let key = KeyPair::from_pkcs8(document.as_bytes())
            .map_err(|error| anyhow!("the key is not usable: {error}"))?;
        let certificate = Certificate::from_pem(certificate_pem)?;
        if key.public_key().as_ref() != certificate.public_key() {
            return Err(anyhow!("the key does not belong to the certificate {}", certificate.subject()));
        }
        let faults = certificate.faults(now);
        if !faults.is_empty() {
            return Err(anyhow!(
                "the certificate {} is not fit: {}",
                certificate.subject(),
                faults.join("; ")
            ));
        }
        Ok(Self { key, certificate })
    }

    /// PKCS #1 v1.5 over the SHA-256 of `message`: the same bytes every time.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| anyhow!("the RSA key refused to sign"))?;
        Ok(signature)
    }
}

#[cfg(test)]
pub(crate) mod samples {
    //! Signers for tests, made once a run.

    use std::sync::LazyLock;

    use super::*;

    fn make() -> (Vec<u8>, Vec<u8>) {
        let made = generate::test_signer(SystemTime::now(), |_| {}).unwrap();
        (made.key_pem.into_bytes(), made.certificate_pem.into_bytes())
    }

    static FIRST: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(make);
    static SECOND: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(make);

    fn load((key, certificate): &(Vec<u8>, Vec<u8>)) -> Signer {
        Signer::from_pem(key, certificate, SystemTime::now()).unwrap()
    }

    /// A signer.
    pub(crate) fn signer() -> &'static Signer {
        static SIGNER: LazyLock<Signer> = LazyLock::new(|| load(&FIRST));
        &SIGNER
    }

    /// Another signer.
    pub(crate) fn other_signer() -> &'static Signer {
        static SIGNER: LazyLock<Signer> = LazyLock::new(|| load(&SECOND));
        &SIGNER
    }

    /// The two files of [`signer`].
    pub(crate) fn pem() -> (&'static [u8], &'static [u8]) {
        (&FIRST.0, &FIRST.1)
    }

    /// The two files of [`other_signer`].
    pub(crate) fn other_pem() -> (&'static [u8], &'static [u8]) {
        (&SECOND.0, &SECOND.1)
    }

    /// A certificate that `change` made different from ours.
    pub(crate) fn certificate(change: impl Fn(&mut rcgen::CertificateParams)) -> Certificate {
        let made = generate::test_signer(SystemTime::now(), change).unwrap();
        Certificate::from_pem(made.certificate_pem.as_bytes()).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(key: &[u8], certificate: &[u8]) -> String {
        format!("{:#}", Signer::from_pem(key, certificate, SystemTime::now()).unwrap_err())
    }

    #[test]
    fn key_and_certificate_must_belong_together() {
        let ((key, _), (_, certificate)) = (samples::pem(), samples::other_pem());
        assert!(refusal(key, certificate).contains("does not belong to the certificate CN="));
    }

    #[test]
    fn what_is_no_key_or_certificate_is_told() {
        let (key, certificate) = samples::pem();
        assert!(refusal(b"", certificate).contains("key is not in PEM form"));
        assert!(refusal(certificate, certificate).contains("expected an unencrypted PKCS #8"));
        assert!(refusal(key, key).contains("not a certificate"));
    }

    #[test]
    fn an_expired_certificate_is_refused() {
        let (key, certificate) = samples::pem();
        let later = SystemTime::now() + std::time::Duration::from_secs(30 * 366 * 24 * 3600);
        let error = Signer::from_pem(key, certificate, later).unwrap_err().to_string();
        assert!(error.contains("expired on"), "{error}");
    }

    #[test]
    fn nothing_shows_the_key() {
        let shown = format!("{:?}", samples::signer());
        assert!(!shown.contains("key:") && shown.contains("CN="), "{shown}");
    }
}
