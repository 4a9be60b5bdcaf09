//! Tests of packages that somebody else made, on small ones of synthetic images.

mod outdated;

use std::time::Duration;

use super::*;
use crate::certificate::samples::{Issued, authority, issue};
use crate::package::assemble::samples as bundles;
use crate::signer::samples::{other_signer, signer};

/// The driver's folder of our own bundle, without anything that makes it one.
fn package() -> Bundle {
    let bundle = bundles::bundle();
    let own = |(path, content): (&String, &Vec<u8>)| {
        Some((path.strip_prefix("composite/")?.to_owned(), content.clone()))
    };
    Bundle { files: bundle.files.iter().filter_map(own).collect() }
}

fn examined(files: &Bundle) -> Examined {
    assert!(is_one(files));
    examine(files, &[], &[signer().certificate.clone()], SystemTime::now())
}

/// The classes and texts of what was found.
fn found(files: &Bundle) -> String {
    examined(files).findings.iter().map(|finding| format!("{:?} {finding}\n", finding.class)).collect()
}

fn changed(path: &str, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut files = package();
    change(files.files.get_mut(path).unwrap());
    found(&files)
}

#[test]
fn a_package_as_it_was_made_is_good() {
    let examined = examined(&package());
    assert_eq!(examined.findings, []);
    assert_eq!(examined.drivers, ["composite.sys"]);
    let signers: Vec<_> = examined.signers.iter().map(Certificate::sha1).collect();
    assert_eq!(signers, [signer().certificate.sha1()]);
    assert_eq!(examined.not_vouched_for, ["composite.pdb"]);
}

#[test]
fn each_kind_of_change_has_its_class() {
    let image = changed("composite.sys", |bytes| bytes[0x201] ^= 1);
    assert!(image.contains("Catalog composite.sys: digest: its catalog does not know"), "{image}");
    assert!(image.contains("Signature composite.sys: signature: it was made for other content"), "{image}");
    assert!(image.contains("Image composite.sys: checksum"), "{image}");
    let inf = changed("composite.inf", |bytes| bytes.extend(b"; more\r\n"));
    assert!(inf.contains("Catalog composite.inf: digest"), "{inf}");
    let syntax = changed("composite.inf", |bytes| bytes.extend(b"[open"));
    assert!(syntax.contains("Inf composite.inf: line"), "{syntax}");
    let rule = changed("composite.inf", |bytes| {
        *bytes = String::from_utf8(bytes.clone()).unwrap().replace("%Disk%", "%Nothing%").into_bytes();
    });
    assert!(rule.contains("Inf composite.inf: line") && rule.contains("%Nothing%"), "{rule}");
    let symbols = changed("composite.pdb", |bytes| *bytes = crate::symbols::samples::symbols([9; 16]));
    assert!(symbols.contains("Image composite.pdb: GUID: it is 0909"), "{symbols}");
    let catalog = changed("composite.cat", |bytes| bytes[0x100] ^= 1);
    assert!(catalog.contains("Signature composite.cat: signature"), "{catalog}");
    let mut files = package();
    files.files.remove("composite.sys");
    assert!(found(&files).contains("Damaged composite.inf: line"), "{}", found(&files));
    files.files.remove("composite.cat");
    assert!(found(&files).contains("composite.cat is not in the package"), "{}", found(&files));
}

#[test]
fn letter_case_does_not_count() {
    let mut files = package();
    let image = files.files.remove("composite.sys").unwrap();
    files.files.insert("Composite.SYS".into(), image);
    assert_eq!(found(&files), "");
}

#[test]
fn a_package_that_another_root_vouches_for_is_not_trusted() {
    let examined = examine(&package(), &[], &[other_signer().certificate.clone()], SystemTime::now());
    assert!(examined.findings.iter().all(|finding| finding.class == Class::Trust), "{:?}", examined.findings);
    assert_eq!(examined.findings.len(), 2);
    let unjudged = examine(&package(), &[], &[], SystemTime::now());
    assert_eq!(unjudged.findings, []);
}

/// A package signed by `leaf`, with a timestamp if `stamped` names who gives it.
fn signed_by(leaf: &Issued, root: &Issued, stamped: Option<&Issued>) -> Bundle {
    let pem = format!("{}{}", leaf.certificate_pem, root.certificate_pem);
    let signer = crate::signer::samples::with_timestamps(leaf.key_pem.as_bytes(), pem.as_bytes(), stamped);
    let bundle = crate::package::seal::seal(&bundles::unsigned(), &signer).unwrap();
    let own = |(path, content): (&String, &Vec<u8>)| {
        Some((path.strip_prefix("composite/")?.to_owned(), content.clone()))
    };
    Bundle { files: bundle.files.iter().filter_map(own).collect() }
}

