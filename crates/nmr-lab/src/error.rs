//! What can go wrong with a lab machine, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why the lab could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A program of this host is missing.
    #[error("{program} is missing: install the Debian package {package} (`cargo xtask setup` does)")]
    Missing {
        /// The file that was looked for.
        program: String,
        /// The package that has it.
        package: &'static str,
    },
    /// A file or folder of the host could not be used.
    #[error("{path} cannot be {done}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// What was attempted, as a participle.
        done: &'static str,
        /// Why not.
        error: io::Error,
    },
    /// A file of the host is not what is needed.
    #[error("{path} cannot be used: {why}")]
    NotUsable {
        /// Which.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// A program did not end in time and was killed.
    #[error("`{line}` did not end within {} s and was killed\n{tail}", limit.as_secs())]
    TooSlow {
        /// Its command line.
        line: String,
        /// The time it was given.
        limit: Duration,
        /// The end of its output.
        tail: String,
    },
    /// A program ended with a failure.
    #[error("`{line}` failed with {status}\n{tail}")]
    Failed {
        /// Its command line.
        line: String,
        /// How it ended.
        status: String,
        /// The end of its output.
        tail: String,
    },
    /// `nmrctl` in the lab answered with a failure.
    #[error("`nmrctl {line}` in the lab: {failure} (advice: {advice})")]
    Refused {
        /// Its arguments.
        line: String,
        /// What it answered.
        failure: Box<nmrctl::Failure>,
        /// What it advises.
        advice: String,
    },
    /// A program of the lab answered something that was not understood.
    #[error("`{line}` answered what is no JSON document: {error}\n{text}")]
    NotUnderstood {
        /// Its command line.
        line: String,
        /// Why not.
        error: serde_json::Error,
        /// What it wrote.
        text: String,
    },
    /// The machine did not come up.
    #[error("the lab machine did not boot, twice: {0}")]
    Boot(Box<LabError>),
}

/// The result of a lab operation.
pub type Result<T, E = LabError> = std::result::Result<T, E>;

/// Puts the path into an error of the file system.
pub(crate) trait AtPath<T> {
    fn at(self, done: &'static str, path: &Path) -> Result<T>;
}

impl<T> AtPath<T> for io::Result<T> {
    fn at(self, done: &'static str, path: &Path) -> Result<T> {
        self.map_err(|error| LabError::File { path: path.to_owned(), done, error })
    }
}
