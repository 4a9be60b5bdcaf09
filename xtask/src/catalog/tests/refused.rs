//! What is refused, and where it says so; and what another program says of what is made.

use std::fs;

use super::*;
use crate::catalog::{Member, signed};
use crate::inf::rule::{self, Rule};
use crate::signer::samples;
use crate::verify::second_opinion::opinion;

/// The package `files`, changed by `change`, is refused because of `rule`, with words that contain `what`.
#[track_caller]
fn refused(mut files: Files, change: impl FnOnce(&mut Files), rule: Rule, what: &str) {
    change(&mut files);
    let lists = made(&files, "10_X64,10_RS3_ARM64");
    let problems: Vec<String> =
        lists.iter().filter_map(|(_, list)| list.as_ref().err()).map(ToString::to_string).collect();
    let all = problems.join("\n");
    assert!(all.contains(what) && all.contains(&format!("[{}]", rule.name)), "wanted {what:?}, got {all:?}");
}

fn put(files: &mut Files, path: &str, content: &[u8]) {
    files.insert(path.to_owned(), content.to_vec());
}

fn edit(files: &mut Files, from: &str, to: &str) {
    let inf = String::from_utf8(files["device.inf"].clone()).unwrap();
    assert!(inf.contains(from), "{from:?}");
    put(files, "device.inf", inf.replace(from, to).as_bytes());
}

#[test]
fn what_cannot_be_made_is_refused_with_a_reason() {
    refused(
        device(),
        |files| drop(files.remove("device.dat")),
        rule::MISSING_FILE,
        "the file device.dat is not in",
    );
    let arm = image(0xAA64, b"");
    refused(
        device(),
        |files| put(files, "x64/Device.SYS", &arm),
        rule::WRONG_MACHINE,
        "device.sys is an image for arm64",
    );
    refused(device(), |files| put(files, "device.dat", b"MSCF"), rule::UNCATALOGED, "cabinets");
    refused(
        device(),
        |files| put(files, "device.dat", &[0xD0, 0xCF, 0x11, 0xE0]),
        rule::UNCATALOGED,
        "installer databases",
    );
    refused(
        device(),
        |files| put(files, "x64/Device.SYS", b"text"),
        rule::UNCATALOGED,
        "device.sys: signature",
    );
    let script = |files: &mut Files| {
        edit(files, "device.dat", "device.ps1");
        put(files, "device.ps1", b"");
    };
    refused(device(), script, rule::UNCATALOGED, "scripts");
    refused(
        device(),
        |files| edit(files, "device.dat", "d\u{e9}vice.dat"),
        rule::FILE_NAME,
        "not a plain file name",
    );
    let trust = "[SignatureAttributes]\ndevice.sys = Trust\n[Trust]\nPETrust = true\n[Device.Files]";
    refused(device(), |files| edit(files, "[Device.Files]", trust), rule::SIGNATURE_ATTRIBUTES, "PETrust");
    refused(
        device(),
        |files| edit(files, "device-x64.cat", "..\\x.cat"),
        rule::CATALOG_FILE,
        "CatalogFile is",
    );
    refused(
        device(),
        |files| edit(files, "CatalogFile.NT", "Other.NT"),
        rule::CATALOG_FILE,
        "names no catalog",
    );
    refused(
        device(),
        |files| edit(files, "@device.dat", "@nothing.dat"),
        rule::SOURCE_FILE,
        "is not in [SourceDisksFiles]",
    );
}

#[test]
fn a_catalog_does_not_vouch_for_itself() {
    let change = |files: &mut Files| {
        edit(files, "device.dat", "device-x64.cat");
        put(files, "device-x64.cat", b"old");
    };
    refused(device(), change, rule::LISTED_CATALOG, "does not vouch for itself");
}

#[test]
fn one_package_that_is_refused_does_not_keep_the_others() {
    let mut files = device();
    files.extend(primitive());
    files.remove("primitive.sys");
    let outcomes: Vec<_> =
        made(&files, "10_X64").into_iter().map(|(name, list)| (name, list.is_ok())).collect();
    assert_eq!(outcomes, [("device-x64.cat".to_owned(), true), ("primitive.cat".to_owned(), false)]);
}

#[test]
fn packages_of_sub_folders_have_their_catalogs_there_and_name_all_devices() {
    let mut files: Files =
        device().into_iter().map(|(path, content)| (format!("sub/{path}"), content)).collect();
    files.extend(primitive());
    let names: Vec<_> = made(&files, "10_X64").into_iter().map(|(name, list)| (name, list.is_ok())).collect();
    assert_eq!(names, [("primitive.cat".to_owned(), true), ("sub/device-x64.cat".to_owned(), true)]);
    let of_root: Vec<_> =
        list(&files, "10_X64", "primitive.cat").attributes().map(|(name, _)| name).collect();
    assert_eq!(of_root, ["OS", "HWID3", "HWID2", "HWID1"]);
}

#[test]
fn two_inf_files_may_share_a_catalog() {
    let mut files = primitive();
    let second = String::from_utf8(files["primitive.inf"].clone()).unwrap();
    put(&mut files, "second.inf", second.replace("primitive.sys", "second.sys").as_bytes());
    put(&mut files, "second.sys", &image(0x8664, b"second"));
    let list = list(&files, "10_X64", "primitive.cat");
    let names: std::collections::BTreeSet<_> = list.members.iter().filter_map(Member::file).collect();
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        ["primitive.inf", "primitive.sys", "second.inf", "second.sys"]
    );
}

#[test]
fn the_same_content_under_two_names_is_there_twice_by_name() {
    let mut files = device();
    edit(&mut files, "@device.dat", "@device.dat, @again.dat");
    edit(&mut files, "device.dat = 1", "device.dat = 1\nagain.dat = 1");
    put(&mut files, "again.dat", b"data");
    let list = list(&files, "10_X64", "device-x64.cat");
    let names: Vec<_> =
        list.members.iter().filter_map(Member::file).filter(|name| name.ends_with(".dat")).collect();
    assert_eq!(names, ["again.dat", "device.dat", "again.dat", "device.dat"]);
    assert!(list.members.is_sorted_by(|left, right| left.tag.as_bytes() <= right.tag.as_bytes()));
}

#[test]
fn osslsigncode_finds_the_image_of_a_device_in_its_catalog() {
    let files = device();
    let list = list(&files, "10_X64", "device-x64.cat");
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).unwrap();
    write("device.cat", &signed(&list, samples::signer()).unwrap());
    write("signer.pem", samples::pem().1);
    write("device.sys", &files["x64/Device.SYS"]);
    let arguments = ["verify", "-CAfile", "signer.pem", "-catalog", "device.cat", "-in", "device.sys"];
    let Some(accepted) = opinion(folder.path(), "osslsigncode", &arguments) else { return };
    assert!(accepted, "{}", fs::read_to_string(folder.path().join("log")).unwrap());
    write("device.sys", &image(0x8664, b"other code"));
    assert_eq!(opinion(folder.path(), "osslsigncode", &arguments), Some(false));
}
