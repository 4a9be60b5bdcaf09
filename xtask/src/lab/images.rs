//! The images that only the lab uses: our NETIO.SYS, what checks drivers in front of Wine's kernel, and the driver that panics on purpose.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use nmr_lab::Kernel;

use crate::build::{self, Packages};
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

/// Builds the driver that panics on purpose.
pub(super) fn panic_probe(context: &Context) -> Result<PanicProbe> {
    let packages = Packages::read(context)?;
    let drivers = packages.named(&[PANIC_PROBE])?;
    let images = build::build_drivers(context, &packages, &drivers)?;
    let image = images.first().with_context(|| format!("no image was built of {PANIC_PROBE}"))?.sys.clone();
    let source = drivers.first().map(|driver| driver.folder.join("src/lib.rs")).unwrap_or_default();
    Ok(PanicProbe { image, source })
}
