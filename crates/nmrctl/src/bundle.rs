//! A bundle as it lies in a folder of this machine.

mod integrity;

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, FailureCode};
use crate::machine::Facts;
use crate::manifest::{Driver, MANIFEST_FILE, Manifest, Signer, sha256_hex};

pub use integrity::damaged;

const COPY_AGAIN: &str =
    "copy the bundle again; if that does not help, run `cargo xtask verify` where it was made";

/// A bundle whose manifest was read and makes sense. Its files are examined by [`Bundle::examine`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Where it lies.
    pub folder: PathBuf,
    /// What it should hold.
    pub manifest: Manifest,
    /// SHA-256 of the manifest's bytes: with it nothing in the bundle can change unnoticed.
    pub manifest_sha256: String,
    /// Who signed it.
    pub signer: Signer,
}

impl Bundle {
    /// Reads the manifest in `folder`.
    ///
    /// # Errors
    /// `BundleMissing` if there is none, `BundleDamaged` if it makes no sense or nobody has signed the bundle.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let folder = absolute(folder);
        let path = folder.join(MANIFEST_FILE);
        let text = fs::read(&path).map_err(|error| {
            let message = format!("{} cannot be read: {error}", path.display());
            Failure::new(
                FailureCode::BundleMissing,
                message,
                "name the folder of a bundle made by `cargo xtask package`",
            )
        })?;
        let damaged = |what: String| {
            Failure::new(FailureCode::BundleDamaged, format!("{}: {what}", path.display()), COPY_AGAIN)
        };
        let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        let faults = manifest.faults();
        if !faults.is_empty() {
            return Err(damaged(faults.join("; ")));
        }
        match manifest.signer.clone() {
            Some(signer) => Ok(Self { folder, manifest, manifest_sha256: sha256_hex(&text), signer }),
            None => {
                let message = format!("{}: nobody has signed this bundle", path.display());
                let advice = "sign it where it was made: `cargo xtask sign`";
                Err(Failure::new(FailureCode::BundleDamaged, message, advice))
            }
        }
    }

    /// Refuses a bundle that was built for another architecture than this machine's.
    ///
    /// # Errors
    /// `WrongArchitecture`.
    pub fn require_fitting(&self, facts: &Facts) -> Result<(), Failure> {
        if self.manifest.architecture == facts.architecture {
            return Ok(());
        }
        let message = format!(
            "the bundle is built for {}, this machine is {}",
            self.manifest.architecture, facts.architecture
        );
        Err(Failure::new(
            FailureCode::WrongArchitecture,
            message,
            "deploy a bundle built for this machine's architecture",
        ))
    }

    /// The drivers named, or all of them, in the bundle's order.
    ///
    /// # Errors
    /// `UnknownDriver` for a name the bundle does not have.
    pub fn select(&self, names: &[String]) -> Result<Vec<&Driver>, Failure> {
        for name in names {
            self.driver(name)?;
        }
        let chosen =
            |driver: &&Driver| names.is_empty() || names.iter().any(|name| same_name(name, &driver.service));
        Ok(self.manifest.drivers.iter().filter(chosen).collect())
    }

    /// The driver `name`.
    ///
    /// # Errors
    /// `UnknownDriver`.
    pub fn driver(&self, name: &str) -> Result<&Driver, Failure> {
        self.manifest.drivers.iter().find(|driver| same_name(name, &driver.service)).ok_or_else(|| {
            let known: Vec<&str> =
                self.manifest.drivers.iter().map(|driver| driver.service.as_str()).collect();
            let message = format!("the bundle has no driver {name}");
            Failure::new(
                FailureCode::UnknownDriver,
                message,
                format!("its drivers are: {}", known.join(", ")),
            )
        })
    }

    /// Where the bundle's file `path` lies on this machine.
    #[must_use]
    pub fn path(&self, path: &str) -> PathBuf {
        path.split('/').fold(self.folder.clone(), |folder, part| folder.join(part))
    }

    /// The bytes of the bundle's file `path`, which the manifest lists.
    ///
    /// # Errors
    /// `BundleDamaged` if it cannot be read, or is not what the manifest says.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let damaged = |what: String| Failure::new(FailureCode::BundleDamaged, what, COPY_AGAIN);
        let content =
            fs::read(self.path(path)).map_err(|error| damaged(format!("{path} cannot be read: {error}")))?;
        let entry =
            self.manifest.file(path).ok_or_else(|| damaged(format!("{path} is not in the manifest")))?;
        entry.check(&content).map_err(|mismatch| damaged(mismatch.to_string()))?;
        Ok(content)
    }
}

/// Windows compares names of services without regard to case.
pub(crate) fn same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// A folder that goes into records must mean the same from any working directory.
fn absolute(folder: &Path) -> PathBuf {
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}

#[cfg(test)]
pub(crate) mod tests;