#[test]
fn a_timestamp_outlives_the_certificate_if_its_authority_is_trusted() {
    let root = authority("root", None);
    let leaf = issue("leaf", Some(&root), |params| {
        params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::CodeSigning];
        // From a while before the time that the authority tells, which is the first of January 2026, for twenty years.
        params.not_before = time::OffsetDateTime::from_unix_timestamp(1_750_000_000).unwrap();
        params.not_after = time::OffsetDateTime::from_unix_timestamp(2_400_000_000).unwrap();
    });
    let clock = crate::signature::timestamp::samples::authority();
    let files = signed_by(&leaf, &root, Some(&clock));
    let later = SystemTime::UNIX_EPOCH + Duration::from_secs(2_500_000_000);
    let both = [root.certificate.clone(), clock.certificate.clone()];
    assert_eq!(examine(&files, &[], &both, later).findings, []);
    let without = examine(&files, &[], &both[..1], later).findings;
    assert!(!without.is_empty() && without.iter().all(|found| found.class == Class::Trust), "{without:?}");
    assert!(without[0].what.contains("expired on"), "{without:?}");
    // Where nobody asks whom to trust, the time is taken at its word.
    assert_eq!(examine(&files, &[], &[], later).findings, []);
    let never = signed_by(&leaf, &root, None);
    assert!(examine(&never, &[], &[], later).findings[0].what.contains("expired on"));
}

#[test]
fn both_architectures_are_examined() {
    let mut parts = bundles::parts();
    parts.architecture = Architecture::Arm64;
    let arm = |bytes: &mut Vec<u8>| bytes[0x44..0x46].copy_from_slice(&0xAA64_u16.to_le_bytes());
    arm(&mut parts.drivers[0].image);
    arm(&mut parts.nmrctl);
    let unsigned = crate::package::assemble::assemble(&parts).unwrap();
    let bundle = crate::package::seal::seal(&unsigned, signer()).unwrap();
    let expected = crate::verify::Expected::SignedBy(&signer().certificate);
    assert_eq!(crate::verify::examine(&bundle, &[], expected, SystemTime::now()).findings, []);
    let inf = String::from_utf8(bundle.files["composite/composite.inf"].clone()).unwrap();
    assert!(inf.contains("[DefaultInstall.NTarm64]"), "{inf}");
    let own = |(path, content): (&String, &Vec<u8>)| {
        Some((path.strip_prefix("composite/")?.to_owned(), content.clone()))
    };
    assert_eq!(found(&Bundle { files: bundle.files.iter().filter_map(own).collect() }), "");
}

#[test]
fn code_that_can_be_changed_and_imports_from_the_future_are_found() {
    use std::borrow::Cow;

    use crate::architecture::Architecture;
    use crate::catalog::{Parameters, only_list, signed};
    use crate::inf::Inf;
    use crate::pe::samples::{SectionSample, image_with_sections, importing};
    let with = |image: Vec<u8>| {
        let mut files = package();
        let inf = files.files["composite.inf"].clone();
        files.files.insert("composite.sys".into(), image);
        let inf = Inf::parse("composite.inf", &inf).unwrap();
        let parameters = Parameters::of_bundle(Architecture::X64, 1_767_225_600);
        let list = only_list(inf, &parameters, |path| files.get(path).map(Cow::Borrowed)).unwrap();
        let catalog = signed(&list, signer()).unwrap();
        files.files.insert("composite.cat".into(), catalog);
        found(&files)
    };
    let flags = 0x2000_0000 | 0x8000_0000;
    let both = with(image_with_sections(&[SectionSample { name: "RWX", flags, content: b"code" }]));
    assert!(both.contains("Image composite.sys: section RWX: it is writable and executable"), "{both}");
    let future = with(importing("ntoskrnl.exe", &["ExAllocatePool2"]));
    assert!(future.contains("System composite.sys: imports: it imports ExAllocatePool2"), "{future}");
}

/// What is found when `path` with `content` is added.
fn with_added(path: &str, content: &[u8]) -> (String, Vec<String>) {
    let mut files = package();
    files.files.insert(path.to_owned(), content.to_vec());
    (found(&files), examined(&files).not_vouched_for)
}

#[test]
fn what_no_inf_leads_to_is_told_and_code_must_be_vouched_for() {
    let code = crate::pe::samples::image(0x8664, b"an addition");
    let (extra, _) = with_added("helper.dll", &code);
    assert!(extra.contains("Catalog helper.dll: digest: neither a catalog nor a signature"), "{extra}");
    assert_eq!(
        with_added("notes.txt", b"text"),
        (String::new(), vec!["composite.pdb".into(), "notes.txt".into()])
    );
    // A second copy of what the catalog knows, and what has a signature of its own.
    let known = package().files["composite.sys"].clone();
    assert_eq!(with_added("copy/driver.bin", &known).0, "");
    let signed = bundles::bundle().files["nmrctl.exe"].clone();
    assert_eq!(with_added("tool.exe", &signed).0, "");
    let mut changed = signed;
    changed[0x201] ^= 1;
    assert!(
        with_added("tool.exe", &changed).0.contains("Signature tool.exe: signature: it was made for other")
    );
}

