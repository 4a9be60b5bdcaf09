//! A driver's package: its INF, its image, its catalog, and that they belong together.

use nmrctl::manifest::{Driver, Manifest};

use super::{Finding, catalog, image, manifest};
use crate::bundle::Bundle;
use crate::certificate::Certificate;
use crate::driver_package;
use crate::inf::primitive::{Primitive, primitive};
use crate::inf::{Inf, Problems};
use crate::moment::Moment;

/// Checks the package of `driver`.
pub(super) fn check(
    bundle: &Bundle,
    manifest: &Manifest,
    driver: &Driver,
    signer: &Certificate,
    findings: &mut Vec<Finding>,
) {
    let architecture = manifest::architecture(manifest);
    if let Some(bytes) = bundle.get(&driver.image) {
        image::check(&driver.image, bytes, architecture, signer, findings);
    }
    let Some(inf_bytes) = bundle.get(&driver.inf) else {
        return;
    };
    let (folder, inf_name) = driver.inf.rsplit_once('/').unwrap_or(("", &driver.inf));
    let in_folder = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let primitive = match Inf::parse(&driver.inf, inf_bytes).and_then(|inf| primitive(&inf, architecture)) {
        Ok(primitive) => primitive,
        Err(problems) => return add(&driver.inf, &problems, findings),
    };
    check_agreement(manifest, driver, &primitive, &in_folder(&primitive.catalog), findings);
    let file = |path: &str| bundle.get(&in_folder(path));
    let payload = match driver_package::payload(inf_name, &primitive, architecture, file) {
        Ok(payload) => payload,
        Err(problems) => return add(&driver.inf, &problems, findings),
    };
    if let Some(bytes) = bundle.get(&driver.catalog) {
        catalog::check(&driver.catalog, bytes, &payload, manifest, signer, findings);
    }
}

fn add(path: &str, problems: &Problems, findings: &mut Vec<Finding>) {
    findings.extend(problems.list.iter().map(|problem| {
        let field = format!("line {}, column {}", problem.place.line, problem.place.column);
        Finding::new(path, field, format!("{}; {}", problem.what, problem.instead))
    }));
}

/// What the manifest says about the driver must be what its INF says.
fn check_agreement(
    manifest: &Manifest,
    driver: &Driver,
    primitive: &Primitive,
    catalog: &str,
    findings: &mut Vec<Finding>,
) {
    let services: Vec<&str> = primitive.services.iter().map(|service| service.name.as_str()).collect();
    let image = driver.image.rsplit('/').next().unwrap_or_default();
    let date = Moment::from_epoch(manifest.source.time).map(Moment::inf_date).unwrap_or_default();
    let version = manifest.version.split(['-', '+']).next().unwrap_or_default();
    for (field, found, expected) in [
        ("AddService", services.join(", "), driver.service.clone()),
        ("CatalogFile", catalog.to_owned(), driver.catalog.clone()),
        ("DriverVer", primitive.driver_version.clone(), format!("{date},{version}.0")),
    ] {
        if found != expected {
            findings.push(Finding::new(
                &driver.inf,
                field,
                format!("it is {found:?}, the manifest means {expected:?}"),
            ));
        }
    }
    if !primitive.files.iter().any(|file| file.source.eq_ignore_ascii_case(image)) {
        findings.push(Finding::new(
            &driver.inf,
            "CopyFiles",
            format!("it does not install {image}, the driver's image"),
        ));
    }
}
