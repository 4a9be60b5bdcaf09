//! Certificates: reading one, and whether it is fit to sign drivers.

mod chain;

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail, ensure};
use aws_lc_rs::signature::{
    RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ID_CE_KEY_USAGE, ID_KP_CODE_SIGNING, ID_KP_TIME_STAMPING};
use const_oid::db::rfc5912::{
    ID_CE_BASIC_CONSTRAINTS, ID_CE_EXT_KEY_USAGE, ID_SHA_256, ID_SHA_384, ID_SHA_512, RSA_ENCRYPTION,
    SHA_1_WITH_RSA_ENCRYPTION, SHA_256_WITH_RSA_ENCRYPTION, SHA_384_WITH_RSA_ENCRYPTION,
    SHA_512_WITH_RSA_ENCRYPTION,
};
use der::{Decode as _, DecodePem as _, Encode as _};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages};

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
        let digest = match self.parsed.signature_algorithm.oid {
            SHA_256_WITH_RSA_ENCRYPTION => ID_SHA_256,
            SHA_384_WITH_RSA_ENCRYPTION => ID_SHA_384,
            SHA_512_WITH_RSA_ENCRYPTION => ID_SHA_512,
            _ => return false,
        };
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

    /// Everything that makes the certificate unfit to say what the time was at the time `at`.
    pub(crate) fn timestamp_faults(&self, at: SystemTime) -> Vec<String> {
        let usage = || {
            let usages = self.parsed.tbs_certificate.get::<ExtendedKeyUsage>().ok().flatten();
            let fit = usages.is_some_and(|(_, usages)| usages.0 == [ID_KP_TIME_STAMPING]);
            ensure!(fit, "its extended key usage ({ID_CE_EXT_KEY_USAGE}) is not timestamping alone");
            Ok(())
        };
        [self.key_fault(), self.validity_fault(at), usage(), self.self_signature_fault()]
            .into_iter()
            .filter_map(|fault| fault.err().map(|error| error.to_string()))
            .collect()
    }

    /// Everything that makes the certificate unfit to sign drivers at the time `now`; empty when it is fit.
    pub(crate) fn faults(&self, now: SystemTime) -> Vec<String> {
        [self.key_fault(), self.validity_fault(now), self.usage_fault(), self.self_signature_fault()]
            .into_iter()
            .filter_map(|fault| fault.err().map(|error| error.to_string()))
            .collect()
    }

    /// Everything that makes the certificate unfit to vouch for drivers of any maker at the time `at`; empty when it is
    /// fit. Microsoft's own have usages of their own, and some have no key usage. Of a certificate that vouches for itself
    /// Windows asks neither the key usage nor the digest of its own signature: those that Visual Studio makes for tests say
    /// key encipherment, and SHA-1.
    pub(crate) fn foreign_faults(&self, at: SystemTime) -> Vec<String> {
        let usage = || {
            let fields = &self.parsed.tbs_certificate;
            let usages = fields.get::<ExtendedKeyUsage>().ok().flatten().map(|(_, usages)| usages.0);
            let fit = usages.is_some_and(|usages| {
                usages.iter().any(|usage| {
                    *usage == ID_KP_CODE_SIGNING || usage.to_string().starts_with(HARDWARE_VERIFICATION)
                })
            });
            ensure!(
                fit,
                "its extended key usage ({ID_CE_EXT_KEY_USAGE}) includes no signing of code or drivers"
            );
            let usage = fields.get::<KeyUsage>().ok().flatten().map(|(_, usage)| usage);
            let forbidden = !self.is_self_issued()
                && usage.is_some_and(|usage| !usage.0.contains(KeyUsages::DigitalSignature));
            ensure!(!forbidden, "its key usage ({ID_CE_KEY_USAGE}) does not include digital signatures");
            Ok(())
        };
        let own = || {
            let known = [SHA_1_WITH_RSA_ENCRYPTION, SHA_256_WITH_RSA_ENCRYPTION];
            self.self_signature_fault_among(&known)
        };
        [self.key_fault(), self.validity_fault(at), usage(), own()]
            .into_iter()
            .filter_map(|fault| fault.err().map(|error| error.to_string()))
            .collect()
    }

    fn is_self_issued(&self) -> bool {
        let fields = &self.parsed.tbs_certificate;
        fields.issuer == fields.subject
    }

    fn key_fault(&self) -> Result<()> {
        let info = &self.parsed.tbs_certificate.subject_public_key_info;
        ensure!(
            info.algorithm.oid == RSA_ENCRYPTION,
            "its key is not RSA, the only kind Windows takes for drivers everywhere"
        );
        let modulus = der::asn1::SequenceRef::from_der(self.public_key())
            .ok()
            .and_then(|_| modulus_bits(self.public_key()));
        match modulus {
            Some(bits) if bits >= 2048 => Ok(()),
            Some(bits) => bail!("its RSA key has {bits} bits, at least 2048 are needed"),
            None => bail!("its RSA key cannot be read"),
        }
    }

    fn validity_fault(&self, now: SystemTime) -> Result<()> {
        let validity = &self.parsed.tbs_certificate.validity;
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        ensure!(
            now >= validity.not_before.to_unix_duration(),
            "it is not valid before {}",
            validity.not_before
        );
        ensure!(now <= validity.not_after.to_unix_duration(), "it expired on {}", validity.not_after);
        Ok(())
    }

    fn usage_fault(&self) -> Result<()> {
        let fields = &self.parsed.tbs_certificate;
        let (_, usages) =
            fields.get::<ExtendedKeyUsage>().ok().flatten().unwrap_or((false, ExtendedKeyUsage(vec![])));
        if !usages.0.contains(&ID_KP_CODE_SIGNING) {
            bail!("its extended key usage ({ID_CE_EXT_KEY_USAGE}) does not include code signing");
        }
        let usage = fields.get::<KeyUsage>().ok().flatten().map(|(_, usage)| usage);
        if !usage.is_some_and(|usage| usage.0.contains(KeyUsages::DigitalSignature)) {
            bail!("its key usage ({ID_CE_KEY_USAGE}) does not include digital signatures");
        }
        let basic = fields.get::<BasicConstraints>().ok().flatten().map(|(_, basic)| basic);
        if basic.is_some_and(|basic| basic.ca) {
            bail!(
                "it is a certificate authority's ({ID_CE_BASIC_CONSTRAINTS}); sign with an end certificate"
            );
        }
        Ok(())
    }

    /// A certificate that names itself as issuer must carry its own signature.
    fn self_signature_fault(&self) -> Result<()> {
        self.self_signature_fault_among(&[SHA_256_WITH_RSA_ENCRYPTION])
    }

    /// The same, where its signature may be of one of the kinds `known`.
    fn self_signature_fault_among(&self, known: &[ObjectIdentifier]) -> Result<()> {
        if !self.is_self_issued() {
            return Ok(());
        }
        let kind = self.parsed.signature_algorithm.oid;
        ensure!(known.contains(&kind), "it is not signed with RSA and SHA-256");
        let message = self.parsed.tbs_certificate.to_der()?;
        let signature = self.parsed.signature.raw_bytes();
        let matches = if kind == SHA_1_WITH_RSA_ENCRYPTION {
            let parameters = &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY;
            UnparsedPublicKey::new(parameters, self.public_key()).verify(&message, signature).is_ok()
        } else {
            self.verifies(&message, signature)
        };
        ensure!(matches, "its own signature does not match its key");
        Ok(())
    }
}

