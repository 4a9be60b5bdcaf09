//! The signer: an RSA key, wherever it is, its certificate, and those between it and a root.

mod authority;
mod external;
mod generate;
mod key;
mod password;
mod permissions;
mod pkcs12;
mod source;
mod store;
#[cfg(feature = "pkcs11")]
mod token;

use std::time::SystemTime;

use anyhow::{Context as _, Result, anyhow, bail};
use der::SecretDocument;

use crate::certificate::Certificate;

pub(crate) use source::{Location, ready};

use self::authority::Authority;
use self::key::Key;

/// An RSA key and its certificate.
pub(crate) struct Signer {
    key: Key,
    pub(crate) certificate: Certificate,
    /// Certificates that lead from the signer's to a root.
    pub(crate) chain: Vec<Certificate>,
    authority: Option<Authority>,
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
    /// Brings key and certificate together, and refuses what Windows or prudence would. A key that is elsewhere is asked
    /// for one signature first.
    fn new(key: Key, certificate: Certificate, chain: Vec<Certificate>, now: SystemTime) -> Result<Self> {
        let (belongs, otherwise) = match key.public() {
            Some(public) => (public == certificate.public_key(), String::new()),
            None => {
                let message = b"nmr-drivers: does this key belong to the certificate?";
                let signature = key.sign(message)?;
                let otherwise = format!(
                    "; or the {} bytes that came back are not a signature (RSA, PKCS #1 v1.5, SHA-256) and nothing else",
                    signature.len()
                );
                (certificate.verifies(message, &signature), otherwise)
            }
        };
        let subject = certificate.subject();
        if !belongs {
            bail!(
                "the key does not belong to the certificate {subject}: name the one that was issued for it{otherwise}"
            );
        }
        let faults = certificate.faults(now);
        if !faults.is_empty() {
            bail!(
                "the certificate {subject} is not fit: {}. Have one issued for code signing (RSA of 2048 bits or more, SHA-256, \
                 digital signature), or name neither key nor certificate: a pair for tests is made then",
                faults.join("; ")
            );
        }
        let mut chain = chain;
        chain.retain(|other| other.der != certificate.der);
        Ok(Self { key, certificate, chain, authority: None })
    }

    /// A key and certificates in PEM; the first certificate is the signer's.
    fn from_pem(key_pem: &[u8], certificate_pem: &[u8], now: SystemTime) -> Result<Self> {
        let key = key_from_pem(key_pem)?;
        let (certificate, chain) = certificates_from_pem(certificate_pem)?;
        Self::new(key, certificate, chain, now)
    }

    /// PKCS #1 v1.5 over the SHA-256 of `message`: the same bytes every time.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let signature = self.key.sign(message)?;
        // Of a key that is elsewhere anything may come back.
        if !self.certificate.verifies(message, &signature) {
            bail!(
                "what came back is no signature of {} (RSA, PKCS #1 v1.5, SHA-256)",
                self.certificate.subject()
            );
        }
        Ok(signature)
    }

    /// A timestamp of `signature`, where one was asked for; a token in DER.
    pub(crate) fn timestamp(&self, signature: &[u8]) -> Result<Option<Vec<u8>>> {
        self.authority.as_ref().map(|authority| authority.timestamp(signature)).transpose()
    }
}

fn key_from_pem(pem: &[u8]) -> Result<Key> {
    let text = str::from_utf8(pem).map_err(|_| anyhow!("the key is neither PEM nor PKCS #12"))?;
    let (label, document) =
        SecretDocument::from_pem(text).map_err(|_| anyhow!("the key is neither PEM nor PKCS #12"))?;
    match label {
        "PRIVATE KEY" => Key::from_pkcs8(document.as_bytes()),
        "ENCRYPTED PRIVATE KEY" => bail!(
            "the key is encrypted PEM: put key and certificate into one PKCS #12 file, which may have a password \
             (openssl pkcs12 -export -inkey KEY -in CERTIFICATE -out key.pfx)"
        ),
        "RSA PRIVATE KEY" => bail!(
            "the key is PKCS #1: turn it into PKCS #8 (openssl pkcs8 -topk8 -nocrypt -in KEY -out key.pem)"
        ),
        _ => bail!("the key is a {label:?}, expected a \"PRIVATE KEY\" (PKCS #8)"),
    }
}

/// The signer's certificate and those that follow it.
fn certificates_from_pem(pem: &[u8]) -> Result<(Certificate, Vec<Certificate>)> {
    let mut all = Certificate::all_from_pem(pem)?.into_iter();
    let first = all.next().context("there is no certificate in it")?;
    Ok((first, all.collect()))
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

    /// A signer with these files, whose signatures get timestamps by `clock`.
    pub(crate) fn with_timestamps(
        key: &[u8],
        certificates: &[u8],
        clock: Option<&crate::certificate::samples::Issued>,
    ) -> Signer {
        let mut signer = Signer::from_pem(key, certificates, SystemTime::now()).unwrap();
        signer.authority = clock.map(Authority::local);
        signer
    }

    /// The two files of a signer whose certificate `change` made different from ours.
    pub(crate) fn changed_pem(change: impl Fn(&mut rcgen::CertificateParams)) -> (Vec<u8>, Vec<u8>) {
        let made = generate::test_signer(SystemTime::now(), change).unwrap();
        (made.key_pem.into_bytes(), made.certificate_pem.into_bytes())
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
        let refusal = refusal(key, certificate);
        assert!(refusal.contains("does not belong to the certificate CN="), "{refusal}");
        assert!(refusal.ends_with("name the one that was issued for it"), "{refusal}");
    }

    #[test]
    fn what_is_no_key_or_certificate_is_told() {
        let (key, certificate) = samples::pem();
        assert!(refusal(b"", certificate).contains("neither PEM nor PKCS #12"));
        assert!(refusal(certificate, certificate).contains("expected a \"PRIVATE KEY\""));
        assert!(refusal(key, key).contains("not a certificate"));
    }

    #[test]
    fn an_expired_certificate_is_refused() {
        let (key, certificate) = samples::pem();
        let later = SystemTime::now() + std::time::Duration::from_secs(30 * 366 * 24 * 3600);
        let error = Signer::from_pem(key, certificate, later).unwrap_err().to_string();
        assert!(
            error.contains("expired on") && error.contains("Have one issued for code signing"),
            "{error}"
        );
    }

    #[test]
    fn nothing_shows_the_key() {
        let shown = format!("{:?}", samples::signer());
        assert!(!shown.contains("key:") && shown.contains("CN="), "{shown}");
    }
}
