//! From built images to an unsigned bundle, all in memory. It depends on sources and toolchain alone; [`super::seal`] signs
//! it.

use anyhow::{Context as _, Result, bail};
use nmrctl::manifest::{Driver, FORMAT, File, MANIFEST_FILE, Manifest, Source};

use super::driver::{driver_package, require_unsigned};
use super::parts::{NMRCTL, Parts};
use super::{licences, readme, sbom};
use crate::bundle::Bundle;
use crate::pe::Image;

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

#[cfg(test)]
pub(crate) mod samples {
    //! A small bundle made of synthetic images.

    use super::super::components;
    use super::super::parts::DriverParts;
    use super::super::seal::seal;
    use super::*;
    use crate::architecture::Architecture;
    use crate::moment::Moment;
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
