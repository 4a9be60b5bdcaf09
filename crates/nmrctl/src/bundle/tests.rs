//! Bundles on disk, whole and damaged.

use super::*;
use crate::manifest::{FORMAT, File, SIGNATURE_FILE, Source};

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
    assert_eq!(damage, ["a/a.sys (a link): not in the manifest", "a/round (a link): not in the manifest"]);
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
