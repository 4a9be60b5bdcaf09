//! `cargo xtask package`: builds the drivers and makes a signed bundle of them, a folder and an archive.

pub(crate) mod assemble;
mod attestation;
mod components;
mod difference;
mod driver;
mod gather;
mod licences;
mod lock;
mod parts;
mod place;
mod plan;
mod readme;
mod reproducible;
mod sbom;
#[cfg(all(test, unix))]
mod schema;
pub(crate) mod seal;
pub(crate) mod sign;
mod sources;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use nmrctl::manifest::MANIFEST_FILE;
use serde::Serialize;

use crate::build::Target;
use crate::bundle::Bundle;
use crate::context::Context;
use crate::exit;
use crate::header::PRIVATE;
use crate::moment::Moment;
use crate::setup::{self, Need};
use crate::signer::{self, Location, Signer};
use crate::verify::{self, Expected};
use crate::whole_file;

pub(crate) use assemble::manifest_bytes;

use self::assemble::assemble;
use self::plan::Plan;
use self::seal::seal;

/// The arguments of `package`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask package
  cargo xtask package --key release.key.pem --certificate release.cert.pem
  cargo xtask package --key release.pfx --password-env PFX_PASSWORD
  cargo xtask package --unsigned --check-reproducible
  cargo xtask package --attestation
  WDKContentRoot=/kit cargo xtask package --arch arm64

The bundle lies in target/package/, as a folder and as an archive; one that nobody has signed in target/package/unsigned/.
Without --key it is signed with a test certificate that is made once and kept in the user's data folder
($XDG_DATA_HOME/nmr-drivers/test-signing, on Windows %LOCALAPPDATA%), or in the folder that NMR_SIGNING_DIR names.
SOURCE_DATE_EPOCH sets the time that is written into the bundle; without it, it is the time of the last commit.")]
pub(crate) struct Args {
    #[command(flatten)]
    signer: Location,
    /// The machines that the bundle is for; arm64 takes the headers and libraries of a Windows kit.
    #[arg(long, value_enum, default_value_t)]
    arch: Target,
    /// Make the bundle without any signature; `cargo xtask sign` adds them, on another machine if need be.
    #[arg(long, conflicts_with_all = ["where_the_key_is", "certificate", "timestamp"])]
    unsigned: bool,
    /// Also write the cabinet that Microsoft's Hardware Dev Center takes for attestation signing, with the symbols.
    #[arg(long)]
    attestation: bool,
    /// Build everything once more, from a copy of the sources in another folder, and compare every byte.
    #[arg(long)]
    check_reproducible: bool,
}

/// What `package` answers with `--json`.
#[derive(Debug, Serialize)]
struct Answer {
    folder: PathBuf,
    archive: PathBuf,
    /// The cabinet for attestation signing, when it was asked for.
    cabinet: Option<PathBuf>,
    version: String,
    drivers: Vec<String>,
    /// Thumbprint of the signer's certificate; none when the bundle is unsigned.
    signer: Option<String>,
    /// Whether anything differs from the bundle that was there before.
    changed: bool,
    /// Whether a second build gave the same bytes; none when it was not asked for.
    reproducible: Option<bool>,
    /// What made the identifiers of NPIs private (`NMR_PRIVATE_NPI`); none when they are public.
    private_npis: Option<String>,
}

