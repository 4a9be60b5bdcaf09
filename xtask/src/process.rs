//! Running other programs: no standard input, output into a file, always a time limit, errors that show what happened.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::exit;

/// Lines of the program's output shown in an error.
const SHOWN_LINES: usize = 30;

/// A program to run. Its output goes to a file, never to a pipe: descendants that outlive it cannot make us wait.
#[derive(Debug)]
pub(crate) struct Program {
    command: Command,
    limit: Duration,
}

impl Program {
    /// A program that may run for at most `limit`.
    pub(crate) fn new(name: impl AsRef<OsStr>, limit: Duration) -> Self {
        let mut command = Command::new(name);
        command.stdin(Stdio::null());
        Self { command, limit }
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Removes an environment variable.
    pub(crate) fn without_env(mut self, name: impl AsRef<OsStr>) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Runs in `folder`.
    pub(crate) fn folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// The command line, for messages.
    pub(crate) fn line(&self) -> String {
        let words: Vec<OsString> = std::iter::once(self.command.get_program())
            .chain(self.command.get_args())
            .map(OsStr::to_owned)
            .collect();
        words.iter().map(|word| shown(word)).collect::<Vec<_>>().join(" ")
    }

    /// Runs to the end with both output streams in the file `log`; a status other than success is not an error.
    pub(crate) fn status(mut self, log: &Path) -> Result<Finished> {
        let line = self.line();
        if let Some(folder) = log.parent() {
            fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        let file = File::create(log).with_context(|| format!("{} cannot be written", log.display()))?;
        let second = file.try_clone().context("the log file cannot be opened twice")?;
        self.command.stdout(file).stderr(second);
        let mut child = match self.command.spawn() {
            Ok(child) => child,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let name = shown(self.command.get_program());
                return Err(exit::missing(format!(
                    "the program {name} was not found; `cargo xtask setup` installs what is needed"
                )));
            }
            Err(error) => return Err(error).with_context(|| format!("cannot start `{line}`")),
        };
        match wait(&mut child, self.limit)? {
            Some(status) => Ok(Finished { status, log: log.to_owned(), line }),
            None => {
                end(&mut child);
                bail!("`{line}` did not end within {} s and was killed\n{}", self.limit.as_secs(), tail(log));
            }
        }
    }

    /// Runs to the end with both output streams in the file `log`; a status other than success is an error that shows
    /// the command and the last lines of output.
    pub(crate) fn run(self, log: &Path) -> Result<Finished> {
        let finished = self.status(log)?;
        if !finished.status.success() {
            bail!("{}", finished.failure());
        }
        Ok(finished)
    }
}

/// A program that has ended.
#[derive(Debug)]
pub(crate) struct Finished {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// Where its output is.
    pub(crate) log: PathBuf,
    line: String,
}

impl Finished {
    /// Everything it wrote.
    pub(crate) fn output(&self) -> Result<String> {
        let bytes = fs::read(&self.log).with_context(|| format!("{} cannot be read", self.log.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The command, its status and the last lines of its output.
    pub(crate) fn failure(&self) -> String {
        format!("`{}` ended with {}\n{}", self.line, self.status, tail(&self.log))
    }
}

fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait().context("waiting for a program failed")? {
            return Ok(Some(status));
        }
        if start.elapsed() >= limit {
            return Ok(None);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// Ends a program that ran out of time. Failing to is not worth a second error: it means that it has just ended. Its
/// descendants stay in the terminal's process group, where an interrupt from the keyboard reaches them.
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// The last lines of the file `log`, indented for an error message.
pub(crate) fn tail(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(SHOWN_LINES);
    let mut shown: String = lines[from..].iter().map(|line| format!("    {line}\n")).collect();
    shown.push_str(&format!("  (all of it: {})", log.display()));
    shown
}

/// A word of a command line, quoted when it must be.
fn shown(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain =
        !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || "'\"$;&|<>*?()\\".contains(c));
    if plain { word.into_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Program {
        Program::new("sh", limit).args(["-c", script])
    }

    #[test]
    fn output_lands_in_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let finished = shell("echo out; echo err >&2", Duration::from_secs(10))
            .run(&folder.path().join("a/log"))
            .unwrap();
        assert_eq!(finished.output().unwrap(), "out\nerr\n");
    }

    #[test]
    fn a_failure_shows_the_command_and_the_end_of_the_output() {
        let folder = tempfile::tempdir().unwrap();
        let script = "for i in $(seq 100); do echo line $i; done; exit 7";
        let error =
            shell(script, Duration::from_secs(10)).run(&folder.path().join("log")).unwrap_err().to_string();
        assert!(error.contains("sh -c") && error.contains("7"), "{error}");
        assert!(
            error.contains("line 100") && error.contains("line 71") && !error.contains("line 70\n"),
            "{error}"
        );
    }

    #[test]
    fn a_program_is_ended_by_its_time_limit_whoever_else_holds_its_output() {
        let folder = tempfile::tempdir().unwrap();
        let start = Instant::now();
        let script = "sleep 3 & echo started; exec sleep 60";
        let error = shell(script, Duration::from_millis(300)).run(&folder.path().join("log")).unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(2));
        let error = error.to_string();
        assert!(error.contains("did not end within") && error.contains("started"), "{error}");
    }

    #[test]
    fn a_program_that_is_not_there_is_missing_from_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        let error = Program::new("no-such-program-here", Duration::from_secs(1))
            .run(&folder.path().join("log"))
            .unwrap_err();
        assert_eq!(exit::reason_of(&error), exit::Reason::Missing);
    }
}
