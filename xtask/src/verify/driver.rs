//! A driver's package: its INF, its image, its catalog, and that they belong together.

use std::borrow::Cow;

use nmrctl::manifest::{Driver, Manifest, Registration};

use super::{Class, Finding, catalog, image, manifest, symbols_of, system};
use crate::bundle::Bundle;
use crate::catalog::{Parameters, only_list};
use crate::certificate::Certificate;
use crate::inf::primitive::{Primitive, primitive};
use crate::inf::{Inf, Problems};
use crate::moment::Moment;
use crate::pe::Image;
use crate::registrations;

/// Checks the package of `driver`.
pub(super) fn check(
    bundle: &Bundle,
    manifest: &Manifest,
    driver: &Driver,
    signer: Option<&Certificate>,
    findings: &mut Vec<Finding>,
) {
    let architecture = manifest::architecture(manifest);
    if let Some(bytes) = bundle.get(&driver.image) {
        image::check(&driver.image, bytes, architecture, signer, findings);
    }
    let Some(inf_bytes) = bundle.get(&driver.inf) else {
        return;
    };
    let inf = match Inf::parse(&driver.inf, inf_bytes) {
        Ok(inf) => inf,
        Err(problems) => return add(&driver.inf, &problems, findings),
    };
    if let Some(image) = bundle.get(&driver.image).and_then(|bytes| Image::parse(bytes).ok()) {
        let needed = system::check(&driver.image, &image, &driver.inf, &inf, architecture, findings);
        check_record(bundle, driver, &image, needed, findings);
    }
    let folder = driver.inf.rsplit_once('/').map_or("", |(folder, _)| folder);
    let in_folder = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    match primitive(&inf, architecture) {
        Ok(primitive) => {
            check_agreement(manifest, driver, &primitive, &in_folder(&primitive.catalog), findings);
        }
        Err(problems) => return add(&driver.inf, &problems, findings),
    }
    let parameters = Parameters::of_bundle(architecture, manifest.source.time);
    let list = match only_list(inf, &parameters, |path| bundle.get(path).map(Cow::Borrowed)) {
        Ok(list) => list,
        Err(problems) => return add(&driver.inf, &problems, findings),
    };
    if let Some(bytes) = bundle.get(&driver.catalog) {
        catalog::check(&driver.catalog, bytes, &list, signer, findings);
    }
}

/// What the manifest says about the image and its symbols must be what they are.
fn check_record(
    bundle: &Bundle,
    driver: &Driver,
    image: &Image<'_>,
    build: u32,
    findings: &mut Vec<Finding>,
) {
    let id = match bundle.get(&driver.symbols) {
        Some(symbols) => symbols_of::check(&driver.image, image, &driver.symbols, symbols, findings),
        None => return,
    };
    if id != driver.symbols_id {
        let shown = |id: &Option<String>| id.clone().unwrap_or_else(|| "no symbols".to_owned());
        let what = format!("it names {}, the manifest says {}", shown(&id), shown(&driver.symbols_id));
        findings.push(Finding::new(Class::Image, &driver.image, "debug directory", what));
    }
    match registrations::of_image(image) {
        Ok(found) if found == driver.registrations => {}
        Ok(found) => {
            let what = format!(
                "the image registers {}, the manifest says {}",
                shown(&found),
                shown(&driver.registrations)
            );
            findings.push(Finding::new(Class::Image, &driver.image, "registrations", what));
        }
        Err(fault) => findings.push(Finding::new(Class::Image, &driver.image, fault.field, fault.what)),
    }
    if build != driver.minimum_build {
        let what = format!("image and INF need build {build}, the manifest says {}", driver.minimum_build);
        findings.push(Finding::new(Class::System, &driver.image, "minimum_build", what));
    }
}

fn shown(registrations: &[Registration]) -> String {
    let one = |registration: &Registration| {
        let Registration { name, role, npi, instances } = registration;
        format!("{name} ({role:?} of {npi}, {instances} times)")
    };
    match registrations {
        [] => "nothing".to_owned(),
        some => some.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}

fn add(path: &str, problems: &Problems, findings: &mut Vec<Finding>) {
    findings.extend(problems.list.iter().map(|problem| {
        let field = format!("line {}, column {}", problem.place.line, problem.place.column);
        Finding::new(Class::Inf, path, field, format!("{}; {}", problem.what, problem.instead))
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
                Class::Inf,
                &driver.inf,
                field,
                format!("it is {found:?}, the manifest means {expected:?}"),
            ));
        }
    }
    if !primitive.files.iter().any(|file| file.source.eq_ignore_ascii_case(image)) {
        findings.push(Finding::new(
            Class::Inf,
            &driver.inf,
            "CopyFiles",
            format!("it does not install {image}, the driver's image"),
        ));
    }
}
