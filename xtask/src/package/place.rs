//! Putting a finished bundle into the target folder: whole or not at all.

use std::fs::{self, File};
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use nmrctl::manifest::MANIFEST_FILE;

use crate::bundle::{Bundle, write_archive, write_folder};
use crate::moment::Moment;

/// How the names of folders begin in which a bundle is prepared.
const STAGING: &str = ".staging-";
/// Where in such a folder the bundle that is replaced is kept, under its name, until the new one is in its place.
const OLD: &str = "old";

/// Puts `bundle` at `folder` and its archive at `archive`, which lie side by side; tells whether anything had to be
/// written. Either way it is the newest bundle from then on. Until the last step everything happens in a folder of its own, and the last steps are renames.
pub(super) fn place(bundle: &Bundle, folder: &Path, archive: &Path, moment: Moment) -> Result<bool> {
    let parent = folder.parent().context("the target folder has no parent")?;
    let top = folder.file_name().and_then(|name| name.to_str()).context("the target folder has no name")?;
    fs::create_dir_all(parent).with_context(|| format!("{} cannot be made", parent.display()))?;
    clear_leftovers(parent);
    let folder_is_right =
        Bundle::read(folder).is_ok_and(|(found, oddities)| oddities.is_empty() && found == *bundle);
    let packed = write_archive(bundle, top, moment)?;
    if folder_is_right && fs::read(archive).is_ok_and(|found| found == packed) {
        mark_newest(folder)?;
        return Ok(false);
    }
    let staging = tempfile::Builder::new()
        .prefix(STAGING)
        .tempdir_in(parent)
        .with_context(|| format!("{} cannot be written to", parent.display()))?;
    let (new, old, zip) =
        (staging.path().join("new"), staging.path().join(OLD).join(top), staging.path().join("zip"));
    for folder in [&new, &staging.path().join(OLD)] {
        fs::create_dir(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    write_folder(bundle, &new)?;
    fs::write(&zip, packed).with_context(|| format!("{} cannot be written", zip.display()))?;
    replace_folder(&new, folder, &old).with_context(|| format!("{} cannot be replaced", folder.display()))?;
    fs::rename(&zip, archive).with_context(|| format!("{} cannot be replaced", archive.display()))?;
    Ok(true)
}

/// The newest bundle is the one whose manifest was written last.
fn mark_newest(folder: &Path) -> Result<()> {
    let manifest = folder.join(MANIFEST_FILE);
    let marked = File::options()
        .append(true)
        .open(&manifest)
        .and_then(|manifest| manifest.set_modified(SystemTime::now()));
    marked.with_context(|| format!("the time of {} cannot be set", manifest.display()))
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

/// Clears what a run that was killed has left; a bundle whose place is empty comes back to it. The lock is held: nobody else
/// is preparing anything.
fn clear_leftovers(parent: &Path) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(STAGING)) {
        for old in fs::read_dir(entry.path().join(OLD)).into_iter().flatten().flatten() {
            let place = parent.join(old.file_name());
            if place.symlink_metadata().is_err() {
                // If it cannot come back, there is still the new one that is about to be made.
                let _ = fs::rename(old.path(), place);
            }
        }
        // A leftover that cannot be removed is in nobody's way.
        let _ = fs::remove_dir_all(entry.path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(text: &str) -> Bundle {
        let files = [("a/b.txt", text), (MANIFEST_FILE, "not read")];
        Bundle { files: files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).into() }
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
        assert_eq!(names(&folder), ["a", MANIFEST_FILE]);
        assert_eq!(Bundle::read(&folder).unwrap().0, bundle("two"));
        assert_eq!(Bundle::read(&archive).unwrap().0, bundle("two"));
    }

    #[test]
    fn a_bundle_that_a_killed_run_took_away_comes_back() {
        let root = tempfile::tempdir().unwrap();
        let kept = root.path().join(".staging-killed").join(OLD);
        for (name, text) in [("x", "taken away"), ("y", "replaced")] {
            fs::create_dir_all(kept.join(name)).unwrap();
            fs::write(kept.join(name).join("file"), text).unwrap();
        }
        fs::create_dir(root.path().join("y")).unwrap();
        clear_leftovers(root.path());
        assert_eq!(names(root.path()), ["x", "y"]);
        assert_eq!(fs::read(root.path().join("x/file")).unwrap(), b"taken away");
        assert_eq!(fs::read_dir(root.path().join("y")).unwrap().count(), 0);
    }

    #[test]
    fn a_bundle_that_did_not_change_becomes_the_newest() {
        let root = tempfile::tempdir().unwrap();
        let (folder, archive) = (root.path().join("x"), root.path().join("x.zip"));
        let moment = Moment::from_epoch(1_767_225_600).unwrap();
        place(&bundle("one"), &folder, &archive, moment).unwrap();
        let manifest = folder.join(MANIFEST_FILE);
        let long_ago = SystemTime::UNIX_EPOCH;
        File::options().append(true).open(&manifest).unwrap().set_modified(long_ago).unwrap();
        assert!(!place(&bundle("one"), &folder, &archive, moment).unwrap());
        assert!(manifest.metadata().unwrap().modified().unwrap() > long_ago);
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
