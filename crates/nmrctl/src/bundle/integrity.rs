//! Whether a bundle is what its manifest says: every file, and no other.

use std::fs;
use std::path::Path;

use super::{Bundle, COPY_AGAIN};
use crate::answer::BundleReport;
use crate::failure::{Failure, FailureCode};
use crate::manifest::{MANIFEST_FILE, Manifest, SIGNATURE_FILE};

impl Bundle {
    /// Compares every file with the manifest, and looks for files the manifest does not know: a library beside
    /// `nmrctl.exe`, say, would be loaded by it.
    #[must_use]
    pub fn examine(&self) -> BundleReport {
        let Manifest { name, version, files, .. } = &self.manifest;
        let mut damage: Vec<String> = files
            .iter()
            .filter_map(|file| match fs::read(self.path(&file.path)) {
                Ok(content) => file.check(&content).err().map(|mismatch| mismatch.to_string()),
                Err(error) => Some(format!("{}: {error}", file.path)),
            })
            .collect();
        let right = files.len() - damage.len();
        for path in files_under(&self.folder, "") {
            if path != MANIFEST_FILE && path != SIGNATURE_FILE && self.manifest.file(&path).is_none() {
                damage.push(format!("{path}: not in the manifest"));
            }
        }
        let folder = self.folder.display().to_string();
        BundleReport { folder, name: name.clone(), version: version.clone(), files: right, damage }
    }

    /// Refuses a damaged bundle.
    ///
    /// # Errors
    /// `BundleDamaged`, naming every file that is wrong.
    pub fn require_intact(&self) -> Result<BundleReport, Failure> {
        let report = self.examine();
        if report.damage.is_empty() { Ok(report) } else { Err(damaged(&report)) }
    }
}

/// The failure for a report with damage.
#[must_use]
pub fn damaged(report: &BundleReport) -> Failure {
    let message = format!("the bundle in {} is damaged: {}", report.folder, report.damage.join("; "));
    Failure::new(FailureCode::BundleDamaged, message, COPY_AGAIN)
}

/// The paths of all files under `folder`, relative, with `/`. Links and junctions are not followed: they may lead anywhere,
/// also round in circles. They, and what cannot be listed, are listed under names that no manifest has.
fn files_under(folder: &Path, prefix: &str) -> Vec<String> {
    let unlisted = |error: std::io::Error| vec![format!("{prefix} ({error})")];
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return unlisted(error),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let kind = entry.and_then(|entry| entry.file_type().map(|kind| (entry, kind)));
        let (entry, kind) = match kind {
            Ok(found) => found,
            Err(error) => {
                paths.extend(unlisted(error));
                continue;
            }
        };
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if kind.is_dir() {
            paths.extend(files_under(&entry.path(), &path));
        } else if kind.is_symlink() {
            paths.push(format!("{path} (a link)"));
        } else {
            paths.push(path);
        }
    }
    paths.sort();
    paths
}
