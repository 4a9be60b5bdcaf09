//! What bindings are made from: a kit, libclang, and the little that has to be added to them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::architecture::CpuArchitecture;
use crate::config::out_dir;
use crate::driver_config::DriverConfig;
use crate::host::{Host, ThisHost};
use crate::kit::{Dialect, Kit};
use crate::missing::{Missing, Piece};
use crate::{ConfigError, IoError, case_overlay, clang_arguments, kit_root, libclang, mingw};

/// What bindings are made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sources {
    pub(crate) kit: Kit,
    pub(crate) libclang: PathBuf,
    /// Clang's own headers, where libclang has to be told of them.
    clang_headers: Option<PathBuf>,
    /// The view of the kit in which the case of names does not matter, where this file system minds it.
    case_overlay: Option<PathBuf>,
}

impl Sources {
    /// Finds all of it, or says in one error everything that is missing.
    pub(crate) fn find(driver: &DriverConfig, architecture: CpuArchitecture) -> Result<Self, ConfigError> {
        let host = &ThisHost;
        let kit = Kit::find(host, driver, architecture)?;
        let clang = libclang::find_library().and_then(|library| {
            // Windows kits and the LLVM of Windows are made for each other; elsewhere libclang often lies alone.
            if host.is_windows() {
                return Ok((library, None));
            }
            let (major, _) = bindgen::clang_version().parsed.unwrap_or_default();
            libclang::find_headers(host, &library, major).map(|headers| (library, Some(headers)))
        });
        match (kit, clang) {
            (Ok(kit), Ok((libclang, clang_headers))) => {
                let minds_case = kit.microsoft.is_some() && !host.is_windows();
                let case_overlay = minds_case.then(|| write_case_overlay(&out_dir()?, &kit)).transpose()?;
                Ok(Self { kit, libclang, clang_headers, case_overlay })
            }
            (kit, clang) => {
                let pieces: Vec<Piece> = kit.err().into_iter().flatten().chain(clang.err()).collect();
                Err(Missing::new(host, pieces).into())
            }
        }
    }

    /// The options that tell clang where headers are.
    pub(crate) fn header_arguments(&self) -> Vec<String> {
        let own = (self.kit.dialect == Dialect::Mingw).then(mingw::header_supplement);
        let mut arguments = Vec::new();
        if let Some(file) = &self.case_overlay {
            arguments.extend(["-ivfsoverlay".to_owned(), file.display().to_string()]);
        }
        let clang = self.clang_headers.as_deref();
        arguments.extend(clang_arguments::header_search(own.as_deref(), &self.kit.header_folders, clang));
        arguments
    }

    /// The folders in which the linker finds import libraries; what the kit lacks is written below `out_dir`.
    pub(crate) fn library_folders(&self, out_dir: &Path) -> Result<Vec<PathBuf>, ConfigError> {
        let mut folders = self.kit.library_folders.clone();
        if self.kit.dialect == Dialect::Mingw {
            folders.push(write_import_supplement(out_dir)?);
        }
        Ok(folders)
    }
}

/// When the machine has to be searched again.
pub(crate) fn when_to_find_again() -> Vec<String> {
    let variables =
        kit_root::VARIABLES.iter().chain(&[mingw::ROOT_VARIABLE, libclang::VARIABLE, "LLVM_CONFIG_PATH"]);
    variables.map(|name| format!("cargo::rerun-if-env-changed={name}")).collect()
}

fn write_case_overlay(out_dir: &Path, kit: &Kit) -> Result<PathBuf, ConfigError> {
    let overlay = case_overlay::overlay(&ThisHost, &kit.header_folders);
    write(out_dir, "kit-headers.json", overlay.as_bytes())
}

fn write_import_supplement(out_dir: &Path) -> Result<PathBuf, ConfigError> {
    let folder = out_dir.join("import-libraries");
    fs::create_dir_all(&folder).map_err(|error| IoError::with_path(&folder, error))?;
    let (name, content) = mingw::import_supplement();
    write(&folder, name, &content)?;
    Ok(folder)
}

fn write(folder: &Path, name: &str, content: &[u8]) -> Result<PathBuf, ConfigError> {
    let path = folder.join(name);
    fs::write(&path, content).map_err(|error| IoError::with_path(&path, error))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_that_decides_on_the_kit_is_watched() {
        let lines = when_to_find_again();
        for name in ["WDKContentRoot", "MicrosoftKitRoot", "WDKKitVersion", "Version_Number", "LIBCLANG_PATH"]
        {
            assert!(lines.contains(&format!("cargo::rerun-if-env-changed={name}")), "{name}");
        }
    }

    #[test]
    fn the_supplement_is_written_where_the_linker_looks() {
        let out = tempfile::tempdir().unwrap();
        let folder = write_import_supplement(out.path()).unwrap();
        let library = fs::read(folder.join("BufferOverflowFastFailK.lib")).unwrap();
        assert!(library.windows(15).any(|bytes| bytes == b"ExAllocatePool2"));
    }
}
