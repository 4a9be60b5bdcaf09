//! A bundle as it lies in a folder of this machine.

use std::fs;
use std::path::{Path, PathBuf};

use crate::answer::BundleReport;
use crate::failure::{Failure, FailureCode};
use crate::machine::Facts;
use crate::manifest::{Driver, MANIFEST_FILE, Manifest, SIGNATURE_FILE, Signer, sha256_hex};

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

/// The failure for a report with damage.
#[must_use]
pub fn damaged(report: &BundleReport) -> Failure {
    let message = format!("the bundle in {} is damaged: {}", report.folder, report.damage.join("; "));
    Failure::new(FailureCode::BundleDamaged, message, COPY_AGAIN)
}

/// Windows compares names of services without regard to case.
pub(crate) fn same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// A folder that goes into records must mean the same from any working directory.
fn absolute(folder: &Path) -> PathBuf {
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::manifest::{FORMAT, File, Source};

    /// A bundle of `drivers` in `folder`; the image of a driver is the text `<name> <version>`.
    pub(crate) fn write_bundle(folder: &Path, version: &str, drivers: &[&str]) -> Bundle {
        let mut contents = vec![
            ("nmrctl.exe".to_owned(), "program".to_owned()),
            ("signer.cer".to_owned(), "der".to_owned()),
            ("sbom.cdx.json".to_owned(), "{}".to_owned()),
            ("THIRD-PARTY.txt".to_owned(), "none".to_owned()),
        ];
        for name in drivers {
            let inf = "[DefaultInstall.NTamd64]\r\n[DefaultUninstall.NTamd64]\r\n".to_owned();
            contents.push((format!("{name}/{name}.inf"), inf));
            contents.push((format!("{name}/{name}.sys"), format!("{name} {version}")));
            for extension in ["cat", "pdb"] {
                contents.push((format!("{name}/{name}.{extension}"), extension.to_owned()));
            }
        }
        contents.sort();
        for (path, content) in &contents {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let driver = |name: &&str| Driver {
            service: (*name).to_owned(),
            inf: format!("{name}/{name}.inf"),
            catalog: format!("{name}/{name}.cat"),
            image: format!("{name}/{name}.sys"),
            symbols: format!("{name}/{name}.pdb"),
            symbols_id: None,
            minimum_build: 18362,
            registrations: Vec::new(),
        };
        let manifest = Manifest {
            format: FORMAT,
            name: "sample".to_owned(),
            version: version.to_owned(),
            architecture: "x64".to_owned(),
            source: Source { revision: None, modified: false, toolchain: "rustc".to_owned(), time: 0 },
            signer: Some(Signer {
                certificate: "signer.cer".to_owned(),
                sha1: "0".repeat(40),
                sha256: "0".repeat(64),
            }),
            nmrctl: "nmrctl.exe".to_owned(),
            minimum_build: 18362,
            sbom: "sbom.cdx.json".to_owned(),
            licences: "THIRD-PARTY.txt".to_owned(),
            drivers: drivers.iter().map(driver).collect(),
            files: contents.iter().map(|(path, content)| File::describe(path, content.as_bytes())).collect(),
        };
        fs::write(folder.join(MANIFEST_FILE), serde_json::to_vec(&manifest).unwrap()).unwrap();
        Bundle::open(folder).unwrap()
    }

    #[test]
    fn an_intact_bundle_is_intact_with_its_signature_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = write_bundle(folder.path(), "1.0.0", &["a", "b"]);
        fs::write(folder.path().join(SIGNATURE_FILE), "signature").unwrap();
        assert_eq!(bundle.require_intact().unwrap().files, 12);
    }

    #[test]
    fn every_kind_of_damage_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = write_bundle(folder.path(), "1.0.0", &["a", "b"]);
        fs::write(bundle.path("a/a.sys"), "x").unwrap();
        fs::remove_file(bundle.path("b/b.inf")).unwrap();
        fs::write(folder.path().join("version.dll"), "planted").unwrap();
        let failure = bundle.require_intact().unwrap_err();
        assert_eq!(failure.code, FailureCode::BundleDamaged);
        for part in ["a/a.sys: size", "b/b.inf: ", "version.dll: not in the manifest"] {
            assert!(failure.message.contains(part), "{part} in {}", failure.message);
        }
        assert_eq!(bundle.examine().files, 10);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_damage_wherever_it_leads() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = write_bundle(folder.path(), "1.0.0", &["a"]);
        let elsewhere = tempfile::tempdir().unwrap();
        fs::rename(bundle.path("a/a.sys"), elsewhere.path().join("a.sys")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join("a.sys"), bundle.path("a/a.sys")).unwrap();
        std::os::unix::fs::symlink(folder.path(), bundle.path("a/round")).unwrap();
        let damage = bundle.examine().damage;
        assert_eq!(
            damage,
            ["a/a.sys (a link): not in the manifest", "a/round (a link): not in the manifest"]
        );
    }

    #[test]
    fn what_is_read_is_what_the_manifest_says() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = write_bundle(folder.path(), "1.0.0", &["a"]);
        assert_eq!(bundle.read("a/a.sys").unwrap(), b"a 1.0.0");
        fs::write(bundle.path("a/a.sys"), "a 6.6.6").unwrap();
        assert_eq!(bundle.read("a/a.sys").unwrap_err().code, FailureCode::BundleDamaged);
    }

    #[test]
    fn a_folder_without_manifest_and_a_manifest_without_sense_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Bundle::open(folder.path()).unwrap_err().code, FailureCode::BundleMissing);
        fs::write(folder.path().join(MANIFEST_FILE), "{}").unwrap();
        assert_eq!(Bundle::open(folder.path()).unwrap_err().code, FailureCode::BundleDamaged);
    }

    #[test]
    fn drivers_come_in_the_order_of_the_bundle_whatever_was_asked() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = write_bundle(folder.path(), "1.0.0", &["b", "a", "c"]);
        let names = |wanted: &[&str]| -> Vec<String> {
            let wanted: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
            bundle.select(&wanted).unwrap().iter().map(|driver| driver.service.clone()).collect()
        };
        assert_eq!(names(&[]), ["b", "a", "c"]);
        assert_eq!(names(&["C", "b"]), ["b", "c"]);
        let failure = bundle.select(&["d".to_owned()]).unwrap_err();
        assert_eq!(failure.code, FailureCode::UnknownDriver);
        assert_eq!(failure.advice, "its drivers are: b, a, c");
    }
}
