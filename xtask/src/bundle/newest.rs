//! Which bundle is meant when none is named.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use nmrctl::manifest::MANIFEST_FILE;

use crate::context::Context;
use crate::exit;

/// The bundle that was asked for, or the newest.
pub(crate) fn chosen(asked: Option<PathBuf>, context: &Context) -> Result<PathBuf> {
    asked.or_else(|| newest(context)).ok_or_else(|| {
        let packages = context.target.join("package");
        exit::missing(format!(
            "there is no bundle under {}: run `cargo xtask package` first",
            packages.display()
        ))
    })
}

/// The bundle under the target folder that was written last.
pub(crate) fn newest(context: &Context) -> Option<PathBuf> {
    newest_in(&context.target.join("package"))
}

/// The folder under `packages` whose manifest was written last.
fn newest_in(packages: &Path) -> Option<PathBuf> {
    let written =
        |folder: &PathBuf| fs::metadata(folder.join(MANIFEST_FILE)).and_then(|facts| facts.modified()).ok();
    fs::read_dir(packages)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| written(path).is_some())
        .max_by_key(written)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn the_bundle_written_last_is_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        for (name, age) in [("b", 100), ("a", 10), ("c", 50)] {
            let path = folder.path().join(name).join(MANIFEST_FILE);
            fs::create_dir(path.parent().unwrap()).unwrap();
            let file = fs::File::create(path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        }
        fs::create_dir(folder.path().join("not-a-bundle")).unwrap();
        assert_eq!(newest_in(folder.path()).unwrap(), folder.path().join("a"));
        assert_eq!(newest_in(&folder.path().join("none")), None);
    }
}
