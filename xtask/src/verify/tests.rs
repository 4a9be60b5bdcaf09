//! Tests of the whole examination, on a small bundle of synthetic images.

use std::time::{Duration, SystemTime};

use nmrctl::manifest::{File, MANIFEST_FILE, Manifest, Registration, Role, SIGNATURE_FILE};

use proptest::prelude::*;

use super::*;
use crate::package::assemble::samples;
use crate::package::manifest_bytes;
use crate::signature::{self, Content};
use crate::signer::Signer;
use crate::signer::samples::{other_signer, signer};

fn findings(bundle: &Bundle) -> Vec<Finding> {
    examine(bundle, &[], Expected::Signed, SystemTime::now()).findings
}

/// Whether one of the findings is about `file`, and `field`, and says `what`.
#[track_caller]
fn assert_found(bundle: &Bundle, file: &str, field: &str, what: &str) {
    let findings = findings(bundle);
    let hit = findings
        .iter()
        .any(|found| found.file == file && found.field.contains(field) && found.what.contains(what));
    let all: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(hit, "wanted {file}: {field}: {what}; got\n{}", all.join("\n"));
}

/// Describes and signs the bundle anew after its files were changed, as somebody with the key could.
fn seal(bundle: &mut Bundle, signer: &Signer, change: impl FnOnce(&mut Manifest)) {
    let mut manifest: Manifest = serde_json::from_slice(&bundle.files[MANIFEST_FILE]).unwrap();
    for path in [MANIFEST_FILE, SIGNATURE_FILE] {
        bundle.files.remove(path);
    }
    manifest.files =
        bundle.files.iter().map(|(path, content)| File::describe(path.as_str(), content)).collect();
    change(&mut manifest);
    let bytes = manifest_bytes(&manifest).unwrap();
    let signature = signature::sign(&Content::detached(&bytes), signer).unwrap();
    bundle.files.insert(MANIFEST_FILE.into(), bytes);
    bundle.files.insert(SIGNATURE_FILE.into(), signature);
}

fn changed_and_sealed(path: &str, change: impl FnOnce(&mut Vec<u8>)) -> Bundle {
    let mut bundle = samples::bundle();
    change(bundle.files.get_mut(path).unwrap());
    seal(&mut bundle, signer(), |_| {});
    bundle
}

#[test]
fn a_bundle_as_it_was_made_is_good() {
    let examined =
        examine(&samples::bundle(), &[], Expected::SignedBy(&signer().certificate), SystemTime::now());
    assert_eq!(examined.findings, []);
    assert_eq!(examined.drivers, ["composite"]);
}

/// Flips one bit of the byte `at` of the file at `path`, lets `look` at the bundle, and flips it back.
fn with_flipped<T>(bundle: &mut Bundle, path: &str, at: usize, look: impl FnOnce(&Bundle) -> T) -> T {
    let bit = 1 << (at % 8);
    bundle.files.get_mut(path).unwrap()[at] ^= bit;
    let seen = look(bundle);
    bundle.files.get_mut(path).unwrap()[at] ^= bit;
    seen
}

#[test]
fn each_changed_byte_of_the_manifest_and_of_its_signature_is_found() {
    let original = samples::bundle();
    std::thread::scope(|scope| {
        for path in [MANIFEST_FILE, SIGNATURE_FILE] {
            let mut bundle = original.clone();
            scope.spawn(move || {
                for at in 0..bundle.files[path].len() {
                    assert!(!with_flipped(&mut bundle, path, at, findings).is_empty(), "{path} byte {at}");
                }
            });
        }
    });
}

#[test]
fn each_changed_byte_of_each_listed_file_is_found() {
    let original = samples::bundle();
    let manifest: Manifest = serde_json::from_slice(&original.files[MANIFEST_FILE]).unwrap();
    for file in &manifest.files {
        let mut alone = Bundle { files: [(file.path.clone(), original.files[&file.path].clone())].into() };
        let listed = Manifest { files: vec![file.clone()], ..manifest.clone() };
        for at in 0..original.files[&file.path].len() {
            let mut findings = Vec::new();
            with_flipped(&mut alone, &file.path, at, |bundle| {
                manifest::check_files(bundle, &listed, &mut findings);
            });
            assert_eq!(findings.len(), 1, "{} byte {at}", file.path);
        }
        // The whole examination sees what that part of it sees; a sample shows that it is called.
        let mut whole = original.clone();
        for at in (0..original.files[&file.path].len()).step_by(97) {
            let found = with_flipped(&mut whole, &file.path, at, findings);
            assert!(
                found.iter().any(|finding| finding.file == file.path),
                "{} byte {at}: {found:?}",
                file.path
            );
        }
    }
}

