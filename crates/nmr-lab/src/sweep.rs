//! What a run that was killed leaves behind: a folder, processes of its machine, a server that can be logged in to.
//!
//! A running lab holds a lock on a file beside its folder, and removes that file in the end. A file that nobody holds
//! was left by a run that had no end: the system lets go of a dead process's locks. A folder without such a file was
//! kept for somebody to look into, and stays.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::error::{AtPath as _, LabError, Result};
use crate::machine::Machine;
use crate::wine::Wine;
use crate::{processes, ssh};

const ENDING: &str = "running";
/// Whoever makes or judges claims holds it, so that a claim is never seen half made.
const LOCK: &str = "claims.lock";

/// That the lab of this name is in use. Dropping it says that the lab has ended in an orderly way.
#[derive(Debug)]
pub(crate) struct Claim {
    path: PathBuf,
    /// Locked for as long as it is open. Programs we start do not get it.
    _file: File,
}

impl Claim {
    /// Claims the lab `name` under `root`, which is there.
    ///
    /// # Errors
    /// When another run has it.
    pub(crate) fn new(root: &Path, name: &str) -> Result<Self> {
        let _judging = lock(root)?;
        let path = root.join(format!("{name}.{ENDING}"));
        let file = File::create(&path).at("written", &path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path, _file: file }),
            Err(TryLockError::Error(error)) => Err(error).at("locked", &path),
            Err(TryLockError::WouldBlock) => {
                let error =
                    io::Error::new(ErrorKind::WouldBlock, "another run uses this lab; wait for its end");
                Err(LabError::File { path, done: "locked", error })
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // If it cannot be removed, the next run takes the lab for one that was killed.
        let _ = fs::remove_file(&self.path);
    }
}

fn lock(root: &Path) -> Result<File> {
    let path = root.join(LOCK);
    let file = File::create(&path).at("written", &path)?;
    file.lock().at("locked", &path)?;
    Ok(file)
}

/// Switches off and removes the labs under `root` whose runs were killed, and answers their names. What cannot be
/// removed, because it belongs to somebody else, is left for a later run.
pub(crate) fn sweep(wine: &Wine, root: &Path) -> Result<Vec<String>> {
    let _judging = lock(root)?;
    let mut swept = Vec::new();
    for entry in fs::read_dir(root).at("read", root)?.flatten() {
        let path = entry.path();
        let is_claim = path.extension().is_some_and(|ending| ending == ENDING);
        let Some(name) = path.file_stem().and_then(|name| name.to_str()).filter(|_| is_claim) else {
            continue;
        };
        let is_held = |file: &File| file.try_lock().is_err();
        if File::open(&path).map_or(true, |file| is_held(&file)) {
            continue;
        }
        if end(wine, &root.join(name)).and_then(|()| fs::remove_file(&path).at("removed", &path)).is_ok() {
            swept.push(name.to_owned());
        }
    }
    Ok(swept)
}

/// Ends every process of the lab in `folder`, and removes it.
fn end(wine: &Wine, folder: &Path) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    let machine = Machine::new(wine.clone(), folder)?;
    // First the server: nobody shall log in to what is being switched off. Its sessions end with the programs of the
    // machine that they run.
    servers_with(&ssh::configuration_of(machine.folder())).into_iter().for_each(processes::kill);
    machine.stop_server();
    fs::remove_dir_all(folder).at("removed", folder)
}

/// The ssh servers that were started with this configuration file.
fn servers_with(configuration: &Path) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let server = |entry: fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let command = fs::read(entry.path().join("cmdline")).ok()?;
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        is_server_with(configuration, &command).then_some(pid)
    };
    entries.flatten().filter_map(server).collect()
}

/// Once it runs, the server writes `sshd: ` before its command line, and its state behind it.
fn is_server_with(configuration: &Path, command: &str) -> bool {
    let line = command.strip_prefix("sshd: ").unwrap_or(command);
    let path = format!(" -f {}", configuration.display());
    let behind = line.find(&path).map(|start| &line[start + path.len()..]);
    line.starts_with(ssh::SERVER) && behind.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_lab_is_claimed_once_and_free_afterwards() {
        let root = tempfile::tempdir().unwrap();
        let claim = Claim::new(root.path(), "one").unwrap();
        let error = Claim::new(root.path(), "one").unwrap_err().to_string();
        assert!(error.contains("one.running") && error.contains("another run"), "{error}");
        Claim::new(root.path(), "two").unwrap();
        drop(claim);
        assert!(!root.path().join("one.running").exists());
        Claim::new(root.path(), "one").unwrap();
    }

    #[test]
    fn a_server_is_known_by_its_configuration() {
        let is = |command| is_server_with(Path::new("/t/lab 1/ssh/sshd_config"), command);
        assert!(is("/usr/sbin/sshd -D -e -f /t/lab 1/ssh/sshd_config "));
        assert!(is("sshd: /usr/sbin/sshd -D -e -f /t/lab 1/ssh/sshd_config [listener] 0 of 10-100 startups"));
        assert!(!is("sshd: /usr/sbin/sshd -D -e -f /t/lab 1/ssh/sshd_config2 [listener]"));
        assert!(!is("sshd: /usr/sbin/sshd -D -e -f /t/lab 2/ssh/sshd_config [listener]"));
        assert!(!is("vim -f /t/lab 1/ssh/sshd_config"));
    }
}
