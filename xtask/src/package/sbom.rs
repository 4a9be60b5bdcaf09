//! The bill of materials of a bundle, in the form of CycloneDX 1.6.

use anyhow::Result;
use serde_json::{Value, json};

use super::components::Component;
use super::parts::Parts;
use crate::licence;

/// The file's name in a bundle.
pub(super) const FILE: &str = "sbom.cdx.json";

/// What each image of the bundle is made of.
pub(super) fn text(parts: &Parts) -> Result<String> {
    let images: Vec<&str> = parts.images().collect();
    let mut components: Vec<Value> = images.iter().map(|image| image_component(image, parts)).collect();
    components.extend(parts.components.iter().map(package_component));
    components.push(standard_library(&parts.toolchain));
    let mut dependencies = vec![json!({ "ref": parts.name, "dependsOn": images })];
    for image in &images {
        let mut depends: Vec<String> = parts
            .components
            .iter()
            .filter(|component| component.images.contains(*image))
            .map(reference)
            .collect();
        depends.push(STANDARD_LIBRARY.to_owned());
        dependencies.push(json!({ "ref": image, "dependsOn": depends }));
    }
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": parts.moment.rfc3339(),
            "tools": { "components": [{ "type": "application", "name": "cargo xtask package", "version": parts.version }] },
            "component": {
                "type": "firmware",
                "bom-ref": parts.name,
                "name": parts.name,
                "version": parts.version,
            },
        },
        "components": components,
        "dependencies": dependencies,
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&document)?))
}

const STANDARD_LIBRARY: &str = "rust-standard-library";

fn image_component(image: &str, parts: &Parts) -> Value {
    let kind = if image.ends_with(".sys") { "device-driver" } else { "application" };
    json!({ "type": kind, "bom-ref": image, "name": image, "version": parts.version })
}

fn package_component(component: &Component) -> Value {
    let mut value = json!({
        "type": "library",
        "bom-ref": reference(component),
        "name": component.name,
        "version": component.version,
        "purl": reference(component),
        "licenses": [{ "expression": licence::spelled(&component.licence) }],
    });
    if component.is_third_party() {
        value["hashes"] = json!([{ "alg": "SHA-256", "content": component.checksum }]);
    }
    if !component.repository.is_empty() {
        value["externalReferences"] = json!([{ "type": "vcs", "url": component.repository }]);
    }
    value
}

/// Part of every image: what the compiler brings along.
fn standard_library(toolchain: &str) -> Value {
    let version = toolchain.split(' ').nth(1).unwrap_or(toolchain);
    json!({
        "type": "library",
        "bom-ref": STANDARD_LIBRARY,
        "name": "Rust standard library",
        "version": version,
        "licenses": [{ "expression": "MIT OR Apache-2.0" }],
    })
}

/// The package URL; a package that is not published has one all the same, which tells it from others here.
fn reference(component: &Component) -> String {
    format!("pkg:cargo/{}@{}", component.name, component.version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::assemble::samples;

    #[test]
    fn every_image_names_what_it_is_made_of_and_every_name_is_described() {
        let document: Value = serde_json::from_str(&text(&samples::parts()).unwrap()).unwrap();
        let list = |value: &Value, key: &str| -> Vec<String> {
            value.as_array().unwrap().iter().map(|item| item[key].as_str().unwrap().to_owned()).collect()
        };
        let described = list(&document["components"], "bom-ref");
        assert_eq!(
            described,
            [
                "composite.sys",
                "nmrctl.exe",
                "pkg:cargo/nmr@1.2.3",
                "pkg:cargo/spin@0.10.0",
                "rust-standard-library"
            ]
        );
        let driver = &document["dependencies"][1];
        assert_eq!(driver["ref"], "composite.sys");
        assert_eq!(
            driver["dependsOn"],
            json!(["pkg:cargo/nmr@1.2.3", "pkg:cargo/spin@0.10.0", "rust-standard-library"])
        );
        assert_eq!(document["components"][3]["hashes"][0]["content"], "ab".repeat(32));
        assert_eq!(document["metadata"]["timestamp"], "2026-01-01T00:00:00Z");
    }
}
