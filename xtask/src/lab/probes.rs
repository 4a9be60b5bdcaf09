//! Is each check of the lab's kernel awake? Loads drivers that do one thing wrong each, and demands that the lab says so
//! and says nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nmr_lab::log::{Line, Position};
use nmr_lab::{Kernel, Lab, Plan, c_driver};
use regex::Regex;
use serde::Serialize;

use super::images;
use crate::context::Context;

/// Where the sources are, below the workspace.
const FOLDER: &str = "crates/nmr-lab/probes";
/// The load order group of the probes.
const GROUP: &str = "Probes";
/// Loading or unloading a probe.
const STEP: Duration = Duration::from_secs(30);
/// After a probe is unloaded its words, and those about it, are in the log by then.
const WORDS: Duration = Duration::from_secs(5);
/// For how long Unload waits for handles: long enough for the probe that closes its own.
const HANDLE_WAIT: Duration = Duration::from_millis(2500);
const VIOLATION: &str = "nmr-lab: violation: ";

/// What went well.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Summary {
    /// Drivers that were loaded.
    pub(super) probes: usize,
    /// Violations that were expected, and reported.
    pub(super) violations: usize,
    /// How long it took, in seconds.
    pub(super) seconds: f64,
}

/// A driver, and how its mistake shows.
#[derive(Debug)]
struct Probe {
    name: String,
    source: PathBuf,
    violations: Vec<Regex>,
    lines: Vec<Regex>,
    before_stop: Option<Regex>,
    crash: bool,
}

impl Probe {
    /// Reads what the head of the source says.
    fn parse(source: &Path, text: &str) -> Result<Self> {
        let name = source.file_stem().and_then(|stem| stem.to_str()).context("a source without a name")?;
        let (mut violations, mut lines) = (Vec::new(), Vec::new());
        let (mut before_stop, mut crash) = (None, false);
        for line in text.lines().map_while(|line| line.strip_prefix("// ")) {
            if let Some(pattern) = line.strip_prefix("expect: ") {
                violations.push(Regex::new(pattern)?);
            } else if let Some(pattern) = line.strip_prefix("line: ") {
                lines.push(Regex::new(pattern)?);
            } else if let Some(pattern) = line.strip_prefix("before stop: ") {
                before_stop = Some(Regex::new(pattern)?);
            } else if line == "crash" {
                crash = true;
            }
        }
        Ok(Self { name: name.to_owned(), source: source.to_owned(), violations, lines, before_stop, crash })
    }

    /// What these lines of the log, which are all, lack or have too much of.
    fn judge(&self, log: &[Line]) -> Vec<String> {
        let texts = || log.iter().map(|line| line.text.as_str());
        let found: Vec<&str> = texts().filter(|text| text.starts_with(VIOLATION)).collect();
        let mut wrong = Vec::new();
        for pattern in &self.violations {
            if !found.iter().any(|text| pattern.is_match(text)) {
                wrong.push(format!("not reported: {pattern}"));
            }
        }
        for text in found {
            if !self.violations.iter().any(|pattern| pattern.is_match(text)) {
                wrong.push(format!("reported, but not expected: {text}"));
            }
        }
        let mut rest = texts();
        for pattern in &self.lines {
            if !rest.any(|text| pattern.is_match(text)) {
                wrong.push(format!("not in the log, or not in this order: {pattern}"));
            }
        }
        wrong
    }
}

/// Loads every probe.
pub(super) fn run(context: &Context) -> Result<Summary> {
    let begin = Instant::now();
    let probes = read(&context.workspace.join(FOLDER))?;
    let (netio, kernel) = (images::netio(context)?, images::kernel(context)?);
    let step = context.ui.step(format!("{} drivers that do something wrong", probes.len()));
    let name = format!("probes-{}", std::process::id());
    let kernel = Kernel { handle_wait: HANDLE_WAIT, ..kernel };
    let root = context.target.join("lab");
    let lab = Lab::start(&Plan { root, name, netio, kernel: Some(kernel), group: GROUP.to_owned() })?;
    let folder = lab.folder().to_owned();
    let mut failures = Vec::new();
    for probe in &probes {
        step.detail(&probe.name);
        let wrong =
            play(&lab, probe).with_context(|| format!("{}: {}", probe.name, probe.source.display()))?;
        failures.extend(wrong.into_iter().map(|wrong| format!("{}: {wrong}", probe.name)));
    }
    lab.shut_down();
    if !failures.is_empty() {
        let (failures, folder) = (failures.join("\n    "), folder.display());
        return Err(crate::exit::wrong(format!(
            "the checks of the lab's kernel are not what they should be:\n    {failures}\n\
             The lab is kept in {folder}: machine.log is the whole log.\n\
             To play again: cargo xtask lab --probes"
        )));
    }
    fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    let violations = probes.iter().map(|probe| probe.violations.len()).sum();
    step.done(format!("{violations} mistakes reported"));
    Ok(Summary { probes: probes.len(), violations, seconds: begin.elapsed().as_secs_f64() })
}

