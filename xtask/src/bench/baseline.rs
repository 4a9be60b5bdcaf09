//! The recorded counts of instructions, a file in the repository.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::count::Counted;
use crate::context::Context;
use crate::exit;

/// Where it is, in the workspace.
pub(super) const FILE: &str = "crates/nmr/benches/counts.toml";

const HEADER: &str = "\
# Instructions and locked instructions of each way to call, as callgrind counts them in a loop of such calls.
# `cargo xtask bench` fails when one of them grows; `cargo xtask bench count --bless` writes this file.

";

/// Differences below this are rounding: counts are whole numbers in all calls but the first few.
const ROUNDING: f64 = 0.005;

/// Counts by design.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Baseline(BTreeMap<String, Counts>);

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counts {
    instructions: f64,
    locked: f64,
}

/// A count that is not what it was.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    design: String,
    what: &'static str,
    before: Option<f64>,
    now: Option<f64>,
}

impl Baseline {
    /// What the file says; empty if there is none yet.
    pub(super) fn read(context: &Context) -> Result<Self> {
        let path = path(context);
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
        }
    }

    fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| {
            exit::wrong(format!(
                "{FILE} is not understood: {error}\nmend it, or write it anew with `cargo xtask bench count --bless`"
            ))
        })
    }

    /// The counts of now. Designs of others are left out: what they cost is not ours to keep.
    pub(super) fn of(counts: &[Counted]) -> Self {
        let ours = counts.iter().filter(|counted| counted.ours);
        let rounded = |value: f64| (value * 100.0).round() / 100.0;
        let of = |counted: &Counted| Counts {
            instructions: rounded(counted.instructions),
            locked: rounded(counted.locked),
        };
        Self(ours.map(|counted| (counted.design.clone(), of(counted))).collect())
    }

    /// Replaces the file, as a whole.
    pub(super) fn write(&self, context: &Context) -> Result<()> {
        let path = path(context);
        let folder = path.parent().context("the baseline is in a folder")?;
        let write = || -> Result<()> {
            let mut aside = tempfile::NamedTempFile::new_in(folder)?;
            aside.write_all(self.text()?.as_bytes())?;
            aside.persist(&path)?;
            Ok(())
        };
        write().with_context(|| format!("{} cannot be written", path.display()))
    }

    fn text(&self) -> Result<String> {
        Ok(format!("{HEADER}{}", toml::to_string(self)?))
    }

    /// What is different in `now`.
    pub(super) fn changes(&self, now: &Self) -> Vec<Change> {
        let designs = self.0.keys().chain(now.0.keys().filter(|design| !self.0.contains_key(*design)));
        let change = |design: &String| {
            let (before, now) = (self.0.get(design), now.0.get(design));
            [
                Change::new(
                    design,
                    "instructions",
                    before.map(|c| c.instructions),
                    now.map(|c| c.instructions),
                ),
                Change::new(design, "locked", before.map(|c| c.locked), now.map(|c| c.locked)),
            ]
        };
        designs.flat_map(change).filter(Change::is_one).collect()
    }
}

fn path(context: &Context) -> PathBuf {
    context.workspace.join(FILE)
}

impl Change {
    pub(super) fn new(design: &str, what: &'static str, before: Option<f64>, now: Option<f64>) -> Self {
        Self { design: design.to_owned(), what, before, now }
    }

    /// The figure that has changed.
    pub(super) fn figure(&self) -> String {
        format!("{}/{}", self.design, self.what)
    }

    /// What was recorded, if there is more of it now.
    pub(super) fn outgrown(&self) -> Option<f64> {
        let (before, now) = (self.before?, self.now?);
        (now > before + ROUNDING).then_some(before)
    }

    fn is_one(&self) -> bool {
        match (self.before, self.now) {
            (Some(before), Some(now)) => (before - now).abs() > ROUNDING,
            (before, now) => before != now,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figure = self.figure();
        match (self.before, self.now) {
            (Some(before), Some(now)) => write!(f, "{figure}: {before} -> {now}"),
            (None, Some(now)) => write!(f, "{figure}: {now}, which is new"),
            (Some(before), None) => write!(f, "{figure}: {before} before, not measured any more"),
            (None, None) => write!(f, "{figure}: nothing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(design: &str, instructions: f64, locked: f64) -> Counted {
        Counted { design: design.to_owned(), ours: true, instructions, locked }
    }

    fn grown(before: &[Counted], now: &[Counted]) -> Vec<String> {
        let changes = Baseline::of(before).changes(&Baseline::of(now));
        changes.iter().filter(|change| change.outgrown().is_some()).map(ToString::to_string).collect()
    }

    #[test]
    fn a_count_that_grows_is_told() {
        let before = [counted("a", 31.0, 2.0), counted("b", 10.0, 0.0)];
        let now = [counted("a", 32.0, 2.0), counted("b", 10.0, 0.13)];
        assert_eq!(grown(&before, &now), ["a/instructions: 31 -> 32", "b/locked: 0 -> 0.13"]);
    }

    #[test]
    fn less_new_gone_and_rounding_are_no_growth() {
        let before = [counted("a", 31.0, 2.0), counted("gone", 1.0, 0.0)];
        let now = [counted("a", 30.0, 1.0), counted("new", 99.0, 9.0)];
        assert!(grown(&before, &now).is_empty());
        let changes = Baseline::of(&before).changes(&Baseline::of(&now));
        assert_eq!(changes.len(), 6);
        assert!(grown(&before, &[counted("a", 31.004, 2.0)]).is_empty());
    }

    #[test]
    fn what_others_cost_is_not_kept() {
        let other = Counted { ours: false, ..counted("std_rwlock", 31.0, 2.0) };
        assert_eq!(Baseline::of(&[other]), Baseline::default());
    }

    #[test]
    fn the_file_is_read_as_it_was_written() {
        let baseline = Baseline::of(&[counted("a", 31.25, 2.0), counted("b", 10.0, 0.0)]);
        let text = baseline.text().unwrap();
        assert!(text.contains("[a]\ninstructions = 31.25\nlocked = 2.0\n"), "{text}");
        assert_eq!(Baseline::parse(&text).unwrap(), baseline);
    }

    #[test]
    fn a_broken_file_is_an_error_that_says_what_to_do() {
        let error = Baseline::parse("[a]\ninstructions = \"many\"\n").unwrap_err().to_string();
        assert!(error.contains(FILE) && error.contains("line 2") && error.contains("--bless"), "{error}");
        assert!(Baseline::parse("[a]\ninstructions = 1.0\nlocked = 0.0\nother = 1\n").is_err());
    }
}
