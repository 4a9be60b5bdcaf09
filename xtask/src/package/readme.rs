//! The page that goes with a bundle.

use nmrctl::manifest::{Manifest, Signer};

use crate::oldest_system;

/// The page's name in the bundle.
pub(super) const FILE: &str = "README.md";

/// What the person who opens the bundle needs to know.
pub(super) fn text(manifest: &Manifest) -> String {
    let Manifest { name, version, architecture, source, minimum_build, .. } = manifest;
    let first = manifest.drivers.first().map_or("", |driver| driver.service.as_str());
    let drivers: String = manifest
        .drivers
        .iter()
        .map(|driver| format!("| `{}` | `{}` | `{}` |\n", driver.service, driver.image, driver.inf))
        .collect();
    let revision = match (&source.revision, source.modified) {
        (Some(revision), false) => format!("commit {revision}"),
        (Some(revision), true) => format!("commit {revision} with local changes"),
        (None, _) => "sources without version control".to_owned(),
    };
    let signed = match &manifest.signer {
        Some(Signer { certificate, sha1, .. }) => {
            format!("Signed by the certificate in `{certificate}`, thumbprint `{sha1}`.")
        }
        None => {
            "Nobody has signed it yet: `cargo xtask sign <this folder>` does. Until then no machine takes it."
                .to_owned()
        }
    };
    let certificate = manifest.signer.as_ref().map_or("signer.cer", |signer| signer.certificate.as_str());
    let system = oldest_system::name(*minimum_build);
    format!(
        "# {name} {version} for {architecture}

Kernel drivers for a lab machine, not for production. Made from {revision} with {toolchain}.

| service | image | INF |
|---|---|---|
{drivers}
{signed} `sbom.cdx.json` says what each image
is made of, `THIRD-PARTY.txt` has the licences of what others wrote.

## On the lab machine
Needs {system} or later ({architecture}) with test signing on (`bcdedit /set testsigning on`, then restart; Secure
Boot must be off). In this folder, as administrator:

    .\\nmrctl.exe preflight
    .\\nmrctl.exe install .
    .\\nmrctl.exe start {first}
    .\\nmrctl.exe status
    .\\nmrctl.exe stop {first}
    .\\nmrctl.exe uninstall

`install` puts the certificate into the machine's Root and TrustedPublisher stores and installs each INF. Every command answers
with one JSON document.

## From a desk
In the checkout this bundle was made from: `cargo xtask verify <this folder>` examines every byte without trusting anything in
it, `cargo xtask deploy --host user@machine --bundle <this folder>` does all of the above over SSH.

With other tools, on Linux:

    openssl x509 -inform DER -in {certificate} -out signer.pem
    osslsigncode verify -CAfile signer.pem -in <driver>/<driver>.sys
    osslsigncode verify -CAfile signer.pem -in <driver>/<driver>.cat
    osslsigncode verify -CAfile signer.pem -catalog <driver>/<driver>.cat -in <driver>/<driver>.sys
    openssl cms -verify -binary -inform DER -in manifest.p7s -content manifest.json -CAfile signer.pem -purpose any -out /dev/null

On Windows, with the SDK: `signtool verify /v /pa /c <driver>\\<driver>.cat <driver>\\<driver>.sys`.
",
        toolchain = source.toolchain,
    )
}
