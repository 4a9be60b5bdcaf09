//! From built images to an unsigned bundle, all in memory. It depends on sources and toolchain alone; [`super::seal`] signs
//! it.

use std::borrow::Cow;

use anyhow::{Context as _, Result, anyhow, bail};
use nmrctl::manifest::{Driver, FORMAT, File, MANIFEST_FILE, Manifest, Source};

use super::components::Component;
use super::{licences, readme, sbom};
use crate::architecture::Architecture;
use crate::bundle::Bundle;
use crate::catalog;
use crate::inf::{self, Inf, primitive};
use crate::moment::Moment;
use crate::oldest_system;
use crate::pe::Image;
use crate::registrations;
use crate::symbols;

/// Where the program for the target machine lies.
pub(super) const NMRCTL: &str = "nmrctl.exe";

/// Everything a bundle is made from.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) architecture: Architecture,
    pub(crate) revision: Option<String>,
    pub(crate) modified: bool,
    pub(crate) toolchain: String,
    pub(crate) moment: Moment,
    /// The program for the target machine, unsigned.
    pub(crate) nmrctl: Vec<u8>,
    pub(crate) drivers: Vec<DriverParts>,
    /// The packages that the images are made of.
    pub(crate) components: Vec<Component>,
}

impl Parts {
    /// The names of all images.
    pub(super) fn images(&self) -> impl Iterator<Item = &str> {
        self.drivers.iter().map(|driver| driver.image_name.as_str()).chain([NMRCTL])
    }
}

/// Everything one driver's package is made from.
#[derive(Clone, Debug)]
pub(crate) struct DriverParts {
    pub(crate) name: String,
    /// The `.inx` file's name, for messages.
    pub(crate) inx_name: String,
    pub(crate) inx: Vec<u8>,
    /// The image's file name.
    pub(crate) image_name: String,
    /// The image, unsigned.
    pub(crate) image: Vec<u8>,
    pub(crate) symbols: Vec<u8>,
}

