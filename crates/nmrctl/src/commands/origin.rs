//! Where an installed driver came from: the record that is kept of it, and the bundle that the record leads to.
//!
//! The record lies in the registry, where administrators alone write. The folder that it names lies wherever the bundle was
//! copied to, perhaps where others write too, and its INF is run with all rights. So the record has the hash of the
//! manifest, and the manifest has the hash of every other file.

use std::path::Path;

use crate::bundle::Bundle;
use crate::failure::{Failure, FailureCode};
use crate::machine::Record;

/// The record of a driver that was installed from `bundle`.
pub(super) fn record_of(bundle: &Bundle) -> Record {
    Record {
        bundle: bundle.folder.display().to_string(),
        version: bundle.manifest.version.clone(),
        manifest_sha256: Some(bundle.manifest_sha256.clone()),
    }
}

/// The bundle that `record` leads to.
///
/// # Errors
/// `BundleMissing`, or `BundleDamaged` if it is not what it was when the driver was installed from it.
pub(super) fn bundle_of(record: &Record) -> Result<Bundle, Failure> {
    let bundle = Bundle::open(Path::new(&record.bundle))?;
    if record.manifest_sha256.as_ref().is_some_and(|recorded| *recorded != bundle.manifest_sha256) {
        let message = format!("{} is not the bundle any more that it was at the installation", record.bundle);
        let advice =
            format!("put version {} of the bundle there again, or name another folder", record.version);
        return Err(Failure::new(FailureCode::BundleDamaged, message, advice));
    }
    bundle.require_intact()?;
    Ok(bundle)
}
