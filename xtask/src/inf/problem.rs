//! What is wrong with an INF file: where, what, and what to write instead.

use std::fmt;

/// A place in a file. Lines and columns count from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    pub(crate) const START: Self = Self { line: 1, column: 1 };
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    pub(crate) place: Place,
    /// What is wrong.
    pub(crate) what: String,
    /// What to write instead.
    pub(crate) instead: String,
}

impl Problem {
    pub(crate) fn new(place: Place, what: impl Into<String>, instead: impl Into<String>) -> Self {
        Self { place, what: what.into(), instead: instead.into() }
    }
}

/// All that is wrong with the file `name`; as an error it prints one line a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problems {
    pub(crate) name: String,
    pub(crate) list: Vec<Problem>,
}

impl Problems {
    /// `Ok` when the list is empty. The list comes in the order of the file, each problem once.
    pub(crate) fn check(name: &str, mut list: Vec<Problem>) -> Result<(), Self> {
        list.sort();
        list.dedup();
        if list.is_empty() { Ok(()) } else { Err(Self { name: name.to_owned(), list }) }
    }

    /// One line a problem: `file:line:column: what; what to write instead`.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.list.iter().map(|Problem { place, what, instead }| {
            format!("{}:{}:{}: {what}; {instead}", self.name, place.line, place.column)
        })
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.lines().enumerate() {
            if index > 0 {
                formatter.write_str("\n  ")?;
            }
            formatter.write_str(&line)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
