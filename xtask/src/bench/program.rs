//! The program that measures: built with the settings of the drivers, so that what is measured is what is shipped.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::Group;
use super::figure::Measured;
use crate::context::Context;
use crate::process;

/// The package, and its program.
const PACKAGE: &str = "nmr-benches";
/// The program that hands over to criterion.
const CRITERION: &str = "nmr-benches-criterion";
/// The profile of drivers: whole-program optimisation, and overflow checks.
const PROFILE: &str = "driver";
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);
const RUN_LIMIT: Duration = Duration::from_secs(10 * 60);

/// The program, and the one with criterion.
#[derive(Debug)]
pub(super) struct Program {
    path: PathBuf,
    criterion: PathBuf,
}

impl Program {
    /// Builds it.
    pub(super) fn build(context: &Context) -> Result<Self> {
        let step = context.ui.step("build the benchmarks");
        process::Program::new(context.cargo(), BUILD_LIMIT)
            .args(["build", "--package", PACKAGE, "--profile", PROFILE])
            .env("CARGO_TARGET_DIR", &context.target)
            .folder(&context.workspace)
            .run(&context.target.join("bench/build.log"))?;
        step.done("");
        let program =
            |name| context.target.join(PROFILE).join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        Ok(Self { path: program(PACKAGE), criterion: program(CRITERION) })
    }

    /// The program with criterion.
    pub(super) fn criterion(&self) -> &Path {
        &self.criterion
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Measures `group`.
    pub(super) fn measure(&self, group: Group, quick: bool, context: &Context) -> Result<Vec<Measured>> {
        let step = context.ui.step(format!("measure {}", group.name()));
        let log = context.target.join("bench").join(format!("{}.log", group.name()));
        let finished = process::Program::new(&self.path, RUN_LIMIT)
            .arg(group.name())
            .args(quick.then_some("--quick"))
            .run(&log)?;
        let output = finished.output()?;
        let (measured, notes) = parse(&output)?;
        step.done(notes.join("; "));
        Ok(measured)
    }

    /// The designs that it can run, and which of them are of this repository.
    pub(super) fn designs(&self, context: &Context) -> Result<Vec<(String, bool)>> {
        let log = context.target.join("bench/designs.log");
        let text = process::Program::new(&self.path, RUN_LIMIT).arg("designs").run(&log)?.output()?;
        designs(&text)
    }
}

/// A tool that is run on the program.
pub(super) fn tool(name: &str) -> process::Program {
    process::Program::new(name, RUN_LIMIT)
}

/// What was measured, and what else was said.
fn parse(text: &str) -> Result<(Vec<Measured>, Vec<&str>)> {
    let (values, notes): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with('{'));
    let measured = values
        .into_iter()
        .map(|line| serde_json::from_str(line).with_context(|| format!("not a measurement: {line}")));
    Ok((measured.collect::<Result<_>>()?, notes))
}

fn designs(text: &str) -> Result<Vec<(String, bool)>> {
    let design = |line: &str| match line.split_once(' ') {
        Some(("own", name)) => Some((name.to_owned(), true)),
        Some(("compared", name)) => Some((name.to_owned(), false)),
        _ => None,
    };
    text.lines().map(|line| design(line).with_context(|| format!("not a design: {line}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_are_told_from_notes() {
        let text = "5 samples did not count\n{\"figure\":\"raw/time\",\"value\":1.5,\"unit\":\"ns\"}\n";
        let (measured, notes) = parse(text).unwrap();
        assert_eq!(measured, [Measured::new("raw/time", 1.5, "ns")]);
        assert_eq!(notes, ["5 samples did not count"]);
    }

    #[test]
    fn a_value_that_is_none_is_an_error() {
        let error = parse("{\"figure\":\"raw/time\",\"value\":null,\"unit\":\"ns\"}\n").unwrap_err();
        assert!(error.to_string().starts_with("not a measurement: {\"figure\""), "{error}");
    }

    #[test]
    fn designs_are_ours_or_compared_with() {
        let known = designs("own raw\ncompared std_rwlock\n").unwrap();
        assert_eq!(known, [("raw".to_owned(), true), ("std_rwlock".to_owned(), false)]);
        assert!(designs("raw\n").is_err());
    }
}
