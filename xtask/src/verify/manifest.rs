//! The manifest: that it can be read, that it is signed, and that the bundle holds exactly what it lists.

use std::collections::HashSet;
use std::time::SystemTime;

use nmrctl::manifest::{MANIFEST_FILE, Manifest, SIGNATURE_FILE};

use super::Finding;
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
            MANIFEST_FILE,
            "file",
            "it is missing, or endless; is this the folder of a bundle?",
        ));
        return None;
    };
    let manifest: Manifest = match serde_json::from_slice(bytes) {
        Ok(manifest) => manifest,
        Err(error) => {
            findings.push(Finding::new(MANIFEST_FILE, "syntax", error.to_string()));
            return None;
        }
    };
    let faults = manifest.faults();
    findings.extend(faults.iter().map(|fault| Finding::new(MANIFEST_FILE, "contents", fault.as_str())));
    if Architecture::ALL.iter().all(|known| known.name() != manifest.architecture) {
        let what = format!("{:?} is none we know", manifest.architecture);
        findings.push(Finding::new(MANIFEST_FILE, "architecture", what));
        return None;
    }
    if manifest_bytes(&manifest).ok().as_deref() != Some(bytes) {
        findings.push(Finding::new(
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
            None => findings.push(Finding::new(&file.path, "file", "it is missing")),
            Some(Err(mismatch)) => {
                let what = format!("it is {}, the manifest says {}", mismatch.found, mismatch.expected);
                findings.push(Finding::new(&file.path, mismatch.field, what));
            }
            Some(Ok(())) => {}
        }
    }
    let listed: HashSet<&str> = manifest.files.iter().map(|file| file.path.as_str()).collect();
    for path in bundle.files.keys() {
        if path != MANIFEST_FILE && path != SIGNATURE_FILE && !listed.contains(path.as_str()) {
            findings.push(Finding::new(path, "file", "the manifest does not list it"));
        }
    }
}

/// Reads and judges the certificate, and checks the manifest's signature with it.
pub(super) fn signer(
    bundle: &Bundle,
    manifest: &Manifest,
    trusted: Option<&Certificate>,
    now: SystemTime,
    findings: &mut Vec<Finding>,
) -> Option<Certificate> {
    let path = manifest.signer.certificate.as_str();
    let certificate = match Certificate::from_der(bundle.get(path)?) {
        Ok(certificate) => certificate,
        Err(error) => {
            findings.push(Finding::new(path, "certificate", format!("{error:#}")));
            return None;
        }
    };
    findings
        .extend(certificate.faults(now).into_iter().map(|fault| Finding::new(path, "certificate", fault)));
    for (field, found, expected) in [
        ("sha1", certificate.sha1(), &manifest.signer.sha1),
        ("sha256", certificate.sha256(), &manifest.signer.sha256),
    ] {
        if found != *expected {
            findings.push(Finding::new(path, field, format!("it is {found}, the manifest says {expected}")));
        }
    }
    if let Some(trusted) = trusted
        && trusted.der != certificate.der
    {
        let (subject, sha1) = (trusted.subject(), trusted.sha1());
        let what = format!("it is not the trusted one, {subject}, thumbprint {sha1}");
        findings.push(Finding::new(path, "certificate", what));
    }
    match (bundle.get(SIGNATURE_FILE), bundle.get(MANIFEST_FILE)) {
        (Some(seal), Some(bytes)) => {
            if let Err(what) = signature::verify(seal, &Content::detached(bytes), &certificate) {
                findings.push(Finding::new(SIGNATURE_FILE, "signature", what));
            }
        }
        _ => findings.push(Finding::new(
            SIGNATURE_FILE,
            "file",
            "it is missing, so nothing vouches for the manifest",
        )),
    }
    Some(certificate)
}
