//! `cargo xtask build`: kernel images from the workspace's drivers, and the Windows programs that go with them.

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::thread;

use anyhow::Result;
use serde::Serialize;

use crate::context::Context;
use crate::exit;
use crate::setup::{self, Need};

mod cargo;
mod link;
mod messages;
mod packages;
mod plan;
mod resource;
mod settings;
mod target;
mod windows;

pub(crate) use packages::{DriverPackage, Packages};
pub(crate) use settings::{DriverSettings, toolchain};
pub(crate) use target::Target;
pub(crate) use windows::windows_program;
// For the lab alone, which is made of Wine.
#[cfg(unix)]
pub(crate) use windows::{windows_library, windows_tests};

/// The arguments of `build`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo xtask build\n  cargo xtask build composite\n  cargo xtask build --arch arm64"
)]
pub(crate) struct Args {
    /// The drivers to build, by package name; without any, all that are shipped.
    drivers: Vec<String>,
    /// The machines to build for; arm64 takes the headers and libraries of a Windows kit.
    #[arg(long, value_enum, default_value_t)]
    arch: Target,
}

/// A kernel image that was built.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DriverImage {
    /// The name of its package, and of the image without its ending.
    pub(crate) name: String,
    /// The image.
    pub(crate) sys: PathBuf,
    /// Its symbols.
    pub(crate) pdb: PathBuf,
    /// Whether the image was linked in this run, rather than found up to date.
    pub(crate) linked: bool,
    /// The manifests of the packages that it was made of.
    #[serde(skip)]
    pub(crate) manifests: Vec<PathBuf>,
}

/// Runs `build`.
pub(crate) fn run(args: Args, context: &Context) -> Result<()> {
    setup::ensure(Need::to_package(args.arch), context)?;
    let packages = Packages::read(context)?;
    let drivers = if args.drivers.is_empty() { packages.shipped() } else { packages.named(&args.drivers)? };
    let images = build_drivers(context, &packages, &drivers, args.arch)?;
    for image in &images {
        context.ui.note(image.sys.display().to_string());
    }
    context.answer(&images)
}

/// Builds the images of these drivers for `target`, in their order.
pub(crate) fn build_drivers(
    context: &Context,
    packages: &Packages,
    drivers: &[DriverPackage],
    target: Target,
) -> Result<Vec<DriverImage>> {
    if drivers.is_empty() {
        return Err(exit::wrong(
            "there is no driver to build: a driver is a package below drivers/ whose Cargo.toml has \
             [package.metadata.nmr] driver = true",
        ));
    }
    build_with(context, &DriverSettings::read(context, packages, target)?, drivers)
}

/// Builds the images of these drivers with identifiers of NPIs that are private to builds with `suffix`, in a target folder
/// of their own: beside others, each build would undo what the other has built.
#[cfg(unix)]
pub(crate) fn build_private_drivers(
    context: &Context,
    packages: &Packages,
    drivers: &[DriverPackage],
    suffix: &str,
) -> Result<Vec<DriverImage>> {
    let apart = Context {
        workspace: context.workspace.clone(),
        target: context.target.join("private"),
        version: context.version.clone(),
        json: context.json,
        ui: context.ui.clone(),
    };
    let settings = DriverSettings::read(&apart, packages, Target::X64)?.with_private_npis(suffix);
    build_with(&apart, &settings, drivers)
}

fn build_with(
    context: &Context,
    settings: &DriverSettings,
    drivers: &[DriverPackage],
) -> Result<Vec<DriverImage>> {
    let plan = plan::plan(context, settings, drivers);
    let names: Vec<&str> = plan.drivers.iter().map(|driver| driver.name.as_str()).collect();
    let step = context.ui.step(format!("building {}", names.join(", ")));
    // Cargo compiles for one of them at a time; starting up and linking overlap.
    let built: Vec<Result<(DriverImage, Option<String>)>> = thread::scope(|scope| {
        let start = |driver| scope.spawn(move || build_driver(context, settings, driver));
        let running: Vec<_> = plan.drivers.iter().map(start).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    let built = built.into_iter().collect::<Result<Vec<_>>>()?;
    let linked = built.iter().filter(|(image, _)| image.linked).count();
    step.done(if linked == 0 { "up to date".to_owned() } else { format!("{linked} linked") });
    let warn = |(image, warnings): (DriverImage, Option<String>)| {
        if let Some(warnings) = warnings {
            context.ui.warn(format!("in the build of {}\n{warnings}", image.name));
        }
        image
    };
    Ok(built.into_iter().map(warn).collect())
}

/// Builds one driver; answers the compiler's warnings as well.
fn build_driver(
    context: &Context,
    settings: &DriverSettings,
    driver: &plan::DriverPlan,
) -> Result<(DriverImage, Option<String>)> {
    let compiled = cargo::run(context, &driver.compile, settings.environment(), &driver.log)?;
    let linked = link::run(&driver.link, &compiled)?;
    let image = DriverImage {
        name: driver.name.clone(),
        sys: driver.link.image(),
        pdb: driver.link.symbols(),
        linked,
        manifests: compiled.manifests_for(settings.target.of_drivers()),
    };
    Ok((image, compiled.warnings()))
}
