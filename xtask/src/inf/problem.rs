//! What is wrong with an INF file: where, which rule, what, and what to write instead.

use std::fmt;

use super::rule::{Rule, Severity};

/// A place in a file. Lines and columns count from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// The rule that is broken.
    pub(crate) rule: Rule,
    /// What is wrong.
    pub(crate) what: String,
    /// What to write instead.
    pub(crate) instead: String,
}

impl Problem {
    pub(crate) fn new(rule: Rule, place: Place, what: impl Into<String>, instead: impl Into<String>) -> Self {
        Self { place, rule, what: what.into(), instead: instead.into() }
    }

    /// Whether it is an error, whatever kind of INF is asked for.
    pub(crate) fn is_error(&self) -> bool {
        self.rule.severity == Severity::Error
    }
}

/// All that is wrong with the file `name`; as an error it prints one line a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problems {
    pub(crate) name: String,
    pub(crate) list: Vec<Problem>,
}

impl Problems {
    /// `list` in the order of the file, each problem once.
    pub(crate) fn new(name: &str, mut list: Vec<Problem>) -> Self {
        list.sort();
        list.dedup();
        Self { name: name.to_owned(), list }
    }

    /// `Ok` when the list is empty.
    pub(crate) fn check(name: &str, list: Vec<Problem>) -> Result<(), Self> {
        if list.is_empty() { Ok(()) } else { Err(Self::new(name, list)) }
    }

    /// One line a problem: `file:line:column: what; what to write instead [rule]`.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.list.iter().map(|Problem { place, rule, what, instead }| {
            format!("{}:{}:{}: {what}; {instead} [{}]", self.name, place.line, place.column, rule.name)
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
