//! What the images of a bundle are made of: the packages whose code was compiled into them, as cargo said while it built.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// More than this is no licence.
const LONGEST_LICENCE: u64 = 256 << 10;

/// A package that is part of an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Component {
    pub(crate) name: String,
    pub(crate) version: String,
    /// An SPDX expression, as its manifest has it.
    pub(crate) licence: String,
    pub(crate) repository: String,
    /// SHA-256 of the archive that it came in, from Cargo.lock; empty for our own packages.
    pub(crate) checksum: String,
    /// The licences that lie in its folder, by file name; empty for our own packages.
    pub(crate) texts: Vec<(String, String)>,
    /// The images that it is part of.
    pub(crate) images: BTreeSet<String>,
}

impl Component {
    /// Whether it was written elsewhere.
    pub(crate) fn is_third_party(&self) -> bool {
        !self.checksum.is_empty()
    }
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

/// The packages that `images`, each with the manifests of its packages, are made of; ordered by name.
pub(super) fn read(workspace: &Path, images: &[(String, &[PathBuf])]) -> Result<Vec<Component>> {
    let mut by_manifest: BTreeMap<&Path, BTreeSet<String>> = BTreeMap::new();
    for (image, manifests) in images {
        for manifest in *manifests {
            by_manifest.entry(manifest).or_default().insert(image.clone());
        }
    }
    let path = workspace.join("Cargo.lock");
    let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let lock: Lock = toml::from_str(&text).with_context(|| format!("{} is no lock file", path.display()))?;
    let root = manifest_of(&workspace.join("Cargo.toml"))?;
    let mut components = Vec::new();
    for (manifest, images) in by_manifest {
        components.push(component(manifest, images, &root, &lock)?);
    }
    components.sort();
    Ok(components)
}

fn manifest_of(path: &Path) -> Result<toml::Table> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is no manifest", path.display()))
}

fn component(path: &Path, images: BTreeSet<String>, root: &toml::Table, lock: &Lock) -> Result<Component> {
    let manifest = manifest_of(path)?;
    // What a member of the workspace inherits is a table where a value would be.
    let value = |key: &str| {
        let own = manifest.get("package").and_then(|package| package.get(key)).and_then(toml::Value::as_str);
        let inherited = || root.get("workspace")?.get("package")?.get(key)?.as_str();
        own.or_else(inherited).unwrap_or_default().to_owned()
    };
    let (name, version) = (value("name"), value("version"));
    let locked = lock.package.iter().find(|locked| locked.name == name && locked.version == version);
    let checksum = locked.and_then(|locked| locked.checksum.clone()).unwrap_or_default();
    let texts = match path.parent() {
        Some(folder) if !checksum.is_empty() => licences_in(folder)?,
        _ => Vec::new(),
    };
    let licence = value("license");
    Ok(Component { name, version, licence, repository: value("repository"), checksum, texts, images })
}

/// The files of `folder` that are licences by their names.
fn licences_in(folder: &Path) -> Result<Vec<(String, String)>> {
    let cannot = || format!("{} cannot be read", folder.display());
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let upper = name.to_ascii_uppercase();
        let is_licence = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"]
            .iter()
            .any(|start| upper.starts_with(start));
        let metadata = entry.metadata().with_context(cannot)?;
        if is_licence && metadata.is_file() && metadata.len() <= LONGEST_LICENCE {
            let bytes = fs::read(entry.path()).with_context(cannot)?;
            texts.push((name, String::from_utf8_lossy(&bytes).replace("\r\n", "\n")));
        }
    }
    texts.sort();
    Ok(texts)
}

#[cfg(test)]
pub(crate) mod samples {
    //! Components for tests.

    use super::*;

    /// One package of ours and one of others, in `image`.
    pub(crate) fn components(image: &str) -> Vec<Component> {
        let images = BTreeSet::from([image.to_owned()]);
        let ours = Component {
            name: "nmr".into(),
            version: "1.2.3".into(),
            licence: "MIT OR Apache-2.0".into(),
            repository: String::new(),
            checksum: String::new(),
            texts: vec![],
            images: images.clone(),
        };
        let theirs = Component {
            name: "spin".into(),
            version: "0.10.0".into(),
            licence: "MIT".into(),
            repository: "https://example.org/spin".into(),
            checksum: "ab".repeat(32),
            texts: vec![("LICENSE".into(), "Do as you like.\n".into())],
            images,
        };
        vec![ours, theirs]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_lock_file_and_licences_are_brought_together() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            path
        };
        write("w/Cargo.toml", "[workspace.package]\nversion = \"1.2.3\"\nlicense = \"MIT\"\n");
        let lock = "[[package]]\nname = \"own\"\nversion = \"1.2.3\"\n[[package]]\nname = \"other\"\nversion = \"2.0.0\"\nchecksum = \"ab\"\n";
        write("w/Cargo.lock", lock);
        let own = write(
            "w/own/Cargo.toml",
            "[package]\nname = \"own\"\nversion.workspace = true\nlicense.workspace = true\n",
        );
        write("w/own/LICENSE", "not taken: it is ours");
        let other = write(
            "r/other/Cargo.toml",
            "[package]\nname = \"other\"\nversion = \"2.0.0\"\nlicense = \"ISC\"\n",
        );
        write("r/other/LICENSE-ISC", "text");
        let manifests = [own, other];
        let images = [("a.sys".to_owned(), &manifests[..]), ("b.sys".to_owned(), &manifests[1..])];
        let components = read(&folder.path().join("w"), &images).unwrap();
        let shown: Vec<String> = components
            .iter()
            .map(|found| {
                let images: Vec<&str> = found.images.iter().map(String::as_str).collect();
                format!(
                    "{} {} {} {} {}",
                    found.name,
                    found.version,
                    found.licence,
                    found.texts.len(),
                    images.join("+")
                )
            })
            .collect();
        assert_eq!(shown, ["other 2.0.0 ISC 1 a.sys+b.sys", "own 1.2.3 MIT 0 a.sys"]);
        assert!(components[0].is_third_party() && !components[1].is_third_party());
    }
}