/// Runs `package`.
pub(crate) fn run(args: Args, context: &Context) -> Result<()> {
    let output = context.target.join("package");
    let _lock = lock::acquire(&output)?;
    setup::ensure(Need::to_package(args.arch), context)?;
    let moment = Moment::of_sources(&context.workspace)?;
    // What can fail early does, before anything is built.
    let signer = if args.unsigned { None } else { Some(signer::ready(&args.signer, context)?) };
    let sources = sources::describe(&context.workspace)?;
    let parts = gather::parts(context, args.arch, moment, &sources)?;
    let step = context.ui.step("bundle");
    let unsigned = assemble(&parts)?;
    verify::require_good(&unsigned, Expected::Unsigned)?;
    let plan = Plan::new(&context.workspace, &output, &context.version, args.arch.architecture(), &[]);
    let (bundle, folder, archive) = signed_or_not(&unsigned, signer.as_ref(), &plan)?;
    let changed = place::place(&bundle, &folder, &archive, moment)?;
    step.done(if changed { "written" } else { "nothing changed" });
    let cabinet = match args.attestation {
        true => Some(write_cabinet(&bundle, &folder, moment, context)?),
        false => None,
    };
    let differences = match args.check_reproducible {
        true => Some(reproducible::differences(&unsigned, context, args.arch, moment, &sources)?),
        false => None,
    };
    context.answer(&Answer {
        folder: folder.clone(),
        archive,
        cabinet,
        version: plan.version,
        drivers: parts.drivers.iter().map(|driver| driver.name.clone()).collect(),
        signer: signer.as_ref().map(|signer| signer.certificate.sha1()),
        changed,
        reproducible: differences.as_ref().map(Vec::is_empty),
        private_npis: private_npis(),
    })?;
    if let Some(differences) = differences.filter(|differences| !differences.is_empty()) {
        return Err(exit::wrong_as_answered(format!(
            "the second build differs:\n  {}",
            differences.join("\n  ")
        )));
    }
    say_what_next(context, &folder, signer.as_ref())
}

/// The bundle to write, and where its folder and its archive go.
fn signed_or_not(
    unsigned: &Bundle,
    signer: Option<&Signer>,
    plan: &Plan,
) -> Result<(Bundle, PathBuf, PathBuf)> {
    let Some(signer) = signer else {
        return Ok((unsigned.clone(), plan.unsigned_folder.clone(), plan.unsigned_archive.clone()));
    };
    let bundle = seal(unsigned, signer)?;
    verify::require_good(&bundle, Expected::SignedBy(&signer.certificate))?;
    Ok((bundle, plan.folder.clone(), plan.archive.clone()))
}

/// Writes the cabinet beside the bundle's folder; answers where.
fn write_cabinet(bundle: &Bundle, folder: &Path, moment: Moment, context: &Context) -> Result<PathBuf> {
    let path = folder.with_file_name(format!("{}.cab", name_of(folder)));
    let manifest = bundle.get(MANIFEST_FILE).context("the bundle has no manifest")?;
    let bytes = attestation::cabinet(bundle, &serde_json::from_slice(manifest)?, moment)?;
    whole_file::write(&path, &bytes)?;
    context.ui.note(format!(
        "{}: sign it with the certificate that your account at the Hardware Dev Center knows, for example \
         `osslsigncode sign -h sha256 -certs CERTIFICATES -key KEY -in {}.cab -out signed.cab`",
        path.display(),
        name_of(folder)
    ));
    Ok(path)
}

/// What makes the identifiers of NPIs private, if the environment has it.
fn private_npis() -> Option<String> {
    std::env::var(PRIVATE).ok().filter(|suffix| !suffix.is_empty())
}

fn name_of(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn say_what_next(context: &Context, folder: &Path, signer: Option<&Signer>) -> Result<()> {
    let shown = folder.strip_prefix(std::env::current_dir()?).unwrap_or(folder).display();
    let by = signer.map_or_else(
        || "signed by nobody".to_owned(),
        |signer| format!("signed by {}", signer.certificate.subject()),
    );
    context.ui.note(format!("{shown} and {shown}.zip, {by}"));
    if let Some(suffix) = private_npis() {
        context.ui.warn(format!(
            "NMR_PRIVATE_NPI={suffix} was set: these drivers meet drivers of builds with the same text, and nobody else"
        ));
    }
    context.ui.next_step(match signer {
        Some(_) => format!(
            "cargo xtask lab, or cargo xtask deploy --host user@machine --bundle {shown}; cargo xtask verify {shown} \
             examines it"
        ),
        None => format!("cargo xtask sign {shown}, here or on the machine that has the key"),
    });
    Ok(())
}
