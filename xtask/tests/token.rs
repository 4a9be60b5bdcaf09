//! Signing with a key that stays in a token, by SoftHSM, from the command line to osslsigncode's opinion. Without these
//! programs the test leaves itself out, unless `NMR_TEST_REQUIRE_TOOLS` is set, as `cargo xtask test` does.
#![cfg(all(unix, feature = "pkcs11"))]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rcgen::{
    CertificateParams, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize,
};

const PIN: &str = "1234";

/// Where distributions put the library.
fn library() -> Option<PathBuf> {
    [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib64/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
    ]
    .map(PathBuf::from)
    .into_iter()
    .find(|path| path.is_file())
}

/// A token with a key called `signer`, and a driver package to sign.
struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(scene.path("tokens")).unwrap();
        let settings = format!("directories.tokendir = {}\n", scene.path("tokens").display());
        fs::write(scene.path("softhsm2.conf"), settings).unwrap();
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let mut params = CertificateParams::default();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        fs::write(scene.path("certificate.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        fs::write(scene.path("key.pem"), key.serialize_pem()).unwrap();
        fs::set_permissions(scene.path("key.pem"), fs::Permissions::from_mode(0o600)).unwrap();
        let token = ["--init-token", "--free", "--label", "test", "--pin", PIN, "--so-pin", PIN];
        scene.softhsm(&token);
        let key = scene.path("key.pem");
        let import =
            ["--import", key.to_str().unwrap(), "--token", "test", "--label", "signer", "--id", "01"];
        scene.softhsm(&[&import[..], &["--pin", PIN]].concat());
        fs::create_dir(scene.path("package")).unwrap();
        let inx = include_str!("../../inf/composite.inx");
        let inf =
            inx.replace("$ARCH$", "amd64").replace("$DATE$", "01/01/2026").replace("$VERSION$", "1.2.3.0");
        fs::write(scene.path("package/composite.inf"), inf).unwrap();
        fs::write(scene.path("package/composite.sys"), image()).unwrap();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, program: impl AsRef<Path>, arguments: &[&str]) -> Output {
        Command::new(program.as_ref())
            .args(arguments)
            .env("SOFTHSM2_CONF", self.path("softhsm2.conf"))
            .env("SOURCE_DATE_EPOCH", "1767225600")
            .env("TOKEN_PIN", PIN)
            .env("WRONG_PIN", "9999")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn softhsm(&self, arguments: &[&str]) {
        let output = self.run("softhsm2-util", arguments);
        assert!(output.status.success(), "{output:?}");
    }

    /// The exit code of `catalog` with the key called `label` in the token, and what it says.
    fn catalog(&self, module: &Path, label: &str, pin_variable: &str) -> (Option<i32>, String) {
        let (package, certificate) = (self.path("package"), self.path("certificate.pem"));
        let arguments = [
            "catalog",
            package.to_str().unwrap(),
            "--token-module",
            module.to_str().unwrap(),
            "--token-key",
            label,
            "--password-env",
            pin_variable,
            "--certificate",
            certificate.to_str().unwrap(),
        ];
        let output = self.run(env!("CARGO_BIN_EXE_xtask"), &arguments);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// A small image for x64.
fn image() -> Vec<u8> {
    let mut bytes = vec![0; 0x200];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3C] = 0x40;
    bytes[0x40..0x44].copy_from_slice(b"PE\0\0");
    bytes[0x44..0x46].copy_from_slice(&0x8664_u16.to_le_bytes());
    bytes[0x54..0x56].copy_from_slice(&240_u16.to_le_bytes());
    bytes[0x58..0x5A].copy_from_slice(&0x20B_u16.to_le_bytes());
    bytes[0x58 + 108] = 16;
    bytes
}

fn is_installed(program: &str) -> bool {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|folder| folder.join(program).is_file())
}

#[test]
fn a_key_in_a_token_signs_and_another_pin_label_or_library_does_not() {
    let Some(library) = library().filter(|_| is_installed("softhsm2-util") && is_installed("osslsigncode"))
    else {
        let required = std::env::var_os("NMR_TEST_REQUIRE_TOOLS").is_some();
        assert!(!required, "NMR_TEST_REQUIRE_TOOLS is set, and SoftHSM or osslsigncode is not installed");
        println!("left out: SoftHSM or osslsigncode is not installed");
        return;
    };
    let scene = Scene::new();
    let (code, said) = scene.catalog(&library, "signer", "WRONG_PIN");
    assert!(code == Some(1) && said.contains("refuses the PIN"), "{said}");
    let (code, said) = scene.catalog(&library, "nobody", "TOKEN_PIN");
    assert!(code == Some(1) && said.contains("no token has a private key called \"nobody\""), "{said}");
    let (code, said) = scene.catalog(&scene.path("no-library.so"), "signer", "TOKEN_PIN");
    assert!(code == Some(3) && said.contains("no-library.so cannot be loaded"), "{said}");
    assert!(!scene.path("package/composite.cat").exists());

    let (code, said) = scene.catalog(&library, "signer", "TOKEN_PIN");
    assert_eq!(code, Some(0), "{said}");
    let (catalog, certificate) = (scene.path("package/composite.cat"), scene.path("certificate.pem"));
    let arguments = ["verify", "-in", catalog.to_str().unwrap(), "-CAfile", certificate.to_str().unwrap()];
    let opinion = scene.run("osslsigncode", &arguments);
    assert!(opinion.status.success(), "{}", String::from_utf8_lossy(&opinion.stdout));
}
