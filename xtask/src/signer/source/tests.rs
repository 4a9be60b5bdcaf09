//! Keys from files, programs and tokens, and what is refused.

use std::io::{Seek as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;

use p12_keystore::{EncryptionAlgorithm, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};

use super::*;
use crate::certificate::samples::{authority, issue};
use crate::signature::{self, Content};
use crate::signer::samples;

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn put(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }
}

fn pkcs12(key_pem: &[u8], certificates: &[&[u8]], password: &str) -> Vec<u8> {
    let (_, key) = der::SecretDocument::from_pem(str::from_utf8(key_pem).unwrap()).unwrap();
    let certificates: Vec<_> = certificates
        .iter()
        .map(|pem| {
            let (first, _) = certificates_from_pem(pem).unwrap();
            p12_keystore::Certificate::from_der(&first.der).unwrap()
        })
        .collect();
    let chain = PrivateKeyChain::new(&b"1"[..], PrivateKey::from_der(key.as_bytes()).unwrap(), certificates);
    let mut store = KeyStore::new();
    store.add_entry("signer", KeyStoreEntry::PrivateKeyChain(chain));
    store
        .writer(password)
        .encryption_algorithm(EncryptionAlgorithm::PbeWithHmacSha256AndAes256)
        .encryption_iterations(100)
        .mac_iterations(100)
        .write()
        .unwrap()
}

/// A place with a password in it.
fn password(text: &str) -> (tempfile::NamedTempFile, Password) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{text}").unwrap();
    let number = file.as_file().as_raw_fd().unsigned_abs();
    file.rewind().unwrap();
    (file, Password { password_fd: Some(number), ..Password::default() })
}

fn located(key: PathBuf, certificate: Option<PathBuf>) -> Location {
    Location { key: Some(key), certificate, ..Location::default() }
}

fn refusal(location: &Location) -> String {
    format!("{:#}", named(location).unwrap_err())
}

#[test]
fn a_pfx_file_opens_with_its_password_and_with_no_other() {
    let files = Files::new();
    let (key, certificate) = samples::pem();
    let path = files.put("key.pfx", &pkcs12(key, &[certificate], "right"));
    let (_right, right) = password("right");
    let location = Location { password: right, ..located(path.clone(), None) };
    let signer = named(&location).unwrap().unwrap();
    assert_eq!(signer.certificate.der, samples::signer().certificate.der);
    let (_wrong, wrong) = password("wrong");
    let wrong = Location { password: wrong, ..located(path.clone(), None) };
    assert!(refusal(&wrong).contains("the password does not open"), "{}", refusal(&wrong));
    let certificate = files.put("c.pem", certificate);
    let (_again, again) = password("right");
    let both = Location { password: again, ..located(path, Some(certificate)) };
    assert!(refusal(&both).contains("leave out --certificate"));
}

#[test]
fn a_pfx_file_brings_its_chain_and_needs_no_password_if_it_has_none() {
    let files = Files::new();
    let root = authority("root", None);
    let leaf = issue("leaf", Some(&root), fit);
    let both = [leaf.certificate_pem.as_bytes(), root.certificate_pem.as_bytes()];
    let path = files.put("key.p12", &pkcs12(leaf.key_pem.as_bytes(), &both, ""));
    let signer = named(&located(path, None)).unwrap().unwrap();
    assert_eq!(signer.certificate.der, leaf.certificate.der);
    assert_eq!(signer.chain.len(), 1);
    let content = Content::detached(b"text");
    let der = signature::sign(&content, &signer).unwrap();
    assert_eq!(signature::verify(&der, &content, &signer.certificate), Ok(()));
}

/// What a certificate needs to sign drivers.
fn fit(params: &mut rcgen::CertificateParams) {
    params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::CodeSigning];
}

#[test]
fn damaged_pfx_files_are_refused() {
    let files = Files::new();
    let (key, certificate) = samples::pem();
    let good = pkcs12(key, &[certificate], "");
    for at in (0..good.len()).step_by(41) {
        let mut changed = good.clone();
        changed[at] ^= 0x55;
        let path = files.put("key.pfx", &changed);
        assert!(named(&located(path, None)).is_err(), "byte {at}");
    }
}

#[test]
fn keys_that_will_not_do_are_refused_with_the_way_out() {
    let files = Files::new();
    let (key, certificate) = samples::pem();
    let (key_path, certificate_path) = (files.put("key.pem", key), files.put("certificate.pem", certificate));
    assert!(refusal(&located(key_path.clone(), None)).contains("name its certificate with --certificate"));

    let (_, other) = samples::other_pem();
    let other = files.put("other.pem", other);
    assert!(refusal(&located(key_path.clone(), Some(other))).contains("does not belong to the certificate"));

    let refused = |name: &str, change: fn(&mut rcgen::CertificateParams)| {
        let (key, certificate) = samples::changed_pem(change);
        let key = files.put(&format!("{name}.key"), &key);
        refusal(&located(key, Some(files.put(name, &certificate))))
    };
    let usage = refused("usage", |params| params.extended_key_usages.clear());
    assert!(usage.contains("does not include code signing"), "{usage}");
    let expired = refused("expired", |params| {
        params.not_before = time::OffsetDateTime::UNIX_EPOCH;
        params.not_after = time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(1);
    });
    assert!(expired.contains("it expired on 1970-01-02"), "{expired}");

    let encrypted = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let encrypted = files.put("encrypted.pem", encrypted);
    let said = refusal(&located(encrypted, Some(certificate_path.clone())));
    assert!(said.contains("openssl pkcs12 -export"), "{said}");

    fs::set_permissions(&key_path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(refusal(&located(key_path, Some(certificate_path))).contains("chmod 600"));
}

#[test]
fn a_program_signs_if_its_key_is_that_of_the_certificate() {
    let files = Files::new();
    let (key, certificate) = samples::pem();
    let (_, other) = samples::other_pem();
    let key = files.put("key.pem", key);
    let with = |certificate: PathBuf| Location {
        sign_command: Some(format!("openssl dgst -sha256 -sign {}", key.display())),
        certificate: Some(certificate),
        ..Location::default()
    };
    let right = with(files.put("certificate.pem", certificate));
    match named(&right) {
        Ok(signer) => {
            let signer = signer.unwrap();
            assert_eq!(signer.sign(b"m").unwrap(), samples::signer().sign(b"m").unwrap());
        }
        Err(error) if exit::reason_of(&error) == exit::Reason::Missing => {
            println!("left out: there is no openssl on this machine");
            return;
        }
        Err(error) => panic!("{error:#}"),
    }
    let wrong = with(files.put("other.pem", other));
    assert!(refusal(&wrong).contains("or the 256 bytes that came back are not a signature"));
}
