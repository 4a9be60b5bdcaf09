//! The bare machine: a prefix, a server for it, and programs that run in it. What makes it a lab is in [`crate::lab`].

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::error::{AtPath as _, LabError, Result};
use crate::program::{self, Finished, Output};
use crate::wine::Wine;
use crate::{processes, settings};

const SERVER: Duration = Duration::from_secs(30);
/// The server ends by itself when no program was started for this long: should we be killed, nothing stays behind
/// for ever.
const SERVER_LINGERS: &str = "-p900";

/// A Wine prefix in a folder of its own, which also takes all output.
#[derive(Debug)]
pub(crate) struct Machine {
    wine: Wine,
    folder: PathBuf,
    steps: AtomicU32,
}

impl Machine {
    /// The machine in `folder`, which is there. Its prefix need not exist yet.
    pub(crate) fn new(wine: Wine, folder: &Path) -> Result<Self> {
        let folder = folder.canonicalize().at("found", folder)?;
        for part in ["output", "home"] {
            fs::create_dir_all(folder.join(part)).at("made", &folder)?;
        }
        Ok(Self { wine, folder, steps: AtomicU32::new(0) })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn prefix(&self) -> PathBuf {
        self.folder.join("prefix")
    }

    /// The folder that is drive C: inside.
    pub(crate) fn drive(&self) -> PathBuf {
        self.prefix().join("drive_c")
    }

    /// The environment of everything that runs in the machine: nothing of ours but the search path.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("PATH", std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".to_owned())),
            ("HOME", self.folder.join("home").display().to_string()),
            ("LANG", "C.UTF-8".to_owned()),
            ("WINEPREFIX", self.prefix().display().to_string()),
            ("WINEDEBUG", settings::DEBUG.to_owned()),
            ("WINEDLLOVERRIDES", settings::OVERRIDES.to_owned()),
        ]
    }

    fn prepared(&self, mut command: Command) -> Command {
        command.env_clear().envs(self.environment()).current_dir(&self.folder);
        command
    }

    /// The command that runs a program in the machine.
    pub(crate) fn wine_command(&self) -> Command {
        self.prepared(self.wine.command())
    }

    /// Runs a program of the machine to its end. `name` is for its output files.
    pub(crate) fn wine(&self, name: &str, words: &[&str], limit: Duration) -> Result<Finished> {
        let mut command = self.wine_command();
        command.args(words);
        program::run(command, &Output::pair(&self.output_stem(name)), limit)
    }

    /// Runs a program of the machine whose output, and that of everything it starts, is appended to `log`.
    pub(crate) fn wine_into(&self, log: &Path, words: &[&str], limit: Duration) -> Result<Finished> {
        let mut command = self.wine_command();
        command.args(words);
        program::run(command, &Output::appended(log), limit)
    }

    fn output_stem(&self, name: &str) -> PathBuf {
        let number = self.steps.fetch_add(1, Ordering::Relaxed);
        self.folder.join("output").join(format!("{number:04}-{name}"))
    }

    /// Starts the server. Without a server of its own, Wine ends the machine with the last program.
    pub(crate) fn start_server(&self) -> Result<()> {
        fs::create_dir_all(self.prefix()).at("made", &self.prefix())?;
        let mut command = self.prepared(self.wine.server());
        command.arg(SERVER_LINGERS);
        program::run(command, &Output::pair(&self.output_stem("server")), SERVER)?.success()?;
        Ok(())
    }

    /// Switches the machine off: its drivers are not told. Waits until every process of it has ended, and ends those
    /// that do not.
    pub(crate) fn stop_server(&self) {
        for words in [["-k"], ["-w"]] {
            let mut command = self.prepared(self.wine.server());
            command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            // A server that has ended by itself cannot be told to, which is as well.
            if let Ok(mut child) = command.spawn()
                && program::wait(&mut child, SERVER).is_none()
            {
                program::end(&mut child);
            }
        }
        let begin = Instant::now();
        loop {
            let left = processes::of_prefix(&self.prefix());
            if left.is_empty() || begin.elapsed() > SERVER {
                break;
            }
            if begin.elapsed() > Duration::from_secs(2) {
                left.iter().for_each(|process| processes::kill(process.pid));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Starts server and services, which write into `log`. A start fails about once in thousands, so it is tried twice.
    pub(crate) fn boot(&self, log: &Path, limit: Duration) -> Result<()> {
        let attempt = || -> Result<()> {
            self.start_server()?;
            self.wine_into(log, &["wineboot"], limit)?.success()?;
            Ok(())
        };
        if attempt().is_ok() {
            return Ok(());
        }
        self.stop_server();
        attempt().map_err(|error| {
            self.stop_server();
            LabError::Boot(Box::new(error))
        })
    }
}
