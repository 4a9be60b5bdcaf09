//! Images: architecture, checksum, sections, embedded signature.

use super::{Class, Finding};
use crate::architecture::Architecture;
use crate::certificate::Certificate;
use crate::pe::Image;
use crate::signature::{self, Content};

/// Checks the image `bytes`, which lies at `path`; without a signer, it must not be signed.
pub(super) fn check(
    path: &str,
    bytes: &[u8],
    architecture: Architecture,
    signer: Option<&Certificate>,
    findings: &mut Vec<Finding>,
) {
    let image = match Image::parse(bytes) {
        Ok(image) => image,
        Err(fault) => return findings.push(Finding::new(Class::Image, path, fault.field, fault.what)),
    };
    check_form(path, &image, architecture, signer.is_some(), findings);
    let outcome = match (image.signature(), Content::image(&image), signer) {
        (Err(fault), ..) => Err((fault.field, fault.what)),
        (Ok(None), _, None) => Ok(()),
        (Ok(Some(_)), _, None) => Err(("signature", "it is signed, the bundle is not".to_owned())),
        (Ok(None), ..) => Err(("signature", "it is not signed".to_owned())),
        (_, Err(error), _) => Err(("signature", error.to_string())),
        (Ok(Some(der)), Ok(content), Some(signer)) => {
            signature::verify(der, &content, signer).map_err(|what| ("signature", what))
        }
    };
    if let Err((field, what)) = outcome {
        findings.push(Finding::new(Class::Signature, path, field, what));
    }
}

/// What an image must be, whoever signed it. An unsigned program may have no checksum yet: signing writes it.
pub(super) fn check_form(
    path: &str,
    image: &Image<'_>,
    architecture: Architecture,
    signed: bool,
    findings: &mut Vec<Finding>,
) {
    if image.machine != architecture.machine() {
        let what = format!(
            "it is {:#06x}, {} is {:#06x}",
            image.machine,
            architecture.name(),
            architecture.machine()
        );
        findings.push(Finding::new(Class::Image, path, "machine", what));
    }
    let (stored, computed) = (image.stored_checksum(), image.checksum());
    if stored != computed && (signed || stored != 0) {
        findings.push(Finding::new(
            Class::Image,
            path,
            "checksum",
            format!("it is {stored:#010x}, the contents give {computed:#010x}"),
        ));
    }
    match image.sections() {
        Ok(sections) => {
            findings.extend(sections.iter().filter(|section| section.is_writable_code()).map(|section| {
                let what = "it is writable and executable, which memory integrity (HVCI) does not load";
                Finding::new(Class::Image, path, format!("section {}", section.name), what)
            }));
        }
        Err(fault) => findings.push(Finding::new(Class::Image, path, fault.field, fault.what)),
    }
}
