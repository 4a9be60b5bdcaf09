//! What other programs say about our signatures. Where a program is not installed its opinion is left out;
//! `NMR_TEST_REQUIRE_TOOLS=1`, which `cargo xtask test` sets, demands that of osslsigncode.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::bundle::write_folder;
use crate::exit;
use crate::package::assemble::samples;
use crate::process::Program;

const REQUIRE: &str = "NMR_TEST_REQUIRE_TOOLS";
const LIMIT: Duration = Duration::from_secs(60);

/// A bundle in a folder, with the certificate as the other programs want it.
fn bundle_on_disk() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_folder(&samples::bundle(), folder.path()).unwrap();
    fs::write(folder.path().join("signer.pem"), crate::signer::samples::pem().1).unwrap();
    folder
}

/// Whether `program` accepts; `None` when it is not installed and need not be.
pub(crate) fn opinion(folder: &Path, program: &str, arguments: &[&str]) -> Option<bool> {
    let run = Program::new(program, LIMIT).args(arguments).folder(folder).status(&folder.join("log"));
    match run {
        Ok(finished) => Some(finished.status.success()),
        Err(error) if exit::reason_of(&error) == exit::Reason::Missing => {
            let required =
                program == "osslsigncode" && std::env::var_os(REQUIRE).is_some_and(|value| value == "1");
            assert!(!required, "{program} is not installed, and {REQUIRE}=1 demands it");
            println!("left out: {program} is not installed");
            None
        }
        Err(error) => panic!("{error:#}"),
    }
}

/// Demands that osslsigncode accepts the files as they are and refuses each with one byte changed.
fn osslsigncode_tells_apart(arguments: &[&str], changed: &str, at: usize) {
    let folder = bundle_on_disk();
    let all = [&["verify", "-CAfile", "signer.pem"], arguments].concat();
    let Some(accepted) = opinion(folder.path(), "osslsigncode", &all) else {
        return;
    };
    assert!(accepted, "{all:?}: {}", fs::read_to_string(folder.path().join("log")).unwrap());
    let path = folder.path().join(changed);
    let mut bytes = fs::read(&path).unwrap();
    bytes[at] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(
        opinion(folder.path(), "osslsigncode", &all),
        Some(false),
        "{all:?} with byte {at} of {changed} changed"
    );
}

#[test]
fn osslsigncode_accepts_the_embedded_signature() {
    osslsigncode_tells_apart(&["-in", "composite/composite.sys"], "composite/composite.sys", 0x201);
    osslsigncode_tells_apart(&["-in", "nmrctl.exe"], "nmrctl.exe", 0x201);
}

#[test]
fn osslsigncode_accepts_the_catalog() {
    // A byte inside the list of digests.
    osslsigncode_tells_apart(&["-in", "composite/composite.cat"], "composite/composite.cat", 0x100);
}

#[test]
fn osslsigncode_finds_the_image_in_the_catalog() {
    let arguments = ["-catalog", "composite/composite.cat", "-in", "composite/composite.sys"];
    osslsigncode_tells_apart(&arguments, "composite/composite.sys", 0x201);
}

#[test]
fn openssl_accepts_the_signature_of_the_manifest() {
    let folder = bundle_on_disk();
    let arguments = "cms -verify -binary -inform DER -in manifest.p7s -content manifest.json -CAfile signer.pem -purpose any -out out";
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let Some(accepted) = opinion(folder.path(), "openssl", &arguments) else {
        return;
    };
    assert!(accepted, "{}", fs::read_to_string(folder.path().join("log")).unwrap());
    fs::write(folder.path().join("manifest.json"), "{}").unwrap();
    assert_eq!(opinion(folder.path(), "openssl", &arguments), Some(false));
}
