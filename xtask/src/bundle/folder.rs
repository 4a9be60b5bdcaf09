//! A bundle as a folder.

use std::fs::{self, DirEntry, File};
use std::io::Read as _;
use std::path::Path;

use super::{Bundle, LARGEST_BUNDLE, LARGEST_FILE, Oddity};
use anyhow::{Context as _, Result};

/// Reads the folder `root`, whose files have names that `is_legal` accepts. Links and special files are never followed or
/// opened.
pub(super) fn read_folder(root: &Path, is_legal: fn(&str) -> bool) -> Result<(Bundle, Vec<Oddity>)> {
    let mut reader = FolderReader { bundle: Bundle::default(), oddities: Vec::new(), total: 0, is_legal };
    reader.walk(root, "", 0)?;
    Ok((reader.bundle, reader.oddities))
}

struct FolderReader {
    bundle: Bundle,
    oddities: Vec<Oddity>,
    total: u64,
    is_legal: fn(&str) -> bool,
}

impl FolderReader {
    fn walk(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<()> {
        let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("{} cannot be read", folder.display()))?;
            let name = entry.file_name();
            let path = format!("{prefix}{}", name.to_string_lossy());
            let kind = entry.file_type()?;
            if name.to_str().is_none() || !(self.is_legal)(&path) || depth > 8 {
                self.odd(path, "its name does not belong into a bundle");
            } else if kind.is_dir() {
                self.walk(&entry.path(), &format!("{path}/"), depth + 1)?;
            } else if kind.is_file() {
                self.file(&entry, path)?;
            } else {
                self.odd(path, "it is neither a file nor a folder");
            }
        }
        Ok(())
    }

    fn file(&mut self, entry: &DirEntry, path: String) -> Result<()> {
        let cannot = || format!("{} cannot be read", entry.path().display());
        let mut content = Vec::new();
        File::open(entry.path())
            .with_context(cannot)?
            .take(LARGEST_FILE + 1)
            .read_to_end(&mut content)
            .with_context(cannot)?;
        self.total += content.len() as u64;
        if content.len() as u64 > LARGEST_FILE || self.total > LARGEST_BUNDLE {
            self.odd(path, "it is too large for a bundle");
        } else {
            self.bundle.files.insert(path, content);
        }
        Ok(())
    }

    fn odd(&mut self, path: String, what: &str) {
        self.oddities.push(Oddity { path, what: what.to_owned() });
    }
}

/// Writes `bundle` into the folder `root`, which must be there and empty.
pub(crate) fn write_folder(bundle: &Bundle, root: &Path) -> Result<()> {
    for (path, content) in &bundle.files {
        let target = root.join(path);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        fs::write(&target, content).with_context(|| format!("{} cannot be written", target.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use nmrctl::names::is_plain_path;

    use super::*;

    fn sample() -> Bundle {
        let files = [("a/b.txt", "b"), ("c.txt", "c")];
        Bundle { files: files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).into() }
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        write_folder(&sample(), folder.path()).unwrap();
        assert_eq!(read_folder(folder.path(), is_plain_path).unwrap(), (sample(), vec![]));
    }

    #[cfg(unix)]
    #[test]
    fn links_and_odd_names_are_told_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        write_folder(&sample(), folder.path()).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop")).unwrap();
        std::os::unix::fs::symlink("c.txt", folder.path().join("link.txt")).unwrap();
        fs::write(folder.path().join("NUL.txt"), "").unwrap();
        let (bundle, mut oddities) = read_folder(folder.path(), is_plain_path).unwrap();
        oddities.sort_by(|left, right| left.path.cmp(&right.path));
        let paths: Vec<_> = oddities.iter().map(|oddity| oddity.path.as_str()).collect();
        assert_eq!((bundle, paths), (sample(), vec!["NUL.txt", "a/loop", "link.txt"]));
    }
}
