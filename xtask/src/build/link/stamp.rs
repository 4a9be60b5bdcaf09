//! Whether an image is that of its inputs: what they were, by size and age.

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use anyhow::{Context as _, Result};

/// Everything the image depends on, in one text.
pub(super) fn stamp<'a>(
    linker: &'a Path,
    arguments: &[String],
    inputs: impl Iterator<Item = &'a Path>,
) -> Result<String> {
    let mut lines = vec![arguments.join(" ")];
    for path in std::iter::once(linker).chain(inputs) {
        let Ok(metadata) = fs::metadata(path) else {
            lines.push(format!("{} absent", path.display()));
            continue;
        };
        let changed = metadata.modified().with_context(|| format!("{} has no age", path.display()))?;
        let age = changed.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        lines.push(format!("{} {} {age}", path.display(), metadata.len()));
    }
    Ok(lines.join("\n"))
}

/// Leaves a file alone that is right: its age says whether a link is up to date.
pub(super) fn write_if_other(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|found| found == content) {
        return Ok(());
    }
    fs::write(path, content).with_context(|| format!("{} cannot be written", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stamp_changes_with_arguments_and_inputs() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("echo.lib");
        fs::write(&input, "one").unwrap();
        let of = |arguments: &[String]| {
            stamp(Path::new("/no/linker"), arguments, [input.as_path()].into_iter()).unwrap()
        };
        let first = of(&["/DLL".to_owned()]);
        assert_eq!(first, of(&["/DLL".to_owned()]));
        assert_ne!(first, of(&["/EXE".to_owned()]));
        fs::write(&input, "other").unwrap();
        assert_ne!(first, of(&["/DLL".to_owned()]));
    }
}
