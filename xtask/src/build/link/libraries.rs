//! The import libraries that an image is linked with.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::exit;

/// A library the compiler asks for, and where it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Library {
    /// The name that the compiler knows it by.
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// Finds the libraries among `wanted`; other words there are options that `/NODEFAULTLIB` makes void.
pub(super) fn find_libraries(wanted: &[String], folders: &[PathBuf]) -> Result<Vec<Library>> {
    let mut found: Vec<Library> = Vec::new();
    for name in wanted.iter().filter(|word| !word.starts_with(['/', '-'])) {
        if found.iter().any(|library| library.name == *name) {
            continue;
        }
        let Some(path) = folders.iter().find_map(|folder| library_in(folder, name)) else {
            let searched: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
            return Err(exit::missing(format!(
                "the import library {name} is not in {}; set WDKContentRoot to a kit that has it",
                searched.join(", ")
            )));
        };
        found.push(Library { name: name.clone(), path });
    }
    Ok(found)
}

/// `ntoskrnl.lib` in a Windows kit, whatever its case, or `libntoskrnl.a` in mingw-w64.
fn library_in(folder: &Path, name: &str) -> Option<PathBuf> {
    let stem = name.strip_suffix(".lib").unwrap_or(name);
    let plain = [folder.join(name), folder.join(format!("lib{stem}.a"))];
    if let Some(path) = plain.into_iter().find(|path| path.is_file()) {
        return Some(path);
    }
    let entries = fs::read_dir(folder).ok()?.flatten();
    let mut alike: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(|found| found.eq_ignore_ascii_case(name)))
        .map(|entry| entry.path())
        .collect();
    alike.sort();
    alike.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_found_under_either_toolchains_name_and_any_case() {
        let mingw = tempfile::tempdir().unwrap();
        let kit = tempfile::tempdir().unwrap();
        fs::write(mingw.path().join("libhal.a"), "").unwrap();
        fs::write(kit.path().join("NtosKrnl.Lib"), "").unwrap();
        let folders = [mingw.path().to_owned(), kit.path().to_owned()];
        let wanted = ["ntoskrnl.lib", "hal.lib", "ntoskrnl.lib", "/defaultlib:libcmt"].map(str::to_owned);
        let found = find_libraries(&wanted, &folders).unwrap();
        assert_eq!(
            found,
            [
                Library { name: "ntoskrnl.lib".into(), path: kit.path().join("NtosKrnl.Lib") },
                Library { name: "hal.lib".into(), path: mingw.path().join("libhal.a") },
            ]
        );
    }

    #[test]
    fn a_library_that_is_nowhere_is_named() {
        let error = find_libraries(&["wdmsec.lib".to_owned()], &["/kit".into()]).unwrap_err();
        assert!(error.to_string().contains("wdmsec.lib is not in /kit"), "{error}");
        assert_eq!(exit::reason_of(&error), exit::Reason::Missing);
    }
}
