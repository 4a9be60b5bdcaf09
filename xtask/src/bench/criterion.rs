//! The benchmarks that criterion runs: times of one thing each.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::Group;
use super::figure::Measured;
use super::program::Program;
use crate::context::Context;
use crate::process;

const LIMIT: Duration = Duration::from_secs(40 * 60);

/// What criterion writes beside its report.
#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

/// In nanoseconds.
#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

/// Runs the benchmarks of `group`, and reads the medians.
pub(super) fn measure(
    program: &Program,
    group: Group,
    quick: bool,
    context: &Context,
) -> Result<Vec<Measured>> {
    let step = context.ui.step(format!("{} by criterion", group.name()));
    let folder = context.target.join("bench");
    let results = folder.join("criterion");
    let own = results.join(group.name());
    // What an earlier run measured is not a result of this one.
    match fs::remove_dir_all(&own) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("{} cannot be removed", own.display()));
        }
        _ => {}
    }
    let lengths: &[&str] = if quick {
        &["--warm-up-time", "0.2", "--measurement-time", "0.5", "--sample-size", "20"]
    } else {
        &["--warm-up-time", "1", "--measurement-time", "3"]
    };
    process::Program::new(program.criterion(), LIMIT)
        // As cargo would say; without it, criterion only tries whether the benchmarks run.
        .arg("--bench")
        .arg(format!("^{}/", group.name()))
        .args(lengths)
        .env("CRITERION_HOME", &results)
        .folder(&folder)
        .run(&folder.join(format!("criterion-{}.log", group.name())))?;
    let measured = read(&own, unit(group))?;
    step.done("");
    Ok(measured)
}

/// In which unit the times of `group` are told, and how many nanoseconds that is.
const fn unit(group: Group) -> (&'static str, f64) {
    match group {
        Group::Sim => ("us", 1e3),
        _ => ("ns", 1.0),
    }
}

/// The medians under `folder`, in the order of their names.
fn read(folder: &Path, (unit, nanoseconds): (&str, f64)) -> Result<Vec<Measured>> {
    let mut measured = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("{} cannot be read", folder.display()))?;
        let file = entry.path().join("new/estimates.json");
        // Criterion keeps its summaries beside the results.
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let estimates: Estimates =
            serde_json::from_str(&text).with_context(|| format!("{} was not understood", file.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        measured.push(Measured::new(
            format!("{name}/time"),
            estimates.median.point_estimate / nanoseconds,
            unit,
        ));
    }
    measured.sort_by(|one, other| one.figure.cmp(&other.figure));
    Ok(measured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_read_and_summaries_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["cycle_b", "cycle_a"] {
            let new = folder.path().join(name).join("new");
            fs::create_dir_all(&new).unwrap();
            let text =
                r#"{"mean":{"point_estimate":9.0},"median":{"point_estimate":750.0,"standard_error":1.0}}"#;
            fs::write(new.join("estimates.json"), text).unwrap();
        }
        fs::create_dir(folder.path().join("report")).unwrap();
        assert_eq!(
            read(folder.path(), unit(Group::Sim)).unwrap(),
            [Measured::new("cycle_a/time", 0.75, "us"), Measured::new("cycle_b/time", 0.75, "us")]
        );
    }
}
