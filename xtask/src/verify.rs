//! `cargo xtask verify`: examines a bundle, folder or archive, or the driver package of somebody else, offline and without
//! trusting anything in it. Where a Windows kit is installed, its tools are asked as well.

mod catalog;
mod driver;
mod finding;
mod image;
mod kit;
mod manifest;
mod package;
mod symbols_of;
mod system;
mod trust;
mod vouched;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use nmrctl::manifest::{MANIFEST_FILE, Manifest};
use serde::Serialize;

use crate::bundle::{Bundle, Oddity, chosen};
use crate::certificate::Certificate;
use crate::context::Context;
use crate::exit;

pub(crate) use finding::{Class, Finding};

/// The arguments of `verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask verify target/package/nmr-drivers-0.1.0-x64
  cargo xtask verify nmr-drivers-0.1.0-x64.zip --json
  cargo xtask verify bundle --certificate trusted.pem
  cargo xtask verify someones-driver --root their-root.pem

The bundle carries its own certificate: whoever changes all of it can sign it again with another. Compare the thumbprint,
or name the certificate you trust, or the roots it must lead to. A signature with a timestamp is judged for that time; with
--root, if the roots include the authority's. A folder with an INF and no manifest is examined as a driver package of any maker.

Exit codes of its own; the first that applies:
  10  a file is missing, is too much, cannot be read, or is not what the manifest says
  11  a signature is missing, or is not one over this content
  12  the signature is right, and the certificate behind it is not to be trusted
  13  the catalog does not vouch for exactly the files that are there
  14  the INF is wrong, or does not agree with the rest
  15  an image is for another machine, would not be loaded, or does not belong to its symbols
  16  the driver needs a newer Windows than its INF says")]
pub(crate) struct Args {
    /// The bundle: its folder, or its archive [default: the newest under target/package]
    bundle: Option<PathBuf>,
    /// Demand that exactly this certificate (DER or PEM) signed the bundle.
    #[arg(long, value_name = "FILE", conflicts_with = "root")]
    certificate: Option<PathBuf>,
    /// Demand that signers lead to one of the certificates in this file (DER or PEM); may be given several times.
    #[arg(long, value_name = "FILE")]
    root: Vec<PathBuf>,
}

/// What was found out about a bundle.
#[derive(Debug, Serialize)]
struct Report {
    bundle: PathBuf,
    kind: Kind,
    /// Whether the signer was compared with a certificate or roots that the user gave.
    trust_judged: bool,
    /// Whether nothing is wrong.
    good: bool,
    files: usize,
    /// The drivers' services.
    drivers: Vec<String>,
    /// Subject and thumbprint of each signer; a bundle has one.
    signers: Vec<SignerReport>,
    /// The files of a package that nothing vouches for: no code is among them.
    not_vouched_for: Vec<String>,
    /// The images whose own signatures Windows no longer takes, and whose catalogs vouch for them.
    outdated_signatures: Vec<String>,
    findings: Vec<Finding>,
    /// Where the tools of the Windows kit of this machine disagree; empty without one.
    second_opinions: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    /// Made by `cargo xtask package`.
    Bundle,
    /// A driver package of any maker.
    Package,
}

#[derive(Debug, Serialize)]
struct SignerReport {
    subject: String,
    sha1: String,
}

