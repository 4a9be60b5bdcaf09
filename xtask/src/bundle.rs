//! A bundle in memory: its files by path. It comes from a folder or an archive, and goes to both.

mod archive;
mod folder;
mod newest;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use nmrctl::manifest::is_plain_path;

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
        if metadata.len() > LARGEST_BUNDLE {
            return Err(exit::wrong(format!("{} is too large for a bundle", path.display())));
        }
        let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        archive::read_archive(&bytes).map_err(|error| exit::wrong(format!("{}: {error}", path.display())))
    }

    /// Reads the folder of a driver package that somebody else made, whose files may have names of more kinds.
    pub(crate) fn read_package(folder: &Path) -> Result<(Self, Vec<Oddity>)> {
        folder::read_folder(folder, |path| {
            !path.contains(|char: char| char.is_control() || "\\:*?\"<>|".contains(char))
        })
    }

    /// The content of the file at `path`.
    pub(crate) fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }
}
