//! `cargo xtask sign`: signs a bundle that was packaged without a key, on the machine that has one.

use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::{Result, bail};
use serde::Serialize;

use super::seal::seal;
use super::{lock, place};
use crate::bundle::Bundle;
use crate::context::Context;
use crate::exit;
use crate::moment::Moment;
use crate::signer::{self, Location};
use crate::verify;

/// The arguments of `sign`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask sign nmr-drivers-0.1.0-x64-unsigned
  cargo xtask sign nmr-drivers-0.1.0-x64-unsigned.zip --key release.pfx --password-env PFX_PASSWORD

The bundle is examined first, and the signed one after: a changed file is not signed. It is written to target/package,
under the name without `-unsigned`.")]
pub(crate) struct Args {
    /// The unsigned bundle, its folder or its archive.
    bundle: PathBuf,
    #[command(flatten)]
    signer: Location,
}

/// What `sign` answers with `--json`.
#[derive(Debug, Serialize)]
struct Answer {
    folder: PathBuf,
    archive: PathBuf,
    /// Thumbprint of the signer's certificate.
    signer: String,
}

/// Runs `sign`.
pub(crate) fn run(args: Args, context: &Context) -> Result<()> {
    let (unsigned, oddities) = Bundle::read(&args.bundle)?;
    let examined = verify::examine(&unsigned, &oddities, verify::Expected::Unsigned, SystemTime::now());
    if !examined.findings.is_empty() {
        let lines: Vec<String> = examined.findings.iter().map(ToString::to_string).collect();
        return Err(exit::wrong(format!(
            "{} is not signed as it is:\n  {}",
            args.bundle.display(),
            lines.join("\n  ")
        )));
    }
    let Some(manifest) = examined.manifest else { bail!("the bundle has no manifest") };
    let output = context.target.join("package");
    let _lock = lock::acquire(&output)?;
    let signer = signer::ready(&args.signer, context)?;
    let step = context.ui.step("signing");
    let bundle = seal(&unsigned, &signer)?;
    verify::require_good(&bundle, verify::Expected::SignedBy(&signer.certificate))?;
    let name = format!("{}-{}-{}", manifest.name, manifest.version, manifest.architecture);
    let (folder, archive) = (output.join(&name), output.join(format!("{name}.zip")));
    place::place(&bundle, &folder, &archive, Moment::from_epoch(manifest.source.time)?)?;
    step.done(format!("by {}", signer.certificate.subject()));
    context.answer(&Answer { folder: folder.clone(), archive, signer: signer.certificate.sha1() })?;
    context.ui.next_step(format!("cargo xtask verify {}", folder.display()));
    Ok(())
}