#[test]
fn each_missing_and_each_added_file_is_found() {
    let original = samples::bundle();
    for path in original.files.keys() {
        let mut bundle = original.clone();
        bundle.files.remove(path);
        assert_found(&bundle, path, "file", "missing");
    }
    let mut bundle = original;
    bundle.files.insert("composite/extra.dll".into(), vec![]);
    assert_found(&bundle, "composite/extra.dll", "file", "does not list it");
}

#[test]
fn registrations_that_the_image_does_not_make_are_found() {
    let mut bundle = samples::bundle();
    seal(&mut bundle, signer(), |manifest| {
        manifest.drivers[0].registrations.push(Registration {
            name: "ghost".into(),
            role: Role::Client,
            npi: "c1b6a3b2-5d0f-4c39-9a77-3b1f0e6d2a41".into(),
            instances: 1,
        });
    });
    let what = "the image registers nothing, the manifest says ghost (Client of c1b6a3b2-";
    assert_found(&bundle, "composite/composite.sys", "registrations", what);
}

#[test]
fn a_bundle_signed_again_by_somebody_else_is_not_the_trusted_one() {
    let bundle = crate::package::seal::seal(&samples::unsigned(), other_signer()).unwrap();
    assert_eq!(findings(&bundle), []);
    let examined = examine(&bundle, &[], Expected::SignedBy(&signer().certificate), SystemTime::now());
    assert!(examined.findings[0].to_string().contains("signer.cer: certificate: it is not the trusted one"));
}

#[test]
fn an_expired_certificate_is_found() {
    let later = SystemTime::now() + Duration::from_secs(30 * 366 * 24 * 3600);
    let findings = examine(&samples::bundle(), &[], Expected::Signed, later).findings;
    assert!(findings[0].to_string().starts_with("signer.cer: certificate: it expired on"), "{findings:?}");
}

#[test]
fn a_changed_driver_is_found_by_its_catalog_even_when_the_manifest_is_signed_again() {
    let bundle = changed_and_sealed("composite/composite.sys", |bytes| bytes[0x201] ^= 1);
    assert_found(&bundle, "composite/composite.cat", "composite.sys (SHA-256)", "not in the catalog");
    assert_found(&bundle, "composite/composite.cat", "composite.sys (SHA-1)", "not in the catalog");
    assert_found(&bundle, "composite/composite.cat", "composite.sys (SHA-256)", "matches no file");
    assert_found(&bundle, "composite/composite.sys", "signature", "other content");
    assert_found(&bundle, "composite/composite.sys", "checksum", "the contents give");
}

#[test]
fn a_changed_inf_is_found_by_its_catalog_even_when_the_manifest_is_signed_again() {
    let bundle = changed_and_sealed("composite/composite.inf", |bytes| bytes.extend(b"; more\r\n"));
    assert_found(&bundle, "composite/composite.cat", "composite.inf (SHA-256)", "not in the catalog");
}

#[test]
fn an_image_for_another_architecture_is_found() {
    let bundle = changed_and_sealed("composite/composite.sys", |bytes| {
        bytes[0x44..0x46].copy_from_slice(&[0x64, 0xAA]);
    });
    assert_found(&bundle, "composite/composite.sys", "machine", "it is 0xaa64, x64 is 0x8664");
    assert_found(&bundle, "composite/composite.inf", "line ", "is an image for arm64");
}

#[test]
fn an_inf_that_names_a_missing_file_is_found() {
    let mut bundle = samples::bundle();
    bundle.files.remove("composite/composite.sys");
    seal(&mut bundle, signer(), |manifest| manifest.drivers[0].image = "nmrctl.exe".into());
    assert_found(&bundle, "composite/composite.inf", "line ", "composite.sys is not in the package");
    assert_found(&bundle, "composite/composite.inf", "CopyFiles", "does not install nmrctl.exe");
}

