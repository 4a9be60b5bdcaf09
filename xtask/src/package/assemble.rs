//! From built images to a signed bundle, all in memory.

use anyhow::{Context as _, Result, bail};
use nmrctl::manifest::{
    Driver, FORMAT, File, MANIFEST_FILE, Manifest, SIGNATURE_FILE, Signer as SignedBy, Source,
};

use super::readme;
use crate::architecture::Architecture;
use crate::bundle::Bundle;
use crate::driver_package;
use crate::inf::{self, Inf};
use crate::moment::Moment;
use crate::pe::{self, Image};
use crate::signature::{self, Content};
use crate::signer::Signer;
use crate::{catalog, inf::primitive};

/// Where the certificate lies in a bundle.
const CERTIFICATE: &str = "signer.cer";
/// Where the program for the target machine lies.
const NMRCTL: &str = "nmrctl.exe";

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
}

/// Everything one driver's package is made from.
#[derive(Clone, Debug)]
pub(crate) struct DriverParts {
    pub(crate) name: String,
    /// The `.inx` file's name, for messages.
    pub(crate) inx_name: String,
    pub(crate) inx: Vec<u8>,
    /// The image, unsigned.
    pub(crate) image: Vec<u8>,
    pub(crate) symbols: Vec<u8>,
}

/// Makes the bundle: stamps, signs, catalogs, describes.
pub(crate) fn assemble(parts: &Parts, signer: &Signer) -> Result<Bundle> {
    let mut bundle = Bundle::default();
    let mut drivers = Vec::new();
    for driver in &parts.drivers {
        drivers.push(
            add_driver(&mut bundle, parts, driver, signer)
                .with_context(|| format!("driver {}", driver.name))?,
        );
    }
    bundle.files.insert(NMRCTL.to_owned(), embed_signature(&parts.nmrctl, signer).context(NMRCTL)?);
    bundle.files.insert(CERTIFICATE.to_owned(), signer.certificate.der.clone());
    let mut manifest = Manifest {
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
        signer: SignedBy {
            certificate: CERTIFICATE.to_owned(),
            sha1: signer.certificate.sha1(),
            sha256: signer.certificate.sha256(),
        },
        nmrctl: NMRCTL.to_owned(),
        drivers,
        files: Vec::new(),
    };
    bundle.files.insert(readme::FILE.to_owned(), readme::text(&manifest).into_bytes());
    manifest.files =
        bundle.files.iter().map(|(path, content)| File::describe(path.as_str(), content)).collect();
    let faults = manifest.faults();
    if !faults.is_empty() {
        bail!("the manifest would be wrong: {}", faults.join("; "));
    }
    let manifest = manifest_bytes(&manifest)?;
    let seal = signature::sign(&Content::detached(&manifest), signer)?;
    bundle.files.insert(MANIFEST_FILE.to_owned(), manifest);
    bundle.files.insert(SIGNATURE_FILE.to_owned(), seal);
    Ok(bundle)
}

/// The manifest as it stands in a bundle.
pub(crate) fn manifest_bytes(manifest: &Manifest) -> Result<Vec<u8>> {
    let mut text = serde_json::to_string_pretty(manifest)?;
    text.push('\n');
    Ok(text.into_bytes())
}

/// Adds the package of one driver.
fn add_driver(bundle: &mut Bundle, parts: &Parts, driver: &DriverParts, signer: &Signer) -> Result<Driver> {
    let DriverParts { name, inx_name, inx, image, symbols } = driver;
    let architecture = parts.architecture;
    let stamped = inf::stamp::stamp(inx_name, inx, architecture, &parts.version, parts.moment)?;
    let primitive = primitive::primitive(&Inf::parse(inx_name, &stamped)?, architecture)?;
    let [service] = primitive.services.as_slice() else {
        bail!("{inx_name}: it adds {} services, expected one", primitive.services.len());
    };
    let inf_name = format!("{name}.inf");
    let image_name = format!("{name}.sys");
    let image = embed_signature(image, signer).with_context(|| image_name.clone())?;
    let available = |path: &str| match path {
        _ if path == inf_name => Some(stamped.as_slice()),
        _ if path.eq_ignore_ascii_case(&image_name) => Some(image.as_slice()),
        _ => None,
    };
    let payload =
        driver_package::payload(&inf_name, &primitive, architecture, available).map_err(|mut problems| {
            // The author knows the file it was stamped from; lines are the same.
            problems.name.clone_from(inx_name);
            problems
        })?;
    let catalog = catalog::signed(&payload, architecture.catalog_os(), parts.moment, signer)?;
    let path = |file: &str| format!("{name}/{file}");
    let described = Driver {
        service: service.name.clone(),
        inf: path(&inf_name),
        catalog: path(&primitive.catalog),
        image: path(&image_name),
        symbols: path(&format!("{name}.pdb")),
    };
    bundle.files.insert(described.inf.clone(), stamped);
    bundle.files.insert(described.catalog.clone(), catalog);
    bundle.files.insert(described.image.clone(), image);
    bundle.files.insert(described.symbols.clone(), symbols.clone());
    Ok(described)
}

/// The image with a signature in it.
fn embed_signature(image: &[u8], signer: &Signer) -> Result<Vec<u8>> {
    let content = Content::image(&Image::parse(image)?)?;
    Ok(pe::attach_signature(image, &signature::sign(&content, signer)?)?)
}

#[cfg(test)]
pub(crate) mod samples {
    //! A small bundle made of synthetic images.

    use super::*;
    use crate::pe::samples::image;
    use crate::signer::samples::signer;

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
                image: image(0x8664, b"a driver"),
                symbols: b"symbols".to_vec(),
            }],
        }
    }

    /// The bundle made from [`parts`].
    pub(crate) fn bundle() -> Bundle {
        assemble(&parts(), signer()).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pe::samples::image;
    use crate::signer::samples::signer;

    fn refusal(change: impl FnOnce(&mut Parts)) -> String {
        let mut parts = samples::parts();
        change(&mut parts);
        format!("{:#}", assemble(&parts, signer()).unwrap_err())
    }

    #[test]
    fn the_same_parts_give_the_same_bundle() {
        let bundle = samples::bundle();
        assert_eq!(samples::bundle(), bundle);
        let paths: Vec<_> = bundle.files.keys().map(String::as_str).collect();
        let expected = [
            "README.md",
            "composite/composite.cat",
            "composite/composite.inf",
            "composite/composite.pdb",
            "composite/composite.sys",
            "manifest.json",
            "manifest.p7s",
            "nmrctl.exe",
            "signer.cer",
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
    fn an_image_that_is_none_or_signed_already_is_refused() {
        assert!(
            refusal(|parts| parts.drivers[0].image = b"text".to_vec()).contains("composite.sys: signature")
        );
        let signed = samples::bundle().files["nmrctl.exe"].clone();
        assert!(
            refusal(|parts| parts.nmrctl = signed)
                .contains("nmrctl.exe: certificate table: the image is signed already")
        );
    }
}
