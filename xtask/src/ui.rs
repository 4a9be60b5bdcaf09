//! What the person at the keyboard sees: steps on standard error, one at a time, and the next thing to do.

use std::time::{Duration, Instant};

use console::{Style, Term};
use indicatif::{ProgressBar, ProgressStyle};

use crate::exit::{self, Reason};

/// The voice on standard error. On a terminal a running step shows a spinner; elsewhere each step is one plain line.
#[derive(Clone, Debug)]
pub(crate) struct Ui {
    terminal: bool,
}

impl Ui {
    pub(crate) fn new() -> Self {
        Self { terminal: Term::stderr().is_term() }
    }

    /// Starts a step. It ends when the value is dropped; [`Step::done`] says how it went.
    pub(crate) fn step(&self, what: impl Into<String>) -> Step {
        let what = what.into();
        let bar = self.terminal.then(|| {
            let style = ProgressStyle::with_template("{spinner:.cyan} {wide_msg} {elapsed:>4}");
            let bar = ProgressBar::new_spinner().with_message(what.clone());
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Step { what, bar, since: Instant::now() }
    }

    /// One line of news.
    pub(crate) fn note(&self, text: impl AsRef<str>) {
        eprintln!("  {}", text.as_ref());
    }

    /// One line the reader should not miss, though nothing failed.
    pub(crate) fn warn(&self, text: impl AsRef<str>) {
        eprintln!("{} {}", colour().yellow().apply_to("warning:"), text.as_ref());
    }

    /// The last line of a command: what to run next.
    pub(crate) fn next_step(&self, command: impl AsRef<str>) {
        eprintln!("{} {}", colour().bold().apply_to("next step:"), command.as_ref());
    }
}

/// A running step.
#[derive(Debug)]
pub(crate) struct Step {
    what: String,
    bar: Option<ProgressBar>,
    since: Instant,
}

impl Step {
    /// Shows `detail` beside the step while it runs.
    pub(crate) fn detail(&self, detail: impl AsRef<str>) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{} ({})", self.what, detail.as_ref()));
        }
    }

    /// Ends the step and keeps one line of it.
    pub(crate) fn done(self, outcome: impl AsRef<str>) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let mark = colour().green().apply_to("ok");
        let outcome = outcome.as_ref();
        let separator = if outcome.is_empty() { "" } else { ": " };
        eprintln!("{mark} {}{separator}{outcome} ({:.1} s)", self.what, self.since.elapsed().as_secs_f64());
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// Prints why a command failed, with every cause; with `json` the same as a document on standard output.
pub(crate) fn report_error(error: &anyhow::Error, json: bool) {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    eprintln!("{} {}", colour().red().bold().apply_to("error:"), causes.join("\n  because "));
    if json && !exit::is_answered(error) {
        let reason = match exit::reason_of(error) {
            Reason::Wrong => "wrong",
            Reason::Usage => "usage",
            Reason::Missing => "missing",
            Reason::Busy => "busy",
        };
        println!("{}", serde_json::json!({ "error": { "reason": reason, "causes": causes } }));
    }
}

/// A style for standard error. `console` leaves colours out when it is no terminal; `NO_COLOR` is honoured here too.
fn colour() -> Style {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let style = Style::new().for_stderr();
    if wanted { style } else { style.force_styling(false) }
}
