//! The images that only the lab uses: our NETIO.SYS, what checks drivers in front of Wine's kernel, the driver that panics
//! on purpose, those that NMR does not let go of, a client of WSK, and private builds of samples.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use nmr_lab::Kernel;

use super::{private_build, wsk};
use crate::build::{self, Packages, Target};
use crate::context::Context;

/// The package of our NETIO.SYS.
const NETIO: &str = "lab-netio";
/// The package of what the lab's ntoskrnl.exe adds and checks.
const KERNEL: &str = "lab-ntoskrnl";
/// The package of the driver that panics on purpose.
pub(super) const PANIC_PROBE: &str = "panic-probe";

/// The driver that panics on purpose.
#[derive(Clone, Debug)]
pub(super) struct PanicProbe {
    /// Its image.
    pub(super) image: PathBuf,
    /// Its source, in which the panic stands.
    pub(super) source: PathBuf,
}

/// The drivers that NMR does not let go of.
#[derive(Clone, Debug)]
pub(super) struct FailureProbes {
    /// The image of the one that stops the machine.
    pub(super) stops: PathBuf,
    /// The image of the one that parks.
    pub(super) parks: PathBuf,
}

/// Builds our NETIO.SYS.
pub(crate) fn netio(context: &Context) -> Result<PathBuf> {
    let step = context.ui.step("NETIO.SYS of the lab");
    let image = build::windows_library(context, NETIO)?;
    step.done("built");
    Ok(image)
}

/// Builds what the lab's ntoskrnl.exe adds and checks.
pub(crate) fn kernel(context: &Context) -> Result<Kernel> {
    let step = context.ui.step("ntoskrnl.exe of the lab");
    let image = build::windows_library(context, KERNEL)?;
    step.done("built");
    Ok(Kernel::new(image))
}

/// Builds the drivers that NMR does not let go of.
pub(super) fn failure_probes(context: &Context) -> Result<FailureProbes> {
    let [(stops, _), (parks, _)] = drivers(context, ["failure-stops", "failure-parks"])?;
    Ok(FailureProbes { stops, parks })
}

/// Builds the client of WSK.
pub(super) fn wsk_client(context: &Context) -> Result<PathBuf> {
    let [(image, _)] = drivers(context, [wsk::CLIENT])?;
    Ok(image)
}

/// Builds the samples whose NPIs are private, in the order of [`private_build::SAMPLES`].
pub(super) fn private_samples(context: &Context) -> Result<[PathBuf; 2]> {
    let packages = Packages::read(context)?;
    let drivers = packages.named(&private_build::SAMPLES)?;
    let images = build::build_private_drivers(context, &packages, &drivers, private_build::SUFFIX)?;
    let images: Vec<_> = images.into_iter().map(|image| image.sys).collect();
    images.try_into().map_err(|_| anyhow!("there is not one image for each private sample"))
}

/// Builds the driver that panics on purpose.
pub(super) fn panic_probe(context: &Context) -> Result<PanicProbe> {
    let [(image, folder)] = drivers(context, [PANIC_PROBE])?;
    Ok(PanicProbe { image, source: folder.join("src/lib.rs") })
}

/// Builds drivers that are in no bundle. Answers the image of each, and the folder of its package.
fn drivers<const N: usize>(context: &Context, names: [&str; N]) -> Result<[(PathBuf, PathBuf); N]> {
    let packages = Packages::read(context)?;
    let drivers = packages.named(&names)?;
    let images = build::build_drivers(context, &packages, &drivers, Target::X64)?;
    let built: Vec<_> =
        images.into_iter().zip(drivers).map(|(image, driver)| (image.sys, driver.folder)).collect();
    built.try_into().map_err(|_| anyhow!("there is not one image for each of {}", names.join(", ")))
}
