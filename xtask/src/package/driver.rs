//! The package of one driver: INF, catalog, image and symbols, held against each other.

use std::borrow::Cow;

use anyhow::{Context as _, Result, anyhow, bail};
use nmrctl::manifest::Driver;

use super::parts::{DriverParts, Parts};
use crate::architecture::Architecture;
use crate::bundle::Bundle;
use crate::catalog;
use crate::inf::{self, Inf, primitive};
use crate::oldest_system;
use crate::pe::Image;
use crate::registrations;
use crate::symbols;

/// The package of one driver.
pub(super) fn driver_package(parts: &Parts, driver: &DriverParts) -> Result<(Driver, Bundle)> {
    let DriverParts { name, inx_name, inx, image_name, image, symbols } = driver;
    let architecture = parts.architecture;
    let stamped = inf::stamp::stamp(inx_name, inx, architecture, &parts.version, parts.moment)?;
    let parsed = Inf::parse(inx_name, &stamped)?;
    let primitive = primitive::primitive(&parsed, architecture)?;
    let [service] = primitive.services.as_slice() else {
        bail!("{inx_name}: it adds {} services, expected one", primitive.services.len());
    };
    let inf_name = format!("{name}.inf");
    let available = |path: &str| match path {
        _ if path == inf_name => Some(Cow::Borrowed(stamped.as_slice())),
        _ if path.eq_ignore_ascii_case(image_name) => Some(Cow::Borrowed(image.as_slice())),
        _ => None,
    };
    let parameters = catalog::Parameters::of_bundle(architecture, parts.moment.epoch());
    let packaged = Inf::parse(&inf_name, &stamped)?;
    let list = catalog::only_list(packaged, &parameters, available).map_err(|mut problems| {
        // The author knows the file it was stamped from; lines are the same.
        problems.name.clone_from(inx_name);
        problems
    })?;
    let parsed_image = Image::parse(image).with_context(|| image_name.clone())?;
    require_unsigned(&parsed_image).with_context(|| image_name.clone())?;
    let minimum_build = minimum_build(&parsed, inx_name, &parsed_image, image_name, architecture)?;
    let symbols_id = symbols_id(&parsed_image, symbols).with_context(|| image_name.clone())?;
    let path = |file: &str| format!("{name}/{file}");
    let described = Driver {
        service: service.name.clone(),
        inf: path(&inf_name),
        catalog: path(&primitive.catalog),
        image: path(image_name),
        symbols: path(&format!("{name}.pdb")),
        symbols_id,
        minimum_build,
        registrations: registrations::of_image(&parsed_image).with_context(|| image_name.clone())?,
    };
    let mut package = Bundle::default();
    package.files.insert(described.catalog.clone(), catalog::unsigned(&list)?);
    package.files.insert(described.image.clone(), image.clone());
    package.files.insert(described.symbols.clone(), symbols.clone());
    package.files.insert(described.inf.clone(), stamped);
    Ok((described, package))
}

/// What is signed twice is trusted by nobody.
pub(super) fn require_unsigned(image: &Image<'_>) -> Result<()> {
    if image.signature()?.is_some() {
        bail!("the image is signed already");
    }
    Ok(())
}

/// The oldest build that has all that the image imports and that the INF installs on. An INF that installs where an
/// import is missing would leave a driver there that does not load.
fn minimum_build(
    inf: &Inf,
    inf_name: &str,
    image: &Image<'_>,
    image_name: &str,
    architecture: Architecture,
) -> Result<u32> {
    let imports = image.imports().with_context(|| image_name.to_owned())?;
    let (needed, because) = oldest_system::of_imports(&imports, architecture);
    let (claimed, place) = oldest_system::of_inf(inf, architecture);
    match because {
        Some(import) if needed > claimed => Err(anyhow!(
            "{inf_name}:{}:{}: it installs on {}, but {image_name} imports {} from {}, which came with {}; call the routine \
             only where it is there (MmGetSystemRoutineAddress), or decorate the section with the build",
            place.line,
            place.column,
            oldest_system::name(claimed),
            import.routine,
            import.module,
            oldest_system::name(needed),
        )),
        _ => Ok(needed.max(claimed)),
    }
}

/// What joins the image to its symbols; both must say the same.
fn symbols_id(image: &Image<'_>, bytes: &[u8]) -> Result<Option<String>> {
    let Some(record) = image.debug_record()? else { return Ok(None) };
    let (named, found) = (record.id(), symbols::id(bytes).map_err(|what| anyhow!("its symbols: {what}"))?);
    if named != found {
        bail!("it belongs to the symbols {named}, those beside it are {found}: build both again");
    }
    Ok(Some(named))
}
