//! A driver package on a disk: one folder with INF files and the files they name.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::exit;
use crate::inf::{Inf, Problem, lint};

/// Folders nested deeper than this are none of a package's.
const DEEPEST: usize = 8;
/// A folder with more files than this is none of a package.
const MOST_FILES: usize = 100_000;

/// The files of a folder by their paths in upper case, parts separated by `/`: Windows does not tell upper from lower case,
/// and sorts by the upper one. Links are not followed.
#[derive(Debug)]
pub(crate) struct Folder {
    files: BTreeMap<String, (String, PathBuf)>,
}

impl Folder {
    /// Lists the folder `root`.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut folder = Self { files: BTreeMap::new() };
        folder.walk(root, "", 0)?;
        Ok(folder)
    }

    fn walk(&mut self, at: &Path, prefix: &str, depth: usize) -> Result<()> {
        let entries = fs::read_dir(at).with_context(|| format!("{} cannot be read", at.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("{} cannot be read", at.display()))?;
            let kind = entry.file_type()?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = format!("{prefix}{name}");
            if kind.is_dir() && depth < DEEPEST {
                self.walk(&entry.path(), &format!("{path}/"), depth + 1)?;
            } else if kind.is_file() {
                let key = path.to_ascii_uppercase();
                if let Some((other, _)) = self.files.get(&key) {
                    return Err(exit::usage(format!(
                        "{path} and {other} are one name to Windows, which does not mind letter case: remove one of them"
                    )));
                }
                self.files.insert(key, (path, entry.path()));
            }
            if self.files.len() > MOST_FILES {
                return Err(exit::usage(format!("{} has too many files for a package", at.display())));
            }
        }
        Ok(())
    }

    /// The paths as the folder has them, in the order of the alphabet.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.values().map(|(path, _)| path.as_str())
    }

    /// The content of the file at `path`, in any letter case; nothing when it is not there.
    pub(crate) fn content(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let Some((_, path)) = self.files.get(&path.to_ascii_uppercase()) else { return Ok(None) };
        fs::read(path).map(Some).with_context(|| format!("{} cannot be read", path.display()))
    }

    /// The INF files of the package: those in the folder itself, then those of its sub-folders, each in the order of the
    /// alphabet.
    pub(crate) fn infs(&self) -> Result<Vec<Inf>> {
        let mut paths: Vec<&str> = self.paths().filter(|path| is_setup(path)).collect();
        paths.sort_by_key(|path| {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            (folder.to_ascii_uppercase(), name.to_ascii_uppercase())
        });
        let read = |path: &str| Ok(Inf::parse(path, &self.content(path)?.unwrap_or_default())?);
        paths.into_iter().map(read).collect()
    }
}

/// Whether the file at `path` is a setup information file: the one that a disc starts by has the ending only.
pub(crate) fn is_setup(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    lower.ends_with(".inf") && lower.rsplit('/').next() != Some("autorun.inf")
}

/// What the package of `inf`, which lies in `folder`, lacks.
pub(crate) fn missing(inf: &Inf, folder: &Path) -> Vec<Problem> {
    lint::is_there(inf, |path| is_file(folder, path))
}

/// Whether the file at `path`, in any letter case, is in `folder`.
fn is_file(folder: &Path, path: &str) -> bool {
    let mut at = folder.to_owned();
    for part in path.split('/') {
        let same = |name: &OsStr| name.to_str().is_some_and(|name| name.eq_ignore_ascii_case(part));
        let entries = fs::read_dir(&at).into_iter().flatten().flatten();
        let Some(found) = entries.map(|entry| entry.file_name()).find(|name| same(name)) else {
            return false;
        };
        at.push(found);
    }
    at.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> (tempfile::TempDir, Folder) {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("Sub")).unwrap();
        for file in files {
            fs::write(root.path().join(file), *file).unwrap();
        }
        let folder = Folder::read(root.path()).unwrap();
        (root, folder)
    }

    #[test]
    fn files_are_found_whatever_the_letter_case() {
        let (root, folder) = folder(&["B_1.inf", "Ba.inf", "a.INF", "Sub/c.Inf"]);
        assert_eq!(folder.paths().collect::<Vec<_>>(), ["a.INF", "Ba.inf", "B_1.inf", "Sub/c.Inf"]);
        assert!(is_file(root.path(), "SUB/C.INF") && !is_file(root.path(), "c.inf"));
        assert_eq!(folder.content("ba.INF").unwrap().unwrap(), b"Ba.inf");
        assert_eq!(folder.content("none").unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn names_that_windows_does_not_tell_apart_are_refused() {
        let root = tempfile::tempdir().unwrap();
        for file in ["a.sys", "A.SYS"] {
            fs::write(root.path().join(file), file).unwrap();
        }
        let error = Folder::read(root.path()).unwrap_err();
        assert!(error.to_string().contains("are one name to Windows"), "{error}");
        assert_eq!(exit::reason_of(&error), exit::Reason::Usage);
    }

    #[test]
    fn inf_files_of_sub_folders_come_last() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("a")).unwrap();
        for file in ["b.inf", "A.INF", "a/c.inf", "autorun.inf", "d.txt"] {
            fs::write(root.path().join(file), "[Version]\n").unwrap();
        }
        let infs = Folder::read(root.path()).unwrap().infs().unwrap();
        assert_eq!(
            infs.iter().map(|inf| inf.name.as_str()).collect::<Vec<_>>(),
            ["A.INF", "b.inf", "a/c.inf"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let (root, _) = folder(&["a.inf"]);
        std::os::unix::fs::symlink(root.path(), root.path().join("loop")).unwrap();
        assert_eq!(Folder::read(root.path()).unwrap().paths().count(), 1);
    }
}
