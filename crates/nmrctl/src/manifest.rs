//! The manifest of a bundle: what is in it, from what it was made, and the hash of every file.
//!
//! `cargo xtask package` writes it, `cargo xtask verify` and `nmrctl` on the target read it. The manifest lists every file of the
//! bundle but itself and its detached signature, [`SIGNATURE_FILE`].

mod faults;
mod file;

use serde::{Deserialize, Serialize};

pub use file::{File, Mismatch, sha256_hex};

/// The manifest's name in a bundle.
pub const MANIFEST_FILE: &str = "manifest.json";
/// The name of the manifest's detached signature, a CMS `SignedData`.
pub const SIGNATURE_FILE: &str = "manifest.p7s";
/// The value of [`Manifest::format`] that this module reads and writes.
pub const FORMAT: u32 = 1;

/// What a bundle holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of this description: [`FORMAT`].
    pub format: u32,
    /// The bundle's name.
    pub name: String,
    /// The version of everything in the bundle, `major.minor.patch`.
    pub version: String,
    /// The architecture of every image: `x64`.
    pub architecture: String,
    /// From what the bundle was made.
    pub source: Source,
    /// Who signed; nobody yet in a bundle that `cargo xtask package --unsigned` made.
    pub signer: Option<Signer>,
    /// The program for the target machine, a path in the bundle.
    pub nmrctl: String,
    /// The oldest build of Windows that every driver installs and loads on.
    pub minimum_build: u32,
    /// What the images were made of, a CycloneDX document (JSON), a path in the bundle.
    pub sbom: String,
    /// The licences of what others wrote, a path in the bundle.
    pub licences: String,
    /// The drivers, in the order in which to install and start them.
    pub drivers: Vec<Driver>,
    /// Every file of the bundle but the manifest and its signature, ordered by path.
    pub files: Vec<File>,
}

/// From what a bundle was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The commit, when the sources were under version control.
    pub revision: Option<String>,
    /// Whether files differed from that commit.
    pub modified: bool,
    /// The compiler, as `rustc --version` names itself.
    pub toolchain: String,
    /// The time written into INF files, catalogs and archives, in seconds since 1970. It is no clock's time: it comes
    /// from the sources, so that the same sources give the same bundle.
    pub time: u64,
}

/// Who signed a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signer {
    /// The certificate (DER), a path in the bundle.
    pub certificate: String,
    /// Its thumbprint as Windows shows it: SHA-1 of the DER bytes, lower-case hexadecimal.
    pub sha1: String,
    /// SHA-256 of the DER bytes, lower-case hexadecimal.
    pub sha256: String,
}

/// One driver. `inf`, `catalog`, `image` and `symbols` are paths in the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Driver {
    /// The name of its service.
    pub service: String,
    /// The setup information file.
    pub inf: String,
    /// The catalog that vouches for the INF and the image.
    pub catalog: String,
    /// The driver itself.
    pub image: String,
    /// Its symbols.
    pub symbols: String,
    /// What joins image and symbols: the GUID, 32 upper-case hexadecimal digits, and the age, as symbol servers write
    /// them. None when the image names no symbols.
    pub symbols_id: Option<String>,
    /// The oldest build of Windows that has every routine the image imports, and that the INF installs on.
    pub minimum_build: u32,
    /// What it registers with NMR, in that order, as the image itself says. Empty if it is not made by `driver!`.
    pub registrations: Vec<Registration>,
}

/// A registration with NMR that a driver declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// Its name in the declaration.
    pub name: String,
    /// Whether the driver is client or provider there.
    pub role: Role,
    /// The identifier of the NPI, lower-case hexadecimal; a private one in a build with `NMR_PRIVATE_NPI`.
    pub npi: String,
    /// How many instances are declared.
    pub instances: u32,
}

/// What a module is to the other side of an NPI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It calls providers.
    Client,
    /// It serves clients.
    Provider,
}

impl Manifest {
    /// The entry of the file at `path`.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}
