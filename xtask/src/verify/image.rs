//! Images: architecture, checksum, embedded signature.

use super::Finding;
use crate::architecture::Architecture;
use crate::certificate::Certificate;
use crate::pe::Image;
use crate::signature::{self, Content};

/// Checks the image `bytes`, which lies at `path`.
pub(super) fn check(
    path: &str,
    bytes: &[u8],
    architecture: Architecture,
    signer: &Certificate,
    findings: &mut Vec<Finding>,
) {
    let image = match Image::parse(bytes) {
        Ok(image) => image,
        Err(fault) => return findings.push(Finding::new(path, fault.field, fault.what)),
    };
    if image.machine != architecture.machine() {
        let what = format!(
            "it is {:#06x}, {} is {:#06x}",
            image.machine,
            architecture.name(),
            architecture.machine()
        );
        findings.push(Finding::new(path, "machine", what));
    }
    let (stored, computed) = (image.stored_checksum(), image.checksum());
    if stored != computed {
        findings.push(Finding::new(
            path,
            "checksum",
            format!("it is {stored:#010x}, the contents give {computed:#010x}"),
        ));
    }
    let outcome = match (image.signature(), Content::image(&image)) {
        (Err(fault), _) => Err((fault.field, fault.what)),
        (Ok(None), _) => Err(("signature", "it is not signed".to_owned())),
        (_, Err(error)) => Err(("signature", error.to_string())),
        (Ok(Some(der)), Ok(content)) => {
            signature::verify(der, &content, signer).map_err(|what| ("signature", what))
        }
    };
    if let Err((field, what)) = outcome {
        findings.push(Finding::new(path, field, what));
    }
}
