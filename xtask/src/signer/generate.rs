//! Making a test signer: an RSA key and a self-signed certificate that Windows accepts for test-signed drivers.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_RSA_SHA256, PublicKeyData as _, RsaKeySize, SerialNumber,
};
use time::OffsetDateTime;

use crate::digest::{Algorithm, hex};

/// How long the certificate is valid.
const YEARS: u64 = 10;

/// A new key and its certificate, both PEM.
pub(super) struct TestSigner {
    pub(super) key_pem: String,
    pub(super) certificate_pem: String,
}

/// Makes a signer whose certificate is valid from the day before `now`, so that a lab machine whose clock is a little
/// behind accepts it. `change` is applied last.
pub(super) fn test_signer(now: SystemTime, change: impl Fn(&mut CertificateParams)) -> Result<TestSigner> {
    let key =
        KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).context("no RSA key could be made")?;
    let identity = Algorithm::Sha256.of(&key.subject_public_key_info());
    let day = Duration::from_secs(24 * 3600);
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, format!("nmr-drivers test signing {}", hex(&identity[..4])));
    // The serial number comes from the key: no two certificates share issuer and serial number. 0x40 keeps it positive
    // and of full length.
    params.serial_number = Some(SerialNumber::from([&[0x40][..], &identity[..15]].concat()));
    params.not_before = OffsetDateTime::from(now - day);
    params.not_after = OffsetDateTime::from(now + day * 365 * YEARS as u32);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
    change(&mut params);
    let certificate = params.self_signed(&key).context("the certificate could not be made")?;
    Ok(TestSigner { key_pem: key.serialize_pem(), certificate_pem: certificate.pem() })
}
