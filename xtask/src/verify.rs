//! `cargo xtask verify`: examines a bundle, folder or archive, offline and without trusting anything in it.

mod catalog;
mod driver;
mod finding;
mod image;
mod manifest;

use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::bundle::{Bundle, Oddity, chosen};
use crate::certificate::Certificate;
use crate::context::Context;
use crate::exit;

pub(crate) use finding::Finding;

/// The arguments of `verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask verify target/package/nmr-drivers-0.1.0-x64
  cargo xtask verify nmr-drivers-0.1.0-x64.zip --json
  cargo xtask verify bundle --certificate trusted.pem

The bundle carries its own certificate: whoever changes all of it can sign it again with another. Compare the thumbprint,
or name the certificate you trust.")]
pub(crate) struct Args {
    /// The bundle: its folder, or its archive [default: the newest under target/package]
    bundle: Option<PathBuf>,
    /// Demand that exactly this certificate (DER or PEM) signed the bundle.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
}

/// What was found out about a bundle.
#[derive(Debug, Serialize)]
struct Report {
    bundle: PathBuf,
    /// Whether nothing is wrong.
    good: bool,
    files: usize,
    /// The drivers' services.
    drivers: Vec<String>,
    /// The signer's subject and thumbprint.
    signer: Option<SignerReport>,
    findings: Vec<Finding>,
}

#[derive(Debug, Serialize)]
struct SignerReport {
    subject: String,
    sha1: String,
}

/// Runs `verify`.
pub(crate) fn run(args: Args, context: &Context) -> Result<()> {
    let trusted = args.certificate.as_deref().map(read_certificate).transpose()?;
    let path = chosen(args.bundle, context)?;
    let (bundle, oddities) = Bundle::read(&path)?;
    let examined = examine(&bundle, &oddities, trusted.as_ref(), SystemTime::now());
    let report = Report {
        bundle: path.clone(),
        good: examined.findings.is_empty(),
        files: bundle.files.len(),
        drivers: examined.drivers,
        signer: examined.signer.map(|signer| SignerReport { subject: signer.subject(), sha1: signer.sha1() }),
        findings: examined.findings,
    };
    context.answer(&report)?;
    for finding in &report.findings {
        context.ui.note(finding.to_string());
    }
    if !report.good {
        let count = report.findings.len();
        return Err(exit::wrong_as_answered(format!(
            "{} is not as it was made: {count} findings",
            path.display()
        )));
    }
    let SignerReport { subject, sha1 } = report.signer.as_ref().context("a good bundle has a signer")?;
    let drivers = report.drivers.join(", ");
    context
        .ui
        .note(format!("{} files are as they were signed by {subject}, thumbprint {sha1}", report.files));
    context.ui.note(format!("drivers: {drivers}"));
    let folder = path.display();
    context.ui.next_step(if path.is_dir() {
        format!(
            "cargo xtask lab --bundle {folder}, or cargo xtask deploy --host user@machine --bundle {folder}"
        )
    } else {
        format!("unpack {folder}; `cargo xtask lab` and `cargo xtask deploy` take the folder inside")
    });
    Ok(())
}

pub(crate) fn read_certificate(path: &std::path::Path) -> Result<Certificate> {
    let cannot = || format!("the certificate {} cannot be used", path.display());
    let bytes = std::fs::read(path).map_err(|error| exit::usage(format!("{}: {error}", cannot())))?;
    let certificate = if bytes.starts_with(b"-----") {
        Certificate::from_pem(&bytes)
    } else {
        Certificate::from_der(&bytes)
    };
    certificate.with_context(cannot)
}

/// The outcome of an examination.
#[derive(Debug, Default)]
pub(crate) struct Examined {
    /// Everything that is wrong, by file.
    pub(crate) findings: Vec<Finding>,
    /// The services of the drivers the manifest names.
    pub(crate) drivers: Vec<String>,
    /// The certificate in the bundle, if it can be read.
    pub(crate) signer: Option<Certificate>,
}

/// Examines `bundle` at the time `now`. With `trusted`, no other certificate will do.
pub(crate) fn examine(
    bundle: &Bundle,
    oddities: &[Oddity],
    trusted: Option<&Certificate>,
    now: SystemTime,
) -> Examined {
    let mut examined = Examined::default();
    let findings = &mut examined.findings;
    findings.extend(oddities.iter().map(|odd| Finding::new(&odd.path, "name", odd.what.as_str())));
    let Some(manifest) = manifest::read(bundle, findings) else {
        return examined;
    };
    manifest::check_files(bundle, &manifest, findings);
    examined.drivers = manifest.drivers.iter().map(|driver| driver.service.clone()).collect();
    let Some(signer) = manifest::signer(bundle, &manifest, trusted, now, findings) else {
        return examined;
    };
    for driver in &manifest.drivers {
        driver::check(bundle, &manifest, driver, &signer, findings);
    }
    if let Some(program) = bundle.get(&manifest.nmrctl) {
        image::check(&manifest.nmrctl, program, manifest::architecture(&manifest), &signer, findings);
    }
    findings.sort();
    findings.dedup();
    examined.signer = Some(signer);
    examined
}

#[cfg(test)]
mod second_opinion;
#[cfg(test)]
mod tests;
