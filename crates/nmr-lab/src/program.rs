//! Running a program of the host: no standard input, output into files, always a time limit.
//!
//! Never a pipe: services that a Wine program starts inherit its output and keep a pipe open for as long as they live.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{AtPath as _, LabError, Result};

/// Lines of output shown in an error.
const SHOWN_LINES: usize = 30;

/// A program that has ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The command line, for messages.
    pub line: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Finished {
    /// Makes a failing status an error.
    ///
    /// # Errors
    /// `Failed`.
    pub fn success(self) -> Result<Self> {
        if self.status.success() {
            return Ok(self);
        }
        let tail = tail_of(&format!("{}{}", self.stdout, self.stderr));
        Err(LabError::Failed { line: self.line, status: self.status.to_string(), tail })
    }
}

/// Where the output of a program goes.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Output {
    /// Two files `<stem>.out` and `<stem>.err`, both made anew.
    pub(crate) fn pair(stem: &Path) -> Self {
        Self { stdout: stem.with_extension("out"), stderr: stem.with_extension("err") }
    }

    /// One file for both, appended to.
    pub(crate) fn appended(path: &Path) -> Self {
        Self { stdout: path.to_owned(), stderr: path.to_owned() }
    }
}

/// Runs `command` to its end.
pub(crate) fn run(mut command: Command, output: &Output, limit: Duration) -> Result<Finished> {
    let line = line_of(&command);
    let open = |path: &Path| {
        let shared = output.stdout == output.stderr;
        File::options()
            .create(true)
            .write(true)
            .append(shared)
            .truncate(!shared)
            .open(path)
            .at("written", path)
    };
    command.stdin(Stdio::null()).stdout(open(&output.stdout)?).stderr(open(&output.stderr)?);
    let mut child = command.spawn().map_err(|error| spawn_error(&command, error))?;
    let read = |path: &Path| {
        fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    };
    match wait(&mut child, limit) {
        Some(status) => {
            Ok(Finished { line, status, stdout: read(&output.stdout), stderr: read(&output.stderr) })
        }
        None => {
            end(&mut child);
            let tail = tail_of(&format!("{}{}", read(&output.stdout), read(&output.stderr)));
            Err(LabError::TooSlow { line, limit, tail })
        }
    }
}

/// Waits for `child`, or gives up after `limit`. A child that cannot be waited for counts as one that does not end.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let begin = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if begin.elapsed() >= limit {
            return None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Kills `child`. It may have ended by itself meanwhile, which is as well.
pub(crate) fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// The program and its arguments.
pub(crate) fn words_of(command: &Command) -> Vec<String> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect()
}

fn line_of(command: &Command) -> String {
    words_of(command).join(" ")
}

fn spawn_error(command: &Command, error: std::io::Error) -> LabError {
    LabError::File { path: command.get_program().into(), done: "started", error }
}

/// The last lines of `text`, indented.
pub(crate) fn tail_of(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
    shown.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_outputs_are_kept_apart() {
        let folder = tempfile::tempdir().unwrap();
        let output = Output::pair(&folder.path().join("step"));
        let finished =
            run(shell("echo out; echo err >&2; exit 3"), &output, Duration::from_secs(10)).unwrap();
        assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("out\n", "err\n"));
        let error = finished.success().unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.contains("    err"), "{error}");
    }

    #[test]
    fn a_program_that_does_not_end_is_killed_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let output = Output::appended(&folder.path().join("log"));
        let begin = Instant::now();
        let error =
            run(shell("echo before; exec sleep 60"), &output, Duration::from_millis(200)).unwrap_err();
        assert!(begin.elapsed() < Duration::from_secs(10));
        assert!(matches!(error, LabError::TooSlow { ref tail, .. } if tail.contains("before")), "{error}");
    }
}
