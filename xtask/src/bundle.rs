//! A bundle in memory: its files by path. It comes from a folder or an archive, and goes to both.

mod archive;
mod folder;
mod newest;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use nmrctl::names::is_plain_path;

use crate::exit;

pub(crate) use archive::write_archive;
pub(crate) use folder::write_folder;
pub(crate) use newest::{chosen, newest};

/// A file larger than this is none of ours.
const LARGEST_FILE: u64 = 512 << 20;
/// A bundle larger than this is none of ours.
const LARGEST_BUNDLE: u64 = 1 << 30;

/// The files of a bundle by path, parts separated by `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bundle {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

/// Something a bundle must not contain, met while reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Oddity {
    pub(crate) path: String,
    pub(crate) what: String,
}

impl Bundle {
    /// Reads a bundle folder or archive. What does not belong into one is left out and told.
    pub(crate) fn read(path: &Path) -> Result<(Self, Vec<Oddity>)> {
        let metadata = fs::metadata(path)
            .map_err(|error| exit::usage(format!("there is no bundle at {}: {error}", path.display())))?;
        if metadata.is_dir() {
            return folder::read_folder(path, is_plain_path);
        }
        if !metadata.is_file() {
            return Err(exit::usage(format!("{} is neither a folder nor a file", path.display())));
        }
        let mut bytes = Vec::new();
        fs::File::open(path)
            .and_then(|file| file.take(LARGEST_BUNDLE + 1).read_to_end(&mut bytes))
            .with_context(|| format!("{} cannot be read", path.display()))?;
        if bytes.len() as u64 > LARGEST_BUNDLE {
            return Err(exit::wrong(format!("{} is too large for a bundle", path.display())));
        }
        archive::read_archive(&bytes).map_err(|error| exit::wrong(format!("{}: {error}", path.display())))
    }

    /// Reads the folder of a driver package that somebody else made, whose files may have names of more kinds.
    pub(crate) fn read_package(folder: &Path) -> Result<(Self, Vec<Oddity>)> {
        folder::read_folder(folder, is_windows_path)
    }

    /// The content of the file at `path`.
    pub(crate) fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }
}

/// Whether Windows gives a file at `path` this very name: it drops dots and blanks at the end of a name.
fn is_windows_path(path: &str) -> bool {
    let illegal = |char: char| char.is_control() || "\\:*?\"<>|".contains(char);
    !path.contains(illegal) && path.split('/').all(|name| !name.ends_with(['.', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_windows_would_change_are_told() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["driver.inf", "a b.txt", "\u{e9}.txt"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        assert_eq!(Bundle::read_package(folder.path()).unwrap().1, []);
        for name in ["driver.inf ", "driver.inf.", "a:b"] {
            assert!(!is_windows_path(name), "{name:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_not_read() {
        let error = Bundle::read(Path::new("/dev/null")).unwrap_err();
        assert_eq!(exit::reason_of(&error), exit::Reason::Usage);
        assert!(error.to_string().contains("neither a folder nor a file"), "{error}");
    }
}
