//! The manifest: that it can be read, that it is signed, and that the bundle holds exactly what it lists.

use std::collections::HashSet;
use std::time::SystemTime;

use nmrctl::manifest::{MANIFEST_FILE, Manifest, SIGNATURE_FILE};

use super::{Class, Expected, Finding, trust};
use crate::architecture::Architecture;
use crate::bundle::Bundle;
use crate::certificate::Certificate;
use crate::package::manifest_bytes;
use crate::signature::{self, Content};

/// More is no manifest.
const LARGEST: usize = 16 << 20;

/// Reads the manifest. Nothing of a bundle whose manifest makes no sense can be examined.
pub(super) fn read(bundle: &Bundle, findings: &mut Vec<Finding>) -> Option<Manifest> {
    let Some(bytes) = bundle.get(MANIFEST_FILE).filter(|bytes| bytes.len() <= LARGEST) else {
        findings.push(Finding::new(
            Class::Damaged,
            MANIFEST_FILE,
            "file",
            "it is missing, or endless; is this the folder of a bundle?",
        ));
        return None;
    };
    let manifest: Manifest = match serde_json::from_slice(bytes) {
        Ok(manifest) => manifest,
        Err(error) => {
            findings.push(Finding::new(Class::Damaged, MANIFEST_FILE, "syntax", error.to_string()));
            return None;
        }
    };
    let faults = manifest.faults();
    findings.extend(
        faults.iter().map(|fault| Finding::new(Class::Damaged, MANIFEST_FILE, "contents", fault.as_str())),
    );
    if Architecture::ALL.iter().all(|known| known.name() != manifest.architecture) {
        let what = format!("{:?} is none we know", manifest.architecture);
        findings.push(Finding::new(Class::Damaged, MANIFEST_FILE, "architecture", what));
        return None;
    }
    if manifest_bytes(&manifest).ok().as_deref() != Some(bytes) {
        findings.push(Finding::new(
            Class::Damaged,
            MANIFEST_FILE,
            "layout",
            "it is not written as `cargo xtask package` writes it",
        ));
    }
    faults.is_empty().then_some(manifest)
}

/// The architecture of a manifest that [`read`] accepted.
pub(super) fn architecture(manifest: &Manifest) -> Architecture {
    let known = Architecture::ALL.into_iter().find(|known| known.name() == manifest.architecture);
    known.unwrap_or(Architecture::X64)
}

/// Compares the files of the bundle with the list: none missing, none changed, none too many.
pub(super) fn check_files(bundle: &Bundle, manifest: &Manifest, findings: &mut Vec<Finding>) {
    for file in &manifest.files {
        match bundle.get(&file.path).map(|content| file.check(content)) {
            None => findings.push(Finding::new(Class::Damaged, &file.path, "file", "it is missing")),
            Some(Err(mismatch)) => {
                let what = format!("it is {}, the manifest says {}", mismatch.found, mismatch.expected);
                findings.push(Finding::new(Class::Damaged, &file.path, mismatch.field, what));
            }
            Some(Ok(())) => {}
        }
    }
    let listed: HashSet<&str> = manifest.files.iter().map(|file| file.path.as_str()).collect();
    for path in bundle.files.keys() {
        if path != MANIFEST_FILE && path != SIGNATURE_FILE && !listed.contains(path.as_str()) {
            findings.push(Finding::new(Class::Damaged, path, "file", "the manifest does not list it"));
        }
    }
}

/// Reads and judges the certificate, and checks the manifest's signature with it. Nothing when there is none to check
/// with.
pub(super) fn signer(
    bundle: &Bundle,
    manifest: &Manifest,
    expected: Expected<'_>,
    now: SystemTime,
    findings: &mut Vec<Finding>,
) -> Option<Certificate> {
    let Some(signer) = &manifest.signer else {
        if !matches!(expected, Expected::Unsigned) {
            let what = "nobody has signed the bundle: `cargo xtask sign` does";
            findings.push(Finding::new(Class::Signature, MANIFEST_FILE, "signer", what));
        }
        if bundle.get(SIGNATURE_FILE).is_some() {
            let what = "it is there, and the manifest names no signer";
            findings.push(Finding::new(Class::Signature, SIGNATURE_FILE, "file", what));
        }
        return None;
    };
    let path = signer.certificate.as_str();
    if matches!(expected, Expected::Unsigned) {
        let what = format!("the bundle is signed already, by {path}, thumbprint {}", signer.sha1);
        findings.push(Finding::new(Class::Signature, MANIFEST_FILE, "signer", what));
    }
    let certificate = match Certificate::from_der(bundle.get(path)?) {
        Ok(certificate) => certificate,
        Err(error) => {
            findings.push(Finding::new(Class::Signature, path, "certificate", format!("{error:#}")));
            return None;
        }
    };
    let seal = bundle.get(SIGNATURE_FILE).unwrap_or_default();
    let at = match expected {
        Expected::LeadsTo(roots) => trust::time_of(seal, roots, now).unwrap_or(now),
        _ => now,
    };
    if let Expected::LeadsTo(roots) = expected
        && let Err(what) = trust::check(seal, &certificate, roots, at)
    {
        findings.push(Finding::new(Class::Trust, path, "certificate", what));
    }
    let faults = certificate.faults(at).into_iter();
    findings.extend(faults.map(|fault| Finding::new(Class::Trust, path, "certificate", fault)));
    for (field, found, expected) in
        [("sha1", certificate.sha1(), &signer.sha1), ("sha256", certificate.sha256(), &signer.sha256)]
    {
        if found != *expected {
            let what = format!("it is {found}, the manifest says {expected}");
            findings.push(Finding::new(Class::Damaged, path, field, what));
        }
    }
    if let Expected::SignedBy(trusted) = expected
        && trusted.der != certificate.der
    {
        let (subject, sha1) = (trusted.subject(), trusted.sha1());
        let what = format!("it is not the trusted one, {subject}, thumbprint {sha1}");
        findings.push(Finding::new(Class::Trust, path, "certificate", what));
    }
    match (bundle.get(SIGNATURE_FILE), bundle.get(MANIFEST_FILE)) {
        (Some(seal), Some(bytes)) => {
            if let Err(what) = signature::verify(seal, &Content::detached(bytes), &certificate) {
                findings.push(Finding::new(Class::Signature, SIGNATURE_FILE, "signature", what));
            }
        }
        _ => findings.push(Finding::new(
            Class::Signature,
            SIGNATURE_FILE,
            "file",
            "it is missing, so nothing vouches for the manifest",
        )),
    }
    Some(certificate)
}
