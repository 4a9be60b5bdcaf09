//! What the person at the keyboard reads in the end.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Error;
use nmr_lab::log::Position;
use nmr_lab::{Lab, crash};
use serde::Serialize;

use super::panic_check::Panic;
use super::tally::Tally;
use crate::context::Context;

/// Lines of the log shown with a failure.
const SHOWN_LINES: usize = 60;

/// How a session that went well went.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Summary {
    /// The bundle's folder.
    pub(super) bundle: PathBuf,
    /// The bundle's version.
    pub(super) version: String,
    /// The seed that repeats the session.
    pub(super) seed: u64,
    /// Rounds played.
    pub(super) rounds: u32,
    /// What NMR and the drivers counted.
    #[serde(flatten)]
    pub(super) tally: Tally,
    /// What was seen when peers held drivers up and NMR failed, a sentence each.
    pub(super) checks: Vec<String>,
    /// Where the probe's panic was found.
    pub(super) panic: Panic,
    /// How long it took, in seconds.
    pub(super) seconds: f64,
    /// The lab's folder, if it was kept.
    pub(super) lab: Option<PathBuf>,
}

impl Summary {
    /// Prints the summary.
    pub(super) fn tell(&self, context: &Context) {
        for line in self.lines().iter().chain(&self.checks) {
            context.ui.note(line);
        }
        if let Some(lab) = &self.lab {
            context.ui.note(format!("the lab is kept in {}", lab.display()));
        }
    }

    fn lines(&self) -> [String; 4] {
        let Self { rounds, seed, tally, panic, .. } = self;
        let Tally {
            loads, unloads, attaches, detaches, detaches_pending, echoed, relayed, not_relayed, ..
        } = tally;
        [
            format!(
                "{rounds} rounds (seed {seed}): {loads} loads, {unloads} unloads; no crash, no broken rule, nothing left behind"
            ),
            format!("{attaches} attaches, {detaches} detaches, {detaches_pending} of them answered PENDING"),
            format!(
                "{} calls: {echoed} echoed, {relayed} relayed, {not_relayed} relayed while Echo was away",
                echoed + relayed + not_relayed
            ),
            format!("a panic on purpose was found in the log: {}:{}", panic.file, panic.line),
        ]
    }
}

/// Adds to `error` what happened in order, where to look, and what to run.
pub(super) fn failure(error: &Error, lab: &Lab, again: &str) -> Error {
    let mut text = format!("{error:#}\n");
    let signs = lab.crash_signs(Position::default()).unwrap_or_default();
    if !signs.is_empty() {
        let _ = writeln!(text, "\nThe machine crashed:\n  {}", signs.join("\n  "));
    }
    text.push_str("\nWhat happened last, in order (NMR and drivers):\n");
    let mut lines = lab.log().since(Position::default()).map(|(lines, _)| lines).unwrap_or_default();
    lines.retain(|line| !crash::is_chatter(line));
    for line in &lines[lines.len().saturating_sub(SHOWN_LINES)..] {
        let _ = writeln!(text, "  {line}");
    }
    let backtraces = lab.backtraces();
    if let Some(start) = backtraces.find("Backtrace:") {
        let _ = writeln!(text, "\nThe first fault:");
        for line in backtraces[start..].lines().take(12) {
            let _ = writeln!(text, "  {line}");
        }
    }
    let _ = write!(
        text,
        "\nThe lab is kept in {folder}: machine.log is the whole log, output/ what each program wrote, \
         prefix/drive_c/crash.log the backtraces.\nTo play the same again: {again}",
        folder = lab.folder().display(),
    );
    crate::exit::wrong(text)
}