fn read(folder: &Path) -> Result<Vec<Probe>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut sources: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .collect();
    sources.sort();
    if sources.is_empty() {
        bail!("{} holds no probes", folder.display());
    }
    sources
        .iter()
        .map(|source| {
            let text =
                fs::read_to_string(source).with_context(|| format!("{} cannot be read", source.display()))?;
            Probe::parse(source, &text).with_context(|| source.display().to_string())
        })
        .collect()
}

/// Loads a probe and unloads it. Answers what is not as its source says.
fn play(lab: &Lab, probe: &Probe) -> Result<Vec<String>> {
    let image = lab.folder().join(format!("{}.sys", probe.name));
    c_driver::compile(&probe.source, &image, &[])?;
    lab.add_driver(&probe.name, &image)?;
    lab.mark_well();
    let begin = lab.log().end()?;
    let mut late = Vec::new();
    for verb in ["start", "stop"] {
        let finished = lab.command(verb, &["net", verb, &probe.name], STEP)?;
        if !finished.status.success() && !probe.crash {
            let signs = lab.crash_signs(begin)?.join("; ");
            lab.revive()?;
            return Ok(vec![format!("did not {verb}: {} {signs}", finished.stdout.trim())]);
        }
        if let Some(pattern) = probe.before_stop.as_ref().filter(|_| verb == "start")
            && lab.log().wait_for(pattern, begin, STEP)?.is_none()
        {
            late.push(format!("not in the log before the stop: {pattern}"));
        }
    }
    let mut wrong = [late, settled(lab, probe, begin)?].concat();
    let crashed = !lab.crash_signs(begin)?.is_empty();
    if crashed != probe.crash {
        wrong
            .push(if crashed { "it crashed the machine" } else { "it did not crash the machine" }.to_owned());
    }
    if crashed {
        lab.revive()?;
    }
    Ok(wrong)
}

/// Judges the log again and again until it is as expected, for a while: what goes wrong after Unload takes a moment.
fn settled(lab: &Lab, probe: &Probe, since: Position) -> Result<Vec<String>> {
    let begin = Instant::now();
    loop {
        let wrong = probe.judge(&lab.log().since(since)?.0);
        let over = !probe.crash || !lab.crash_signs(since)?.is_empty();
        if (wrong.is_empty() && over) || begin.elapsed() > WORDS {
            return Ok(wrong);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(head: &str) -> Probe {
        Probe::parse(Path::new("/w/leaks.c"), head).unwrap()
    }

    fn log(texts: &[&str]) -> Vec<Line> {
        let line =
            |text: &&str| Line { time: String::new(), thread: String::new(), text: (*text).to_owned() };
        texts.iter().map(line).collect()
    }

    #[test]
    fn the_head_of_the_source_says_what_to_expect() {
        let probe = probe(
            "// Leaks.\n// expect: text=leaks\n// line: ^a$\n// before stop: ^b$\n// crash\n#include\n// expect: no\n",
        );
        assert_eq!((probe.name.as_str(), probe.violations.len(), probe.lines.len()), ("leaks", 1, 1));
        assert!(probe.crash && probe.before_stop.is_some_and(|pattern| pattern.is_match("b")));
        assert!(Probe::parse(Path::new("a.c"), "// expect: (\n").is_err());
    }

    #[test]
    fn a_mistake_must_be_reported_and_nothing_else() {
        let probe = probe("// expect: text=leaks\n");
        assert!(probe.judge(&log(&["nmr-lab: violation: driver=a text=leaks 1"])).is_empty());
        assert!(probe.judge(&log(&["text=leaks"]))[0].starts_with("not reported"));
        let more = ["nmr-lab: violation: driver=a text=leaks 1", "nmr-lab: violation: driver=a text=waits"];
        assert!(probe.judge(&log(&more))[0].contains("not expected"));
    }

    #[test]
    fn lines_must_be_in_order() {
        let probe = probe("// line: ^a$\n// line: ^b$\n");
        assert!(probe.judge(&log(&["a", "x", "b"])).is_empty());
        assert_eq!(probe.judge(&log(&["b", "a"])).len(), 1);
    }
}