/// Runs `verify`.
pub(crate) fn run(args: Args, context: &Context) -> Result<()> {
    let trusted = args.certificate.as_deref().map(read_certificate).transpose()?;
    let roots = args.root.iter().map(|path| read_certificates(path)).collect::<Result<Vec<_>>>()?.concat();
    let path = chosen(args.bundle, context)?;
    let of_any_maker = path.is_dir() && !path.join(MANIFEST_FILE).exists();
    let (bundle, oddities) = if of_any_maker { Bundle::read_package(&path)? } else { Bundle::read(&path)? };
    let expected = match &trusted {
        Some(certificate) => Expected::SignedBy(certificate),
        None if !roots.is_empty() => Expected::LeadsTo(&roots),
        None => Expected::Signed,
    };
    let is_package = package::is_one(&bundle);
    let examined = if is_package {
        if trusted.is_some() {
            return Err(exit::usage(
                "this is a driver package, no bundle: use --root instead of --certificate",
            ));
        }
        package::examine(&bundle, &oddities, &roots, SystemTime::now())
    } else {
        examine(&bundle, &oddities, expected, SystemTime::now())
    };
    let second_opinions = second_opinions(&path, &examined)?;
    let report = Report {
        bundle: path.clone(),
        kind: if is_package { Kind::Package } else { Kind::Bundle },
        trust_judged: trusted.is_some() || !roots.is_empty(),
        good: examined.findings.is_empty(),
        files: bundle.files.len(),
        drivers: examined.drivers,
        signers: examined
            .signers
            .iter()
            .map(|signer| SignerReport { subject: signer.subject(), sha1: signer.sha1() })
            .collect(),
        not_vouched_for: examined.not_vouched_for,
        outdated_signatures: examined.outdated_signatures,
        findings: examined.findings,
        second_opinions,
    };
    context.answer(&report)?;
    for finding in &report.findings {
        context.ui.note(finding.to_string());
    }
    for opinion in &report.second_opinions {
        context.ui.warn(opinion);
    }
    if let Some(class) = report.findings.iter().map(|finding| finding.class).min() {
        let message = format!("{} is not as it was made: {} findings", path.display(), report.findings.len());
        return Err(exit::examined(class.exit_code(), message));
    }
    let drivers = report.drivers.join(", ");
    let signers: Vec<String> = report
        .signers
        .iter()
        .map(|SignerReport { subject, sha1 }| format!("{subject}, thumbprint {sha1}"))
        .collect();
    let count = report.files - report.not_vouched_for.len();
    context.ui.note(format!("{count} files are as they were signed by {}", signers.join("; by ")));
    if !report.not_vouched_for.is_empty() {
        let names = report.not_vouched_for.join(", ");
        context.ui.warn(format!("nothing vouches for these files, which no INF installs: {names}"));
    }
    if !report.outdated_signatures.is_empty() {
        let names = report.outdated_signatures.join(", ");
        context.ui.warn(format!(
            "the signatures inside of these images are of a kind that Windows no longer takes; the catalog stands in for \
             them, but not for a driver that starts at boot: {names}"
        ));
    }
    context.ui.note(format!("drivers: {drivers}"));
    if !report.trust_judged {
        context.ui.note("whether that signer is to be trusted was not asked: --certificate or --root does");
    }
    let folder = path.display();
    if is_package {
        return Ok(());
    }
    context.ui.next_step(if path.is_dir() {
        format!(
            "cargo xtask lab --bundle {folder}, or cargo xtask deploy --host user@machine --bundle {folder}"
        )
    } else {
        format!("unpack {folder}; `cargo xtask lab` and `cargo xtask deploy` take the folder inside")
    });
    Ok(())
}

/// What the kit of this machine says about the drivers of the bundle in the folder `path`, where it disagrees.
fn second_opinions(path: &Path, examined: &Examined) -> Result<Vec<String>> {
    let kit = kit::Kit::of_this_machine();
    let (Some(manifest), true) = (&examined.manifest, path.is_dir() && kit != kit::Kit::default()) else {
        return Ok(Vec::new());
    };
    let mut told = Vec::new();
    for driver in &manifest.drivers {
        let (folder, inf) = driver.inf.rsplit_once('/').unwrap_or((".", &driver.inf));
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let subject = kit::Subject {
            folder: path.join(folder),
            inf: inf.to_owned(),
            catalog: name(&driver.catalog),
            image: name(&driver.image),
            architecture: manifest::architecture(manifest),
        };
        told.extend(kit::opinions(&kit, &subject, &examined.findings)?);
    }
    Ok(told)
}

