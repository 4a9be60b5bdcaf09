//! The workspace as the laws see it: its files and its packages, read once.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::source::SourceFile;
use crate::context::Context;

/// The workspace.
#[derive(Debug)]
pub(super) struct Tree {
    files: Vec<SourceFile>,
    packages: Vec<Package>,
    /// Modules that never get into a driver: paths without `.rs`.
    desk: BTreeSet<String>,
}

/// A member of the workspace.
#[derive(Clone, Debug)]
pub(super) struct Package {
    pub(super) name: String,
    /// Relative to the workspace, with forward slashes.
    pub(super) folder: String,
    pub(super) dependencies: Vec<Dependency>,
}

impl Package {
    pub(super) fn manifest(&self) -> String {
        format!("{}/Cargo.toml", self.folder)
    }
}

/// What a package depends on.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Dependency {
    /// The name of the package, whatever it is called by its user.
    pub(super) name: String,
    /// `dev` or `build`; nothing for an ordinary one.
    pub(super) kind: Option<String>,
    /// The condition under which it is one, as its manifest has it.
    pub(super) target: Option<String>,
}

impl Tree {
    pub(super) fn new(files: Vec<SourceFile>, packages: Vec<Package>) -> Self {
        let desk = files.iter().flat_map(|file| {
            let folder = module_folder(&file.path);
            file.desk_modules().iter().map(move |module| format!("{folder}/{module}"))
        });
        let desk = desk.collect();
        Self { files, packages, desk }
    }

    /// Reads the workspace of `context`.
    pub(super) fn read(context: &Context) -> Result<Self> {
        let mut paths = Vec::new();
        list(&context.workspace, &context.workspace, &context.target, &mut paths)?;
        paths.sort();
        let mut files = Vec::new();
        for path in paths {
            let full = context.workspace.join(&path);
            let bytes = fs::read(&full).with_context(|| format!("{} cannot be read", full.display()))?;
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(SourceFile::new(path, text));
            }
        }
        Ok(Self::new(files, packages(context)?))
    }

    pub(super) fn files(&self) -> &[SourceFile] {
        &self.files
    }

    pub(super) fn packages(&self) -> &[Package] {
        &self.packages
    }

    pub(super) fn file(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The files below `folder` whose code may get into a driver.
    pub(super) fn product(&self, folder: &str) -> impl Iterator<Item = &SourceFile> {
        let below = format!("{folder}/src/");
        self.files.iter().filter(move |file| file.path.starts_with(&below) && !self.is_for_desk(&file.path))
    }

    fn is_for_desk(&self, path: &str) -> bool {
        let module = path.strip_suffix(".rs").unwrap_or(path);
        self.desk.iter().any(|desk| {
            module.strip_prefix(desk.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// Where the modules lie that the file at `path` declares.
fn module_folder(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    match name {
        "lib.rs" | "main.rs" | "mod.rs" => folder.to_owned(),
        _ => format!("{folder}/{}", name.strip_suffix(".rs").unwrap_or(name)),
    }
}

/// The endings of files that hold text of ours.
const TEXTS: [&str; 13] =
    ["rs", "toml", "md", "inx", "inf", "json", "yml", "yaml", "c", "h", "sh", "txt", "def"];

/// The text files below `folder`, relative to `root`; nothing hidden but `.cargo` and `.ci`, nothing that was built.
fn list(root: &Path, folder: &Path, target: &Path, paths: &mut Vec<String>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("{} cannot be read", folder.display()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let hidden = name.starts_with('.') && ![".cargo", ".ci"].contains(&name.as_str());
        if hidden || path == target || name == "target" || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            list(root, &path, target, paths)?;
        } else if path.extension().map_or(name == "run", |ending| TEXTS.iter().any(|text| ending == *text)) {
            paths.push(relative(root, &path));
        }
    }
    Ok(())
}

fn relative(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Member>,
}

#[derive(Deserialize)]
struct Member {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

fn packages(context: &Context) -> Result<Vec<Package>> {
    let metadata: Metadata = context.members()?;
    let package = |member: Member| {
        let folder = member.manifest_path.parent().unwrap_or(Path::new(""));
        Package {
            name: member.name,
            folder: relative(&context.workspace, folder),
            dependencies: member.dependencies,
        }
    };
    Ok(metadata.packages.into_iter().map(package).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_for_the_desk_takes_its_folder_along() {
        let tree = Tree::new(
            vec![
                SourceFile::new(
                    "a/src/lib.rs",
                    "//! A.\n#[cfg(feature = \"host\")] pub mod host;\nmod kept;",
                ),
                SourceFile::new("a/src/host.rs", "//! H."),
                SourceFile::new("a/src/host/more.rs", "//! M."),
                SourceFile::new("a/src/hosted.rs", "//! N."),
                SourceFile::new("a/src/kept.rs", "//! K.\n#[cfg(test)] mod tests;"),
                SourceFile::new("a/src/kept/tests.rs", "//! T."),
                SourceFile::new("a/tests/it.rs", "//! I."),
            ],
            Vec::new(),
        );
        let product: Vec<_> = tree.product("a").map(|file| file.path.as_str()).collect();
        assert_eq!(product, ["a/src/lib.rs", "a/src/hosted.rs", "a/src/kept.rs"]);
    }

    #[test]
    fn this_workspace_is_read() {
        let tree = Tree::read(&Context::new(false).unwrap()).unwrap();
        assert!(tree.file("crates/nmr-abi/src/lib.rs").is_some());
        assert!(tree.file(".cargo/config.toml").is_some());
        assert!(tree.packages().iter().any(|package| package.folder == "crates/nmr"));
        assert!(!tree.files().iter().any(|file| file.path.contains("target/")));
    }
}
