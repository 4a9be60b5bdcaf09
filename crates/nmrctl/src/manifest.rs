//! The manifest of a bundle: what is in it, from what it was made, and the hash of every file.
//!
//! `cargo xtask package` writes it, `cargo xtask verify` and `nmrctl` on the target read it. The manifest lists every file of the
//! bundle but itself and its detached signature, [`SIGNATURE_FILE`].

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::names::{is_plain_byte, is_plain_path, is_service_name};

/// The manifest's name in a bundle.
pub const MANIFEST_FILE: &str = "manifest.json";
/// The name of the manifest's detached signature, a CMS `SignedData`.
pub const SIGNATURE_FILE: &str = "manifest.p7s";
/// The value of [`Manifest::format`] that this module reads and writes.
pub const FORMAT: u32 = 1;
/// More drivers than this are no bundle, but an attempt to keep its reader busy.
const MOST_DRIVERS: usize = 256;

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

/// One file and what it must contain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The path in the bundle, parts separated by `/`.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes, lower-case hexadecimal.
    pub sha256: String,
}

impl File {
    /// Describes the file at `path` whose bytes are `content`.
    pub fn describe(path: impl Into<String>, content: &[u8]) -> Self {
        Self { path: path.into(), size: content.len() as u64, sha256: sha256_hex(content) }
    }

    /// Compares `content` with the description.
    ///
    /// # Errors
    /// Says which field differs.
    pub fn check(&self, content: &[u8]) -> Result<(), Mismatch> {
        let found = Self::describe(self.path.as_str(), content);
        if found.size != self.size {
            let (expected, found) = (self.size.to_string(), found.size.to_string());
            return Err(Mismatch { path: self.path.clone(), field: "size", expected, found });
        }
        if found.sha256 != self.sha256 {
            let expected = self.sha256.clone();
            return Err(Mismatch { path: self.path.clone(), field: "sha256", expected, found: found.sha256 });
        }
        Ok(())
    }
}

/// A file is not what the manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The path in the bundle.
    pub path: String,
    /// The field of the manifest's entry that differs.
    pub field: &'static str,
    /// What the manifest says.
    pub expected: String,
    /// What the file is.
    pub found: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, field, expected, found } = self;
        write!(formatter, "{path}: {field} is {found}, the manifest says {expected}")
    }
}

impl std::error::Error for Mismatch {}