#[test]
fn what_is_called_code_is_code() {
    for path in ["helper.sys", "helper.DLL", "helper.exe"] {
        let (found, _) = with_added(path, b"text");
        assert!(found.contains(&format!("Catalog {path}: digest: neither a catalog nor")), "{found}");
    }
}

#[test]
fn a_bundle_without_its_manifest_is_no_good_package() {
    let mut files = bundles::bundle();
    files.files.remove("manifest.json");
    files.files.insert("nmrctl.exe".into(), crate::pe::samples::image(0x8664, b"another program"));
    assert!(found(&files).contains("Catalog nmrctl.exe: digest"), "{}", found(&files));
}

#[test]
fn names_that_windows_does_not_tell_apart_are_found() {
    let inf = package().files["composite.inf"].clone();
    let (twice, _) = with_added("Composite.INF", &inf);
    assert!(twice.contains("Damaged composite.inf: name: its name is that of Composite.INF"), "{twice}");
    let (other, _) = with_added("COMPOSITE.INF", &[&inf, &b"; more\r\n"[..]].concat());
    assert!(other.contains("Catalog COMPOSITE.INF: digest"), "{other}");
}

#[test]
fn what_was_left_out_while_reading_is_found() {
    let odd = Oddity { path: "link.sys".into(), what: "it is neither a file nor a folder".into() };
    let findings = examine(&package(), &[odd], &[], SystemTime::now()).findings;
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["link.sys: name: it is neither a file nor a folder"]);
}

#[test]
fn each_signer_is_named() {
    let mut files = package();
    for (path, content) in crate::package::seal::seal(&bundles::unsigned(), other_signer()).unwrap().files {
        if let Some(name) = path.strip_prefix("composite/") {
            files.files.insert(format!("second/{name}"), content);
        }
    }
    let mut signers: Vec<_> =
        examine(&files, &[], &[], SystemTime::now()).signers.iter().map(Certificate::sha1).collect();
    signers.sort();
    let mut expected = [signer().certificate.sha1(), other_signer().certificate.sha1()];
    expected.sort();
    assert_eq!(signers, expected);
}

#[test]
fn a_signature_of_another_kind_vouches_for_nothing() {
    use crate::signature::{Content, sign};
    let files = package();
    let image = Image::parse(&files.files["composite.sys"]).unwrap();
    let of_image = sign(&Content::image(&image).unwrap(), signer()).unwrap();
    let of_list = &files.files["composite.cat"];
    assert!(vouched::digests(of_list).is_ok());
    assert_eq!(vouched::check_embedded(&of_image, &image), Ok(()));
    assert!(vouched::digests(&of_image).unwrap_err().contains("not a list of files"));
    // The same content, signed as a list.
    let (_, content) = general::content(&of_image, Form::Signature).unwrap();
    let disguised = sign(&Content::catalog(&content).unwrap(), signer()).unwrap();
    assert!(vouched::check_embedded(&disguised, &image).unwrap_err().contains("not the digest of an image"));
}

/// A small generator of numbers (xorshift): the same on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as usize
    }

    /// Changes `bytes` in one of five ways.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        let at = self.roll(bytes.len());
        match self.roll(5) {
            0 => bytes[at] ^= 1 << self.roll(8),
            1 => bytes[at] = [0, 0x7F, 0x80, 0xFF][self.roll(4)],
            2 => bytes.truncate(at),
            3 => {
                let end = (at + 1 + self.roll(64)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                let to = self.roll(bytes.len());
                bytes.splice(to..to, part);
            }
            _ => {
                let end = (at + 4).min(bytes.len());
                for byte in &mut bytes[at..end] {
                    *byte = self.roll(256) as u8;
                }
            }
        }
    }
}

#[test]
fn thousands_of_changed_packages_are_all_found_out_and_none_makes_the_examination_panic() {
    let original = package();
    let paths = ["composite.cat", "composite.inf", "composite.sys"];
    let list = |files: &Bundle| general::content(&files.files["composite.cat"], Form::Signature).ok();
    let mut dice = Dice(0x1234_5678_9ABC_DEF1);
    for round in 0..2000 {
        let mut files = original.clone();
        let path = paths[dice.roll(paths.len())];
        dice.mutate(files.files.get_mut(path).unwrap());
        if files == original {
            continue;
        }
        let accepted = examined(&files).findings.is_empty();
        // Names of algorithms beside a signature may change without changing anything.
        let same = path == "composite.cat" && list(&files) == list(&original);
        assert!(!accepted || same, "round {round}: a change of {path} was accepted");
    }
}
