//! `cargo xtask package`: builds the drivers and makes a signed bundle of them, a folder and an archive.

pub(crate) mod assemble;
mod lock;
mod place;
mod plan;
mod readme;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use crate::build::{self, DriverImage, Packages};
use crate::context::Context;
use crate::moment::Moment;
use crate::setup::{self, Need};
use crate::signer::{self, Location};
use crate::verify;

pub(crate) use assemble::manifest_bytes;

use self::assemble::{DriverParts, Parts, assemble};
use self::plan::Plan;

/// The arguments of `package`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask package
  cargo xtask package --key release.key.pem --certificate release.cert.pem

The bundle lies in target/package/, as a folder and as an archive. Without --key it is signed with a test certificate that is
made once and kept in the user's data folder ($XDG_DATA_HOME/nmr-drivers/test-signing, on Windows %LOCALAPPDATA%), or in the
folder that NMR_SIGNING_DIR names. SOURCE_DATE_EPOCH sets the time that is written into the bundle; without it, it is the time
of the last commit.")]
pub(crate) struct Args {
    #[command(flatten)]
    signer: Location,
}

/// What `package` answers with `--json`.
#[derive(Debug, Serialize)]
struct Answer {
    folder: PathBuf,
    archive: PathBuf,
    version: String,
    drivers: Vec<String>,
    /// Thumbprint of the signer's certificate.
    signer: String,
    /// Whether anything differs from the bundle that was there before.
    changed: bool,
}

/// Runs `package`.
pub(crate) fn run(args: Args, context: &Context) -> Result<()> {
    let output = context.target.join("package");
    let _lock = lock::acquire(&output)?;
    setup::ensure(Need::Package, context)?;
    let packages = Packages::read(context)?;
    let drivers = packages.shipped();
    let moment = Moment::of_sources(&context.workspace)?;
    let names: Vec<&str> = drivers.iter().map(|driver| driver.name.as_str()).collect();
    let plan = Plan::new(&context.workspace, &output, &context.version, &names);
    // What can fail early does, before anything is built.
    let setup_files = plan.read_setup_files(moment)?;
    let signer = signer::ready(&args.signer, context)?;

    let images = build::build_drivers(context, &packages, &drivers)?;
    let nmrctl = build::windows_program(context, "nmrctl")?;

    let sources = sources::describe(&context.workspace)?;
    let parts = Parts {
        name: plan::NAME.to_owned(),
        version: plan.version.clone(),
        architecture: plan::ARCHITECTURE,
        revision: sources.revision,
        modified: sources.modified,
        toolchain: sources.toolchain,
        moment,
        nmrctl: read(&nmrctl)?,
        drivers: setup_files
            .into_iter()
            .zip(&images)
            .map(|(inx, image)| driver_parts(inx, image))
            .collect::<Result<_>>()?,
    };
    let step = context.ui.step("bundle");
    let bundle = assemble(&parts, &signer)?;
    let findings = verify::examine(&bundle, &[], Some(&signer.certificate), SystemTime::now()).findings;
    if !findings.is_empty() {
        let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
        bail!("the new bundle does not pass verification and was thrown away:\n  {}", lines.join("\n  "));
    }
    let changed = place::place(&bundle, &plan.folder, &plan.archive, moment)?;
    step.done(if changed { "written" } else { "nothing changed" });

    context.answer(&Answer {
        folder: plan.folder.clone(),
        archive: plan.archive.clone(),
        version: plan.version.clone(),
        drivers: plan.drivers.iter().map(|driver| driver.name.clone()).collect(),
        signer: signer.certificate.sha1(),
        changed,
    })?;
    let shown = plan.folder.strip_prefix(std::env::current_dir()?).unwrap_or(&plan.folder).display();
    context.ui.note(format!("{shown} and {shown}.zip, signed by {}", signer.certificate.subject()));
    context.ui.next_step(format!(
        "cargo xtask lab, or cargo xtask deploy --host user@machine --bundle {shown}; cargo xtask verify {shown} examines it"
    ));
    Ok(())
}

fn driver_parts(setup_file: plan::SetupFile, image: &DriverImage) -> Result<DriverParts> {
    Ok(DriverParts {
        name: image.name.clone(),
        inx_name: setup_file.name,
        inx: setup_file.content,
        image: read(&image.sys)?,
        symbols: read(&image.pdb)?,
    })
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}
