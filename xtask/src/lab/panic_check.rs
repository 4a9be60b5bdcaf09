//! Does a panic in a driver tell where it happened? Comes last: the machine does not survive it.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nmr_lab::{Lab, Nmrctl};
use serde::Serialize;

use super::expectations::{LOAD_LIMIT, PANIC, number, pattern};
use super::images::{PANIC_PROBE, PanicProbe};

/// Where the probe panicked, by its own last words.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Panic {
    /// The source file, as the compiler saw it.
    pub(super) file: String,
    /// The line.
    pub(super) line: u64,
}

/// Loads the probe and compares what the log says with where its source has the panic.
pub(super) fn run(lab: &Lab, nmrctl: &Nmrctl<'_>, probe: &PanicProbe) -> Result<Panic> {
    let source = fs::read_to_string(&probe.source)
        .with_context(|| format!("{} cannot be read", probe.source.display()))?;
    let expected =
        line_of_panic(&source).with_context(|| format!("{}: no panic in it", probe.source.display()))?;
    lab.add_driver(PANIC_PROBE, &probe.image)?;
    let begin = lab.log().end()?;
    let answer = nmrctl.ask(&["start", PANIC_PROBE, "--timeout", "20"], LOAD_LIMIT)?;
    if answer.ok {
        bail!("{PANIC_PROBE} started, and should have panicked in its DriverEntry");
    }
    let panic = pattern(PANIC);
    let Some(line) = lab.wait_for(&panic, begin, Duration::from_secs(10))? else {
        bail!("{PANIC_PROBE} did not start, and its panic is not in the log");
    };
    if lab.crash_signs(begin)?.is_empty() {
        bail!("{PANIC_PROBE} panicked, and the machine went on as if nothing had happened");
    }
    let captures = panic.captures(&line.text).context("a line that matched matches no more")?;
    let found = Panic { file: captures["file"].to_owned(), line: number(&captures, "line") };
    if found.line != expected || !found.file.replace('\\', "/").ends_with("panic-probe/src/lib.rs") {
        let Panic { file, line } = found;
        bail!(
            "{PANIC_PROBE} panicked in line {expected} of {}, the log says {file}:{line}",
            probe.source.display()
        );
    }
    Ok(found)
}

/// The number of the line that calls `panic!`, from 1.
fn line_of_panic(source: &str) -> Option<u64> {
    let is_call = |line: &str| line.split("//").next().is_some_and(|code| code.contains("panic!("));
    let index = source.lines().position(is_call)?;
    Some(index as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_a_comment_is_none() {
        assert_eq!(line_of_panic("//! calls panic!()\n\nfn start() {\n    panic!(\"here\");\n}\n"), Some(4));
        assert_eq!(line_of_panic("fn start() {}\n"), None);
    }
}
