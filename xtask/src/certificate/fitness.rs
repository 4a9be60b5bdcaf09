//! Whether a certificate is fit for what it is used for.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail, ensure};
use aws_lc_rs::signature::{RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ID_CE_KEY_USAGE, ID_KP_CODE_SIGNING, ID_KP_TIME_STAMPING};
use const_oid::db::rfc5912::{
    ID_CE_BASIC_CONSTRAINTS, ID_CE_EXT_KEY_USAGE, RSA_ENCRYPTION, SHA_1_WITH_RSA_ENCRYPTION,
    SHA_256_WITH_RSA_ENCRYPTION,
};
use der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages};

use super::{Certificate, HARDWARE_VERIFICATION, digest_of};
use crate::canonical;

/// The name that MakeCert gives to RSA with SHA-1, from the OSI Implementors' Workshop.
const SHA_1_WITH_RSA_OF_OIW: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.29");

impl Certificate {
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
    /// key encipherment, and SHA-1, those of PowerShell may say SHA-512.
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
        [self.key_fault(), self.validity_fault(at), usage(), self.foreign_self_signature_fault()]
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

    pub(super) fn validity_fault(&self, now: SystemTime) -> Result<()> {
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

    /// A certificate that names itself as issuer must carry its own signature. No other kind is made for drivers today.
    fn self_signature_fault(&self) -> Result<()> {
        let kind = self.parsed.signature_algorithm.oid;
        let known = !self.is_self_issued() || kind == SHA_256_WITH_RSA_ENCRYPTION;
        ensure!(known, "it is not signed with RSA and SHA-256");
        self.foreign_self_signature_fault()
    }

    /// The same, where its signature may be of any kind that was in use. Without a root nobody asks who has issued a
    /// certificate of another, but that of one who has issued it for himself must not get another name.
    fn foreign_self_signature_fault(&self) -> Result<()> {
        if !self.is_self_issued() {
            let mut original = self.clone();
            original.parsed.tbs_certificate.subject = original.parsed.tbs_certificate.issuer.clone();
            ensure!(
                !original.is_signed_by(self),
                "its subject was changed: its signature is one of its own key"
            );
            return Ok(());
        }
        let kind = self.parsed.signature_algorithm.oid;
        let message = self.parsed.tbs_certificate.to_der()?;
        let signature = self.parsed.signature.raw_bytes();
        let matches = if [SHA_1_WITH_RSA_ENCRYPTION, SHA_1_WITH_RSA_OF_OIW].contains(&kind) {
            let parameters = &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY;
            UnparsedPublicKey::new(parameters, self.public_key()).verify(&message, signature).is_ok()
        } else {
            let digest = digest_of(kind).with_context(|| {
                format!("it is signed in a way ({kind}) that is not RSA with a known digest")
            })?;
            self.verifies_with(digest, &message, signature)
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
    use crate::certificate::chain;
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
        let made = Certificate::from_pem(include_bytes!("samples/sha1.pem")).unwrap();
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
    fn the_digest_of_its_own_signature_is_asked_of_ours_alone() {
        let made = {
            let key = std::str::from_utf8(samples::pem().0).unwrap();
            let key = rcgen::KeyPair::from_pem_and_sign_algo(key, &rcgen::PKCS_RSA_SHA512).unwrap();
            let mut params = rcgen::CertificateParams::new([]).unwrap();
            params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
            params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::CodeSigning];
            Certificate::from_der(params.self_signed(&key).unwrap().der()).unwrap()
        };
        assert_eq!(made.foreign_faults(SystemTime::now()), Vec::<String>::new());
        assert_eq!(faults(&made), "it is not signed with RSA and SHA-256");
        let mut der = made.der.clone();
        *der.last_mut().unwrap() ^= 1;
        let changed = Certificate::from_der(&der).unwrap();
        assert_eq!(changed.foreign_faults(SystemTime::now()), ["its own signature does not match its key"]);
        // As MakeCert names SHA-1; the signature is another, and so does not match.
        let mut renamed = made.clone();
        renamed.parsed.signature_algorithm.oid = SHA_1_WITH_RSA_OF_OIW;
        assert_eq!(renamed.foreign_faults(SystemTime::now()), ["its own signature does not match its key"]);
        renamed.parsed.signature_algorithm.oid = const_oid::db::rfc5912::MD_5_WITH_RSA_ENCRYPTION;
        assert!(renamed.foreign_faults(SystemTime::now())[0].contains("not RSA with a known digest"));
    }

    #[test]
    fn a_certificate_that_vouches_for_itself_cannot_change_its_name() {
        let mut renamed = samples::signer().certificate.clone();
        assert_eq!(renamed.foreign_faults(SystemTime::now()), Vec::<String>::new());
        renamed.parsed.tbs_certificate.subject =
            samples::other_signer().certificate.parsed.tbs_certificate.subject.clone();
        let der = renamed.parsed.to_der().unwrap();
        let faults = Certificate::from_der(&der).unwrap().foreign_faults(SystemTime::now()).join("; ");
        assert!(faults.contains("its subject was changed"), "{faults}");
    }

    #[test]
    fn the_key_length_is_read() {
        assert_eq!(modulus_bits(samples::signer().certificate.public_key()), Some(2048));
        assert_eq!(modulus_bits(&[0x30, 0]), None);
    }
}
