//! Putting a finished bundle into the target folder: whole or not at all.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::bundle::{Bundle, is_archive_of, write_archive, write_folder};
use crate::moment::Moment;

/// How the names of folders begin in which a bundle is prepared.
const STAGING: &str = ".staging-";

/// Puts `bundle` at `folder` and its archive at `archive`, which lie side by side; tells whether anything had to be
/// written. Until the last step everything happens in a folder of its own, and the last steps are renames.
pub(super) fn place(bundle: &Bundle, folder: &Path, archive: &Path, moment: Moment) -> Result<bool> {
    let parent = folder.parent().context("the target folder has no parent")?;
    let top = folder.file_name().and_then(|name| name.to_str()).context("the target folder has no name")?;
    remove_leftovers(parent);
    let folder_is_right =
        Bundle::read(folder).is_ok_and(|(found, oddities)| oddities.is_empty() && found == *bundle);
    let archive_is_right = fs::read(archive).is_ok_and(|bytes| is_archive_of(&bytes, bundle, top));
    if folder_is_right && archive_is_right {
        return Ok(false);
    }
    let staging = tempfile::Builder::new()
        .prefix(STAGING)
        .tempdir_in(parent)
        .with_context(|| format!("{} cannot be written to", parent.display()))?;
    let (new, old, zip) =
        (staging.path().join("new"), staging.path().join("old"), staging.path().join("zip"));
    fs::create_dir(&new)?;
    write_folder(bundle, &new)?;
    fs::write(&zip, write_archive(bundle, top, moment)?)?;
    replace_folder(&new, folder, &old).with_context(|| format!("{} cannot be replaced", folder.display()))?;
    fs::rename(&zip, archive).with_context(|| format!("{} cannot be replaced", archive.display()))?;
    Ok(true)
}

/// Puts the folder `new` in the place of `folder`, which moves to `old`, or comes back if that fails.
fn replace_folder(new: &Path, folder: &Path, old: &Path) -> std::io::Result<()> {
    let was_there = folder.symlink_metadata().is_ok();
    if was_there {
        fs::rename(folder, old)?;
    }
    fs::rename(new, folder).inspect_err(|_| {
        if was_there {
            // Nothing better can be done than to report the first error.
            let _ = fs::rename(old, folder);
        }
    })
}

/// Removes what a run that was killed has left. The lock is held: nobody else is preparing anything.
fn remove_leftovers(parent: &Path) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(STAGING)) {
        // A leftover that cannot be removed is in nobody's way.
        let _ = fs::remove_dir_all(entry.path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(text: &str) -> Bundle {
        Bundle { files: [("a/b.txt".to_owned(), text.as_bytes().to_vec())].into() }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_bundle_replaces_the_old_one_whole_and_leaves_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let (folder, archive) = (root.path().join("x"), root.path().join("x.zip"));
        let moment = Moment::from_epoch(1_767_225_600).unwrap();
        assert!(place(&bundle("one"), &folder, &archive, moment).unwrap());
        assert!(!place(&bundle("one"), &folder, &archive, moment).unwrap());
        fs::write(folder.join("stray"), "").unwrap();
        fs::create_dir(root.path().join(".staging-left")).unwrap();
        assert!(place(&bundle("two"), &folder, &archive, moment).unwrap());
        assert_eq!(names(root.path()), ["x", "x.zip"]);
        assert_eq!(names(&folder), ["a"]);
        assert_eq!(Bundle::read(&folder).unwrap().0, bundle("two"));
        assert_eq!(Bundle::read(&archive).unwrap().0, bundle("two"));
    }

    #[test]
    fn a_damaged_archive_is_written_again() {
        let root = tempfile::tempdir().unwrap();
        let (folder, archive) = (root.path().join("x"), root.path().join("x.zip"));
        let moment = Moment::from_epoch(1_767_225_600).unwrap();
        place(&bundle("one"), &folder, &archive, moment).unwrap();
        let mut bytes = fs::read(&archive).unwrap();
        bytes[40] ^= 1;
        fs::write(&archive, bytes).unwrap();
        assert!(place(&bundle("one"), &folder, &archive, moment).unwrap());
        assert_eq!(Bundle::read(&archive).unwrap().0, bundle("one"));
    }

    #[test]
    fn a_failed_replacement_brings_the_old_folder_back() {
        let root = tempfile::tempdir().unwrap();
        let (folder, old) = (root.path().join("x"), root.path().join("old"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("mine"), "mine").unwrap();
        assert!(replace_folder(&root.path().join("absent"), &folder, &old).is_err());
        assert_eq!(fs::read(folder.join("mine")).unwrap(), b"mine");
    }
}
