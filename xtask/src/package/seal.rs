//! From an unsigned bundle to a signed one, all in memory: images, then catalogs, then the manifest.

use anyhow::{Context as _, Result, anyhow, bail};
use nmrctl::manifest::{MANIFEST_FILE, Manifest, SIGNATURE_FILE, Signer as SignedBy};

use super::assemble::describe;
use crate::bundle::Bundle;
use crate::exit;
use crate::pe::{self, Image};
use crate::signature::{self, Content};
use crate::signer::Signer;

/// Where the certificate lies in a bundle.
const CERTIFICATE: &str = "signer.cer";

/// The signed form of `unsigned`. A catalog knows images by a digest that their signatures do not change, so that its list
/// stays as it is.
pub(crate) fn seal(unsigned: &Bundle, signer: &Signer) -> Result<Bundle> {
    let mut bundle = unsigned.clone();
    let mut manifest = manifest_of(&bundle)?;
    let mut images: Vec<&str> = manifest.drivers.iter().map(|driver| driver.image.as_str()).collect();
    images.push(&manifest.nmrctl);
    for path in images {
        let image = bundle.get(path).with_context(|| format!("{path} is missing"))?;
        let signed = embed_signature(image, signer).with_context(|| path.to_owned())?;
        bundle.files.insert(path.to_owned(), signed);
    }
    for driver in &manifest.drivers {
        let path = &driver.catalog;
        let catalog = bundle.get(path).with_context(|| format!("{path} is missing"))?;
        let list = signature::embedded(catalog).map_err(|what| anyhow!("{path}: {what}"))?;
        let signed = signature::sign(&Content::catalog(&list)?, signer).with_context(|| path.clone())?;
        bundle.files.insert(path.clone(), signed);
    }
    bundle.files.insert(CERTIFICATE.to_owned(), signer.certificate.der.clone());
    manifest.signer = Some(SignedBy {
        certificate: CERTIFICATE.to_owned(),
        sha1: signer.certificate.sha1(),
        sha256: signer.certificate.sha256(),
    });
    describe(&mut bundle, manifest)?;
    let manifest = bundle.get(MANIFEST_FILE).context("the manifest is missing")?;
    let signature = signature::sign(&Content::detached(manifest), signer)?;
    bundle.files.insert(SIGNATURE_FILE.to_owned(), signature);
    Ok(bundle)
}

fn manifest_of(bundle: &Bundle) -> Result<Manifest> {
    let bytes = bundle.get(MANIFEST_FILE).with_context(|| format!("{MANIFEST_FILE} is missing"))?;
    let manifest: Manifest = serde_json::from_slice(bytes).context(MANIFEST_FILE)?;
    if let Some(signer) = &manifest.signer {
        let message = format!(
            "the bundle is signed already, by the certificate with the thumbprint {}; `cargo xtask package --unsigned` \
             makes one to sign",
            signer.sha1
        );
        return Err(exit::usage(message));
    }
    let faults = manifest.faults();
    if !faults.is_empty() {
        bail!("{MANIFEST_FILE}: {}", faults.join("; "));
    }
    Ok(manifest)
}

/// The image with a signature in it.
fn embed_signature(image: &[u8], signer: &Signer) -> Result<Vec<u8>> {
    let content = Content::image(&Image::parse(image)?)?;
    Ok(pe::attach_signature(image, &signature::sign(&content, signer)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::assemble::samples;
    use crate::signer::samples::{other_signer, signer};

    #[test]
    fn the_same_key_gives_the_same_bundle_and_adds_a_certificate_and_a_signature() {
        let unsigned = samples::unsigned();
        let sealed = seal(&unsigned, signer()).unwrap();
        assert_eq!(seal(&unsigned, signer()).unwrap(), sealed);
        let added: Vec<&String> = sealed.files.keys().filter(|path| unsigned.get(path).is_none()).collect();
        assert_eq!(added, ["manifest.p7s", "signer.cer"]);
        assert_ne!(seal(&unsigned, other_signer()).unwrap(), sealed);
    }

    #[test]
    fn what_needs_no_signature_stays_as_it_is() {
        let (unsigned, sealed) = (samples::unsigned(), samples::bundle());
        let changed: Vec<&String> = unsigned
            .files
            .iter()
            .filter(|(path, content)| sealed.get(path) != Some(content))
            .map(|(path, _)| path)
            .collect();
        let expected = [
            "README.md",
            "composite/composite.cat",
            "composite/composite.sys",
            "manifest.json",
            "nmrctl.exe",
        ];
        assert_eq!(changed, expected);
    }

    #[test]
    fn a_signed_bundle_is_not_signed_again() {
        let error = seal(&samples::bundle(), signer()).unwrap_err();
        assert!(error.to_string().contains("signed already"), "{error}");
        assert_eq!(exit::reason_of(&error), exit::Reason::Usage);
    }
}
