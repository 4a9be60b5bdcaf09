//! A view of a kit's header folders in which names may be written in any case.
//!
//! Windows kits include `DriverSpecs.h` and ship `driverspecs.h`. On a file system that minds case, clang is given a
//! virtual file system, a document in JSON (which is YAML), that lists each header and compares names without case.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::host::Host;

/// The overlay for these folders and all below them.
pub(crate) fn overlay(host: &impl Host, folders: &[PathBuf]) -> String {
    // A folder inside another one is listed with that one.
    let inner = |folder: &PathBuf| folders.iter().any(|outer| outer != folder && folder.starts_with(outer));
    let roots: Vec<Value> =
        folders.iter().filter(|folder| !inner(folder)).map(|folder| directory(host, folder)).collect();
    json!({ "version": 0, "case-sensitive": "false", "roots": roots }).to_string()
}

fn directory(host: &impl Host, folder: &Path) -> Value {
    json!({ "type": "directory", "name": folder.display().to_string(), "contents": contents(host, folder) })
}

fn contents(host: &impl Host, folder: &Path) -> Vec<Value> {
    let mut names = host.entries(folder);
    names.sort();
    let entry = |name: &String| {
        let path = folder.join(name);
        if host.is_folder(&path) {
            json!({ "type": "directory", "name": name, "contents": contents(host, &path) })
        } else {
            json!({ "type": "file", "name": name, "external-contents": path.display().to_string() })
        }
    };
    names.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::FakeHost;

    #[test]
    fn every_header_is_listed_once_under_its_folder() {
        let host = FakeHost::linux()
            .with_file("/kit/km/crt/Crt.h")
            .with_file("/kit/km/ntddk.h")
            .with_file("/kit/shared/X.h");
        let text = overlay(&host, &["/kit/km/crt".into(), "/kit/km".into(), "/kit/shared".into()]);
        let text = text.replace(r"\\", "/"); // on Windows
        let overlay: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(overlay["case-sensitive"], "false");
        assert_eq!(
            overlay["roots"],
            json!([
                { "type": "directory", "name": "/kit/km", "contents": [
                    { "type": "directory", "name": "crt", "contents": [
                        { "type": "file", "name": "Crt.h", "external-contents": "/kit/km/crt/Crt.h" },
                    ] },
                    { "type": "file", "name": "ntddk.h", "external-contents": "/kit/km/ntddk.h" },
                ] },
                { "type": "directory", "name": "/kit/shared", "contents": [
                    { "type": "file", "name": "X.h", "external-contents": "/kit/shared/X.h" },
                ] },
            ])
        );
    }
}
