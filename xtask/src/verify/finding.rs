//! One thing that is wrong with a bundle.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong, by file and field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Finding {
    /// The path in the bundle.
    pub(crate) file: String,
    /// The part of that file.
    pub(crate) field: String,
    pub(crate) what: String,
}

impl Finding {
    pub(crate) fn new(file: &str, field: impl Into<String>, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), field: field.into(), what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}: {}", self.file, self.field, self.what)
    }
}
