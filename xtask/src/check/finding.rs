//! What a law finds.

use std::fmt;

use serde::Serialize;

/// A place that breaks a law.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// `law 1` to `law 7`, `map`, `hazards`, `tidy`, `size`, or `licences`.
    pub(super) law: &'static str,
    /// Relative to the workspace, with forward slashes.
    pub(super) file: String,
    /// From 1; 0 for the file as a whole.
    pub(super) line: usize,
    /// What is wrong.
    pub(super) what: String,
    /// What to do.
    pub(super) remedy: String,
}

impl Finding {
    pub(super) fn new(
        law: &'static str,
        file: &str,
        line: usize,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { law, file: file.to_owned(), line, what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { law, file, line, what, remedy } = self;
        let place = if *line == 0 { file.clone() } else { format!("{file}:{line}") };
        write!(formatter, "{law}: {place}: {what}; {remedy}")
    }
}
