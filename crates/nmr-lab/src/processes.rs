//! Which processes of this host belong to a lab: those whose environment names its prefix.

use std::fs;
use std::path::Path;

/// A living process of a lab. Zombies have no environment any more, so they are not seen: nobody may be there to reap
/// them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabProcess {
    /// Its number on this host.
    pub pid: u32,
    /// Its command line, words separated by blanks.
    pub command: String,
}

impl LabProcess {
    /// Whether it hosts drivers.
    #[must_use]
    pub fn is_driver_host(&self) -> bool {
        self.command.contains("winedevice.exe")
    }
}

/// All processes of the lab whose prefix is `prefix`.
#[must_use]
pub fn of_prefix(prefix: &Path) -> Vec<LabProcess> {
    let wanted = format!("WINEPREFIX={}", prefix.display());
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let mut found: Vec<LabProcess> = entries
        .flatten()
        .filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let environment = fs::read(entry.path().join("environ")).ok()?;
            let is_ours = environment.split(|&byte| byte == 0).any(|variable| variable == wanted.as_bytes());
            let command = fs::read(entry.path().join("cmdline")).ok()?;
            let command = String::from_utf8_lossy(&command).replace('\0', " ").trim_end().to_owned();
            is_ours.then_some(LabProcess { pid, command })
        })
        .collect();
    found.sort_by_key(|process| process.pid);
    found
}

/// Kills the process. It may have ended meanwhile, which is as well.
#[cfg(unix)]
pub(crate) fn kill(pid: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// There are no labs on other hosts.
#[cfg(not(unix))]
pub(crate) fn kill(_pid: u32) {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn only_processes_of_this_very_prefix_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let prefix = folder.path().join("prefix");
        let start =
            |prefix: &Path| Command::new("sleep").arg("60").env("WINEPREFIX", prefix).spawn().unwrap();
        let (mut ours, mut other) = (start(&prefix), start(&folder.path().join("prefix2")));
        // The child's environment is its own only after exec.
        while of_prefix(&prefix).is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert_eq!(of_prefix(&prefix), [LabProcess { pid: ours.id(), command: "sleep 60".to_owned() }]);
        kill(ours.id());
        ours.wait().unwrap();
        assert_eq!(of_prefix(&prefix), []);
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