impl Manifest {
    /// The entry of the file at `path`.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// What is wrong with the manifest itself, whatever the files contain: an unknown format, a path that leads out of
    /// the bundle or is listed twice, a hash that is none, an entry that points at a file which is not listed. Empty
    /// when all is well. Call it before using any path of a manifest that came from elsewhere.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.format != FORMAT {
            faults.push(format!("format is {}, this program reads format {FORMAT}", self.format));
        }
        // Names of folders are made of them.
        for (field, value) in [("name", &self.name), ("version", &self.version)] {
            if !value.bytes().all(|byte| byte == b'+' || is_plain_byte(byte))
                || !is_plain_path(&value.replace('+', "-"))
            {
                faults
                    .push(format!("{field}: {value:?} has more than letters, digits, '.', '-', '_' and '+'"));
            }
        }
        let mut previous: Option<&str> = None;
        let mut folded = BTreeSet::new();
        for File { path, sha256, .. } in &self.files {
            if !is_plain_path(path) {
                faults.push(format!("files: {path:?} is not a plain path inside the bundle"));
            }
            if [MANIFEST_FILE, SIGNATURE_FILE].iter().any(|own| path.eq_ignore_ascii_case(own)) {
                faults.push(format!("files: {path} cannot describe itself"));
            }
            if previous.is_some_and(|previous| previous >= path.as_str()) {
                faults.push(format!("files: {path:?} is out of order"));
            }
            if !folded.insert(path.to_ascii_lowercase()) {
                faults.push(format!("files: {path:?} is listed twice (letter case does not count)"));
            }
            if !is_hex(sha256, 64) {
                faults.push(format!("files: {path:?}: sha256 is not 64 lower-case hexadecimal digits"));
            }
            previous = Some(path);
        }
        if self.drivers.len() > MOST_DRIVERS {
            faults.push(format!(
                "drivers: there are {}, more than {MOST_DRIVERS} are not read",
                self.drivers.len()
            ));
        }
        let listed: BTreeSet<&str> = self.files.iter().map(|file| file.path.as_str()).collect();
        for (field, path) in self.references() {
            if !listed.contains(path) {
                faults.push(format!("{field}: {path:?} is not among the files"));
            }
        }
        if let Some(signer) = &self.signer
            && (!is_hex(&signer.sha1, 40) || !is_hex(&signer.sha256, 64))
        {
            faults
                .push("signer: sha1 or sha256 is not lower-case hexadecimal of the right length".to_owned());
        }
        let mut services = BTreeSet::new();
        for Driver { service, registrations, .. } in &self.drivers {
            for Registration { name, npi, .. } in registrations {
                if nmr_abi::Guid::parse(npi).map(|guid| guid.to_string()).as_ref() != Ok(npi) {
                    faults.push(format!("drivers: {service}: {name}: {npi:?} is no GUID in lower case"));
                }
            }
            if !is_service_name(service) {
                faults.push(format!("drivers: {service:?} is no service name (letters, digits, '-', '_')"));
            }
            if !services.insert(service.to_ascii_lowercase()) {
                faults.push(format!("drivers: {service:?} is listed twice"));
            }
        }
        faults
    }

    fn references(&self) -> Vec<(String, &str)> {
        let mut all = vec![
            ("nmrctl".to_owned(), self.nmrctl.as_str()),
            ("sbom".to_owned(), self.sbom.as_str()),
            ("licences".to_owned(), self.licences.as_str()),
        ];
        all.extend(
            self.signer.as_ref().map(|signer| ("signer.certificate".to_owned(), signer.certificate.as_str())),
        );
        for driver in &self.drivers {
            let Driver { service, inf, catalog, image, symbols, .. } = driver;
            for (field, path) in [("inf", inf), ("catalog", catalog), ("image", image), ("symbols", symbols)]
            {
                all.push((format!("drivers: {service}: {field}"), path));
            }
        }
        all
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// SHA-256 of `content` in lower-case hexadecimal.
pub fn sha256_hex(content: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(content).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Manifest {
        let listed =
            ["a/a.cat", "a/a.inf", "a/a.pdb", "a/a.sys", "l.txt", "nmrctl.exe", "s.json", "signer.cer"];
        Manifest {
            format: FORMAT,
            name: "sample".into(),
            version: "1.2.3".into(),
            architecture: "x64".into(),
            source: Source { revision: None, modified: false, toolchain: "rustc".into(), time: 0 },
            signer: Some(Signer {
                certificate: "signer.cer".into(),
                sha1: "0".repeat(40),
                sha256: "0".repeat(64),
            }),
            nmrctl: "nmrctl.exe".into(),
            minimum_build: 18362,
            sbom: "s.json".into(),
            licences: "l.txt".into(),
            drivers: vec![Driver {
                service: "a".into(),
                inf: "a/a.inf".into(),
                catalog: "a/a.cat".into(),
                image: "a/a.sys".into(),
                symbols: "a/a.pdb".into(),
                symbols_id: None,
                minimum_build: 18362,
                registrations: vec![Registration {
                    name: "echo".into(),
                    role: Role::Provider,
                    npi: "c1b6a3b2-5d0f-4c39-9a77-3b1f0e6d2a41".into(),
                    instances: 1,
                }],
            }],
            files: listed.iter().map(|path| File::describe(*path, path.as_bytes())).collect(),
        }
    }

    #[test]
    fn a_well_formed_manifest_has_no_faults() {
        assert_eq!(sample().faults(), Vec::<String>::new());
    }

    #[test]
    fn sha256_matches_the_published_vector() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_changed_file_is_told_by_field() {
        let entry = File::describe("x", b"abc");
        assert_eq!(entry.check(b"abc"), Ok(()));
        assert_eq!(entry.check(b"abd").unwrap_err().field, "sha256");
        assert_eq!(entry.check(b"abcd").unwrap_err().field, "size");
    }

    #[test]
    fn each_fault_is_named() {
        fn fault(change: impl FnOnce(&mut Manifest)) -> String {
            let mut manifest = sample();
            change(&mut manifest);
            manifest.faults().join("; ")
        }
        assert!(fault(|m| m.format = 2).contains("format is 2"));
        for name in ["../x", "/x", "a/b", "", "..", "a b", "NUL"] {
            assert!(fault(|m| m.name = name.into()).starts_with("name: "), "{name}");
            assert!(fault(|m| m.version = name.into()).starts_with("version: "), "{name}");
        }
        assert_eq!(fault(|m| m.version = "1.2.3-beta.1+5".into()), "");
        assert!(
            fault(|m| m.files.insert(0, File::describe("MANIFEST.json", b"")))
                .contains("cannot describe itself")
        );
        assert!(fault(|m| m.files[0].path = "../x".into()).contains("not a plain path"));
        assert!(fault(|m| m.files.swap(0, 1)).contains("out of order"));
        assert!(fault(|m| m.files.insert(0, File::describe("A/A.CAT", b""))).contains("listed twice"));
        assert!(fault(|m| m.files[0].sha256.make_ascii_uppercase()).contains("hexadecimal"));
        assert!(
            fault(|m| m.files.retain(|f| f.path != "nmrctl.exe"))
                .contains("nmrctl: \"nmrctl.exe\" is not among")
        );
        assert!(fault(|m| m.drivers[0].inf = "b.inf".into()).contains("drivers: a: inf"));
        assert!(fault(|m| m.signer.as_mut().unwrap().sha1.clear()).contains("signer"));
        let upper = |m: &mut Manifest| m.drivers[0].registrations[0].npi.make_ascii_uppercase();
        assert!(fault(upper).contains("a: echo: \"C1B6A3B2-5D0F-4C39-9A77-3B1F0E6D2A41\" is no GUID"));
        assert!(fault(|m| m.drivers[0].service = "a b".into()).contains("no service name"));
        assert!(fault(|m| m.drivers.push(m.drivers[0].clone())).contains("\"a\" is listed twice"));
        assert!(
            fault(|m| m.files.push(File::describe(MANIFEST_FILE, b""))).contains("cannot describe itself")
        );
    }
}
