//! A private key must be readable by its owner and by nobody else.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::exit;

/// More is no key.
const LARGEST: u64 = 1 << 20;

/// Reads a key file. Refuses one that is not there, that its owner may not read, or that others may touch. On Windows files
/// of a user's own data folder are private by inheritance, and nothing is checked.
pub(super) fn read_private(key: &Path) -> Result<Vec<u8>> {
    let cannot = |error: &dyn std::fmt::Display| {
        exit::missing(format!("the signing key {} cannot be read: {error}", key.display()))
    };
    let metadata = key.metadata().map_err(|error| cannot(&error))?;
    if !metadata.is_file() {
        return Err(exit::usage(format!("the signing key {} is not a file", key.display())));
    }
    check_mode(key, &metadata)?;
    let file = File::open(key).map_err(|error| cannot(&error))?;
    // Another file may have come to its place: the one that is open is judged.
    check_mode(key, &file.metadata().map_err(|error| cannot(&error))?)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{} cannot be read", key.display()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(exit::usage(format!("the signing key {} is too large for a key", key.display())));
    }
    Ok(bytes)
}

#[cfg(unix)]
fn check_mode(key: &Path, metadata: &std::fs::Metadata) -> Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let mode = metadata.mode() & 0o777;
    let advice = format!("run: chmod 600 '{}'", key.display());
    if mode & 0o400 == 0 {
        return Err(exit::wrong(format!(
            "the signing key {} is not readable by its owner (mode {mode:03o}); {advice}",
            key.display()
        )));
    }
    if mode & 0o077 != 0 {
        return Err(exit::wrong(format!(
            "the signing key {} is open to others (mode {mode:03o}); {advice}",
            key.display()
        )));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_mode(_key: &Path, _metadata: &std::fs::Metadata) -> Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn only_a_private_key_file_is_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key.pem");
        fs::write(&key, "").unwrap();
        let outcome = |mode: u32| {
            fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
            read_private(&key).map(drop).map_err(|error| error.to_string())
        };
        assert_eq!(outcome(0o600), Ok(()));
        assert_eq!(outcome(0o400), Ok(()));
        for mode in [0o640, 0o604, 0o620, 0o601, 0o777] {
            let error = outcome(mode).unwrap_err();
            assert!(error.contains("open to others") && error.contains("chmod 600 '"), "{error}");
        }
        assert!(outcome(0o200).unwrap_err().contains("not readable by its owner"));
    }

    #[test]
    fn a_missing_key_is_missing_from_this_machine() {
        let error = read_private(Path::new("no/such/key.pem")).unwrap_err();
        assert_eq!(exit::reason_of(&error), exit::Reason::Missing);
        assert!(error.to_string().contains("no/such/key.pem"));
    }
}