/// The length of the modulus, the first field of an `RSAPublicKey`.
fn modulus_bits(public_key: &[u8]) -> Option<usize> {
    let modulus = canonical::children(public_key).next().filter(|element| element[0] == 0x02)?;
    let digits = canonical::contents(modulus);
    let digits = digits.strip_prefix(&[0]).unwrap_or(digits);
    Some(digits.len() * 8 - digits.first()?.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signer::samples;

    fn faults(certificate: &Certificate) -> String {
        certificate.faults(SystemTime::now()).join("; ")
    }

    #[test]
    fn our_own_certificate_is_fit() {
        assert_eq!(faults(&samples::signer().certificate), "");
    }

    #[test]
    fn expired_and_future_certificates_are_not_fit() {
        let certificate = &samples::signer().certificate;
        let years = |count: u64| Duration::from_secs(count * 366 * 24 * 3600);
        assert!(certificate.faults(SystemTime::now() + years(30)).join("").contains("expired on"));
        assert!(certificate.faults(SystemTime::now() - years(30)).join("").contains("not valid before"));
    }

    #[test]
    fn wrong_usages_are_told() {
        assert!(
            faults(&samples::certificate(|params| params.extended_key_usages.clear()))
                .contains("code signing")
        );
        assert!(
            faults(&samples::certificate(|params| params.key_usages.clear())).contains("digital signatures")
        );
        let authority = |params: &mut rcgen::CertificateParams| {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        };
        assert!(faults(&samples::certificate(authority)).contains("authority"));
    }

    #[test]
    fn a_changed_certificate_does_not_match_its_own_signature() {
        let mut der = samples::signer().certificate.der.clone();
        let last = der.len() - 1;
        der[last] ^= 1;
        assert!(faults(&Certificate::from_der(&der).unwrap()).contains("own signature"));
    }

    /// Made by `openssl req -x509 -sha1` with the usages keyEncipherment and dataEncipherment; nobody has its key.
    #[test]
    fn those_that_visual_studio_makes_for_tests_are_fit_for_drivers_of_any_maker() {
        let made = Certificate::from_pem(include_bytes!("certificate/samples/sha1.pem")).unwrap();
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        assert_eq!(made.foreign_faults(at), Vec::<String>::new());
        assert!(made.faults(at).join("").contains("not signed with RSA and SHA-256"), "not for our own");
        let mut der = made.der.clone();
        *der.last_mut().unwrap() ^= 1;
        let changed = Certificate::from_der(&der).unwrap();
        assert_eq!(changed.foreign_faults(at), ["its own signature does not match its key"]);
        // What an authority vouches for must say that it signs.
        let authority = chain::samples::authority("root", None);
        let leaf = chain::samples::issue("leaf", Some(&authority), |params| {
            params.key_usages = vec![rcgen::KeyUsagePurpose::KeyEncipherment];
            params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::CodeSigning];
        });
        let faults = leaf.certificate.foreign_faults(SystemTime::now()).join("");
        assert!(faults.contains("does not include digital signatures"), "{faults}");
    }

    #[test]
    fn the_key_length_is_read() {
        assert_eq!(modulus_bits(samples::signer().certificate.public_key()), Some(2048));
        assert_eq!(modulus_bits(&[0x30, 0]), None);
    }
}
