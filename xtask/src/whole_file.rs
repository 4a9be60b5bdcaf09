//! Writing a file whole or not at all.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Writes `content` to `path`, over what is there. It is written beside it first and then renamed: whatever goes wrong, what
/// was there stays.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<()> {
    let cannot = || format!("{} cannot be written", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder).with_context(cannot)?;
    new.write_all(content).with_context(cannot)?;
    // A temporary file is its owner's alone; a result is for everybody.
    #[cfg(unix)]
    std::fs::set_permissions(new.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .with_context(cannot)?;
    new.persist(path).with_context(cannot)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_written_whole_over_an_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.cat");
        fs::write(&path, "old").unwrap();
        write(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write(&folder.path().join("none/a.cat"), b"new").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn everybody_may_read_it() {
        use std::os::unix::fs::MetadataExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.cab");
        write(&path, b"new").unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o644);
    }
}
