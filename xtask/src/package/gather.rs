//! Builds everything a bundle is made from.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::components;
use super::parts::{DriverParts, NMRCTL, Parts};
use super::plan::{self, Plan};
use super::sources::Sources;
use crate::build::{self, DriverImage, Packages, Target};
use crate::context::Context;
use crate::moment::Moment;

/// Builds drivers and program for `target` in the workspace of `context`, at the time `moment` of the sources `sources`.
pub(super) fn parts(context: &Context, target: Target, moment: Moment, sources: &Sources) -> Result<Parts> {
    let packages = Packages::read(context)?;
    let drivers = packages.shipped();
    let names: Vec<&str> = drivers.iter().map(|driver| driver.name.as_str()).collect();
    let plan =
        Plan::new(&context.workspace, &context.target, &context.version, target.architecture(), &names);
    let setup_files = plan.read_setup_files(moment)?;
    let images = build::build_drivers(context, &packages, &drivers, target)?;
    let nmrctl = build::windows_program(context, "nmrctl", target)?;
    let drivers: Vec<DriverParts> = setup_files
        .into_iter()
        .zip(&images)
        .map(|(inx, image)| driver_parts(inx, image))
        .collect::<Result<_>>()?;
    let mut made_of: Vec<(String, &[PathBuf])> = drivers
        .iter()
        .zip(&images)
        .map(|(parts, image)| (parts.image_name.clone(), image.manifests.as_slice()))
        .collect();
    made_of.push((NMRCTL.to_owned(), &nmrctl.manifests));
    Ok(Parts {
        name: plan::NAME.to_owned(),
        version: plan.version.clone(),
        architecture: plan.architecture,
        revision: sources.revision.clone(),
        modified: sources.modified,
        toolchain: sources.toolchain.clone(),
        moment,
        nmrctl: read(&nmrctl.path)?,
        components: components::read(&context.workspace, &made_of)?,
        drivers,
    })
}

fn driver_parts(setup_file: plan::SetupFile, image: &DriverImage) -> Result<DriverParts> {
    Ok(DriverParts {
        name: image.name.clone(),
        inx_name: setup_file.name,
        inx: setup_file.content,
        image_name: format!("{}.sys", image.name),
        image: read(&image.sys)?,
        symbols: read(&image.pdb)?,
    })
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}
