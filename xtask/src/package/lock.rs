//! One `package` at a time in one target folder.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::exit;

/// Holds the lock on an output folder until it is dropped, or the process ends however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Takes the lock on the folder `output`, making it if need be; fails at once when another run has it.
pub(super) fn acquire(output: &Path) -> Result<Lock> {
    fs::create_dir_all(output).with_context(|| format!("{} cannot be made", output.display()))?;
    let path = output.join(".lock");
    let cannot = || format!("{} cannot be locked", path.display());
    let file = File::options().create(true).truncate(false).write(true).open(&path).with_context(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(exit::busy(format!(
            "another `cargo xtask package` is writing to {}; run this again when it has ended",
            output.display()
        ))),
        Err(TryLockError::Error(error)) => Err(error).with_context(cannot),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_is_refused_until_the_first_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("package");
        let first = acquire(&output).unwrap();
        let error = acquire(&output).unwrap_err();
        assert_eq!(exit::reason_of(&error), exit::Reason::Busy);
        assert!(error.to_string().contains("another `cargo xtask package`"), "{error}");
        drop(first);
        acquire(&output).unwrap();
    }
}