#[test]
fn a_manifest_that_disagrees_with_the_inf_is_found() {
    let disagreement = |change: fn(&mut Manifest)| {
        let mut bundle = samples::bundle();
        seal(&mut bundle, signer(), change);
        bundle
    };
    let inf = "composite/composite.inf";
    assert_found(
        &disagreement(|m| m.drivers[0].service = "other".into()),
        inf,
        "AddService",
        "\"composite\"",
    );
    assert_found(&disagreement(|m| m.version = "1.2.4".into()), inf, "DriverVer", "1.2.4.0");
    assert_found(&disagreement(|m| m.source.time += 86400), inf, "DriverVer", "01/02/2026");
    assert_found(
        &disagreement(|m| m.drivers[0].catalog = "signer.cer".into()),
        inf,
        "CatalogFile",
        "composite.cat",
    );
    assert_found(
        &disagreement(|m| m.architecture = "arm64".into()),
        "composite/composite.sys",
        "machine",
        "0x8664",
    );
    assert_found(
        &disagreement(|m| m.architecture = "mips".into()),
        MANIFEST_FILE,
        "architecture",
        "none we know",
    );
    assert_found(
        &disagreement(|m| m.signer.as_mut().unwrap().sha1 = "0".repeat(40)),
        "signer.cer",
        "sha1",
        "the manifest says 0000",
    );
}

#[test]
fn a_manifest_written_in_another_way_is_found() {
    let mut bundle = samples::bundle();
    let manifest: Manifest = serde_json::from_slice(&bundle.files[MANIFEST_FILE]).unwrap();
    let bytes = serde_json::to_vec(&manifest).unwrap();
    let signature = signature::sign(&Content::detached(&bytes), signer()).unwrap();
    bundle.files.insert(MANIFEST_FILE.into(), bytes);
    bundle.files.insert(SIGNATURE_FILE.into(), signature);
    assert_found(&bundle, MANIFEST_FILE, "layout", "not written as");
}

#[test]
fn no_manifest_and_no_bundle_are_told() {
    assert_found(&Bundle::default(), MANIFEST_FILE, "file", "missing");
}

#[test]
fn a_catalog_of_the_same_files_with_another_time_is_found() {
    let parts = samples::parts();
    let original = samples::bundle();
    let name = "composite/composite.inf";
    let inf = crate::inf::Inf::parse(name, &original.files[name]).unwrap();
    let systems = crate::catalog::System::list("10_RS5_X64").unwrap();
    let time = parts.moment.epoch() + 60;
    let parameters = crate::catalog::Parameters { systems, versions: None, identifier: None, time };
    let file = |path: &str| original.get(path).map(std::borrow::Cow::Borrowed);
    let list = crate::catalog::only_list(inf, &parameters, file).unwrap();
    let catalog = crate::catalog::signed(&list, signer()).unwrap();
    let bundle = changed_and_sealed("composite/composite.cat", |bytes| *bytes = catalog);
    assert_found(&bundle, "composite/composite.cat", "thisUpdate", "the manifest says");
    assert_found(&bundle, "composite/composite.cat", "OS", "_v100_X64_RS5");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Signed again after the change, so that the readers behind the manifest see it too.
    #[test]
    fn no_change_makes_the_examination_panic(
        file: prop::sample::Index,
        at: prop::sample::Index,
        removed in 0usize..40,
        added in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut bundle = samples::bundle();
        let path = file.get(&bundle.files.keys().cloned().collect::<Vec<_>>()).clone();
        let content = bundle.files.get_mut(&path).unwrap();
        let at = at.index(content.len());
        let end = content.len().min(at + removed);
        let before = content.clone();
        content.splice(at..end, added);
        let changed = *content != before;
        if ![MANIFEST_FILE, SIGNATURE_FILE].contains(&path.as_str()) {
            seal(&mut bundle, signer(), |_| {});
        }
        let vouched_for_twice = ![".pdb", ".md", ".txt", ".cdx.json"].iter().any(|end| path.ends_with(end));
        prop_assert!(!findings(&bundle).is_empty() || !changed || !vouched_for_twice, "{}", path);
    }
}