/// Makes the unsigned bundle: stamps, catalogs, describes.
pub(crate) fn assemble(parts: &Parts) -> Result<Bundle> {
    let mut bundle = Bundle::default();
    // One driver has nothing to do with another.
    let packages: Vec<Result<(Driver, Bundle)>> = std::thread::scope(|scope| {
        let start = |driver| scope.spawn(move || driver_package(parts, driver));
        let running: Vec<_> = parts.drivers.iter().map(start).collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let mut drivers = Vec::new();
    for (driver, package) in parts.drivers.iter().zip(packages) {
        let (described, package) = package.with_context(|| format!("driver {}", driver.name))?;
        drivers.push(described);
        bundle.files.extend(package.files);
    }
    require_unsigned(&Image::parse(&parts.nmrctl).context(NMRCTL)?).context(NMRCTL)?;
    bundle.files.insert(NMRCTL.to_owned(), parts.nmrctl.clone());
    bundle.files.insert(sbom::FILE.to_owned(), sbom::text(parts)?.into_bytes());
    bundle.files.insert(licences::FILE.to_owned(), licences::text(&parts.components).into_bytes());
    let manifest = Manifest {
        format: FORMAT,
        name: parts.name.clone(),
        version: parts.version.clone(),
        architecture: parts.architecture.name().to_owned(),
        source: Source {
            revision: parts.revision.clone(),
            modified: parts.modified,
            toolchain: parts.toolchain.clone(),
            time: parts.moment.epoch(),
        },
        signer: None,
        nmrctl: NMRCTL.to_owned(),
        minimum_build: drivers.iter().map(|driver| driver.minimum_build).max().unwrap_or_default(),
        sbom: sbom::FILE.to_owned(),
        licences: licences::FILE.to_owned(),
        drivers,
        files: Vec::new(),
    };
    describe(&mut bundle, manifest)?;
    Ok(bundle)
}

/// Adds the page for people and the manifest, which lists every other file.
pub(super) fn describe(bundle: &mut Bundle, mut manifest: Manifest) -> Result<()> {
    bundle.files.remove(MANIFEST_FILE);
    bundle.files.insert(readme::FILE.to_owned(), readme::text(&manifest).into_bytes());
    manifest.files =
        bundle.files.iter().map(|(path, content)| File::describe(path.as_str(), content)).collect();
    let faults = manifest.faults();
    if !faults.is_empty() {
        bail!("the manifest would be wrong: {}", faults.join("; "));
    }
    bundle.files.insert(MANIFEST_FILE.to_owned(), manifest_bytes(&manifest)?);
    Ok(())
}

/// The manifest as it stands in a bundle.
pub(crate) fn manifest_bytes(manifest: &Manifest) -> Result<Vec<u8>> {
    let mut text = serde_json::to_string_pretty(manifest)?;
    text.push('\n');
    Ok(text.into_bytes())
}

/// The package of one driver.
fn driver_package(parts: &Parts, driver: &DriverParts) -> Result<(Driver, Bundle)> {
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
fn require_unsigned(image: &Image<'_>) -> Result<()> {
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

#[cfg(test)]
pub(crate) mod samples {
    //! A small bundle made of synthetic images.

    use super::super::components;
    use super::super::seal::seal;
    use super::*;
    use crate::pe::samples::{image, with_symbols};
    use crate::signer::samples::signer;

    const GUID: [u8; 16] = [7; 16];

    /// The parts of a bundle with one driver called `echo`.
    pub(crate) fn parts() -> Parts {
        let inx = include_bytes!("../../../inf/composite.inx");
        Parts {
            name: "sample".into(),
            version: "1.2.3".into(),
            architecture: Architecture::X64,
            revision: Some("0123456789abcdef".into()),
            modified: false,
            toolchain: "rustc 1.95.0".into(),
            moment: Moment::from_epoch(1_767_225_600).unwrap(),
            nmrctl: image(0x8664, b"a program"),
            drivers: vec![DriverParts {
                name: "composite".into(),
                inx_name: "composite.inx".into(),
                inx: inx.to_vec(),
                image_name: "composite.sys".into(),
                image: with_symbols(GUID),
                symbols: crate::symbols::samples::symbols(GUID),
            }],
            components: {
                let mut components = components::samples::components("composite.sys");
                components[1].images.insert(NMRCTL.into());
                components
            },
        }
    }

    /// The bundle made from [`parts`], signed.
    pub(crate) fn bundle() -> Bundle {
        seal(&unsigned(), signer()).unwrap()
    }

    /// The bundle made from [`parts`].
    pub(crate) fn unsigned() -> Bundle {
        assemble(&parts()).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pe::samples::{image, importing};

    fn refusal(change: impl FnOnce(&mut Parts)) -> String {
        let mut parts = samples::parts();
        change(&mut parts);
        format!("{:#}", assemble(&parts).unwrap_err())
    }

    #[test]
    fn the_same_parts_give_the_same_bundle() {
        let bundle = samples::unsigned();
        assert_eq!(samples::unsigned(), bundle);
        let paths: Vec<_> = bundle.files.keys().map(String::as_str).collect();
        let expected = [
            "README.md",
            "THIRD-PARTY.txt",
            "composite/composite.cat",
            "composite/composite.inf",
            "composite/composite.pdb",
            "composite/composite.sys",
            "manifest.json",
            "nmrctl.exe",
            "sbom.cdx.json",
        ];
        assert_eq!(paths, expected);
    }

    #[test]
    fn an_inf_that_names_a_missing_file_is_refused_with_line_and_column() {
        let error = refusal(|parts| {
            let text = String::from_utf8(parts.drivers[0].inx.clone()).unwrap();
            parts.drivers[0].inx = text.replace("composite.sys", "absent.sys").into_bytes();
        });
        assert!(error.contains("driver composite: composite.inx:"), "{error}");
        assert!(error.contains("the file absent.sys is not in the package"), "{error}");
    }

    #[test]
    fn an_image_for_another_architecture_is_refused() {
        let error = refusal(|parts| parts.drivers[0].image = image(0xAA64, b"a driver"));
        assert!(error.contains("composite.sys is an image for arm64, the INF is for x64"), "{error}");
    }

    #[test]
    fn a_driver_that_imports_what_its_oldest_system_lacks_is_refused() {
        let error = refusal(|parts| parts.drivers[0].image = importing("ntoskrnl.exe", &["ExAllocatePool2"]));
        assert!(
            error.contains("composite.inx:") && error.contains("imports ExAllocatePool2 from ntoskrnl.exe"),
            "{error}"
        );
        assert!(error.contains("came with Windows 10 version 2004 (build 19041)"), "{error}");
    }

    #[test]
    fn what_a_driver_registers_is_what_its_image_says() {
        let mut parts = samples::parts();
        parts.drivers[0].image = crate::registrations::samples::registering(&[("echo", 1, [7; 16])]);
        let manifest = assemble(&parts).unwrap().files.remove(MANIFEST_FILE).unwrap();
        let manifest: Manifest = serde_json::from_slice(&manifest).unwrap();
        let [echo] = &manifest.drivers[0].registrations[..] else { panic!("{manifest:?}") };
        assert_eq!((echo.name.as_str(), echo.instances), ("echo", 1));
        assert_eq!(echo.npi, "07070707-0707-0707-0707-070707070707");
    }

    #[test]
    fn symbols_of_another_build_are_refused() {
        let error = refusal(|parts| parts.drivers[0].symbols = crate::symbols::samples::symbols([8; 16]));
        assert!(error.contains("composite.sys: it belongs to the symbols 0707"), "{error}");
    }

    #[test]
    fn an_image_that_is_none_or_signed_already_is_refused() {
        assert!(
            refusal(|parts| parts.drivers[0].image = b"text".to_vec()).contains("composite.sys: signature")
        );
        let signed = samples::bundle().files["nmrctl.exe"].clone();
        assert!(refusal(|parts| parts.nmrctl = signed).contains("nmrctl.exe: the image is signed already"));
    }
}