/// All certificates in a file.
fn read_certificates(path: &Path) -> Result<Vec<Certificate>> {
    let cannot = || format!("the certificates in {} cannot be used", path.display());
    let bytes = std::fs::read(path).map_err(|error| exit::usage(format!("{}: {error}", cannot())))?;
    if bytes.starts_with(b"-----") {
        Certificate::all_from_pem(&bytes).with_context(cannot)
    } else {
        Ok(vec![Certificate::from_der(&bytes).with_context(cannot)?])
    }
}

pub(crate) fn read_certificate(path: &Path) -> Result<Certificate> {
    let cannot = || format!("the certificate {} cannot be used", path.display());
    let bytes = std::fs::read(path).map_err(|error| exit::usage(format!("{}: {error}", cannot())))?;
    let certificate = if bytes.starts_with(b"-----") {
        Certificate::from_pem(&bytes)
    } else {
        Certificate::from_der(&bytes)
    };
    certificate.with_context(cannot)
}

/// What a bundle should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expected<'a> {
    /// Signed by nobody.
    Unsigned,
    /// Signed, whoever did it.
    Signed,
    /// Signed with this certificate and no other.
    SignedBy(&'a Certificate),
    /// Signed with a certificate that leads to one of these.
    LeadsTo(&'a [Certificate]),
}

/// Refuses a bundle just made that is not what it should be.
pub(crate) fn require_good(bundle: &Bundle, expected: Expected<'_>) -> Result<()> {
    let findings = examine(bundle, &[], expected, SystemTime::now()).findings;
    if findings.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    bail!("the new bundle does not pass verification and was thrown away:\n  {}", lines.join("\n  "));
}

/// The outcome of an examination.
#[derive(Debug, Default)]
pub(crate) struct Examined {
    /// Everything that is wrong, by file.
    pub(crate) findings: Vec<Finding>,
    /// The services of the drivers the manifest names.
    pub(crate) drivers: Vec<String>,
    /// Whose signatures there are, each once: one certificate in a bundle, if it can be read.
    pub(crate) signers: Vec<Certificate>,
    /// The files of a package that nothing vouches for, and that are no code.
    pub(crate) not_vouched_for: Vec<String>,
    /// The images whose own signatures count for nothing any more, and whose catalogs vouch for them.
    pub(crate) outdated_signatures: Vec<String>,
    /// The manifest, if it makes sense.
    pub(crate) manifest: Option<Manifest>,
}

/// Examines `bundle` at the time `now`.
pub(crate) fn examine(
    bundle: &Bundle,
    oddities: &[Oddity],
    expected: Expected<'_>,
    now: SystemTime,
) -> Examined {
    let mut examined = Examined::default();
    let findings = &mut examined.findings;
    findings.extend(
        oddities.iter().map(|odd| Finding::new(Class::Damaged, &odd.path, "name", odd.what.as_str())),
    );
    let Some(manifest) = manifest::read(bundle, findings) else {
        return examined;
    };
    manifest::check_files(bundle, &manifest, findings);
    examined.drivers = manifest.drivers.iter().map(|driver| driver.service.clone()).collect();
    let signer = manifest::signer(bundle, &manifest, expected, now, findings);
    // With a certificate that cannot be read there is nothing to compare signatures with.
    if manifest.signer.is_some() != signer.is_some() {
        examined.manifest = Some(manifest);
        return examined;
    }
    for driver in &manifest.drivers {
        driver::check(bundle, &manifest, driver, signer.as_ref(), findings);
    }
    if let Some(program) = bundle.get(&manifest.nmrctl) {
        let architecture = manifest::architecture(&manifest);
        image::check(&manifest.nmrctl, program, architecture, signer.as_ref(), findings);
    }
    findings.sort();
    findings.dedup();
    examined.signers = signer.into_iter().collect();
    examined.manifest = Some(manifest);
    examined
}

#[cfg(test)]
pub(crate) mod second_opinion;
#[cfg(test)]
mod tests;
