//! What the person at the keyboard sees: steps on standard error, one at a time, and the next thing to do.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
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
        say(format_args!("  {}", harmless(text.as_ref())));
    }

    /// One line the reader should not miss, though nothing failed.
    pub(crate) fn warn(&self, text: impl AsRef<str>) {
        say(format_args!("{} {}", colour().yellow().apply_to("warning:"), harmless(text.as_ref())));
    }

    /// The last line of a command: what to run next.
    pub(crate) fn next_step(&self, command: impl AsRef<str>) {
        say(format_args!("{} {}", colour().bold().apply_to("next step:"), harmless(command.as_ref())));
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

    /// Shows how far the step is. On no terminal a line for every tenth. The lab alone counts, and there is none on Windows.
    #[cfg(unix)]
    pub(crate) fn progress(&self, done: u64, of: u64) {
        match &self.bar {
            Some(bar) => {
                if bar.length() != Some(of) {
                    let template = "{spinner:.cyan} {msg} {wide_bar:.cyan/dim} {pos} of {len} {eta:>4}";
                    bar.set_style(
                        ProgressStyle::with_template(template)
                            .unwrap_or_else(|_| ProgressStyle::default_bar()),
                    );
                    bar.set_length(of);
                }
                bar.set_position(done);
            }
            None if done > 0 && done.is_multiple_of(of.div_ceil(10).max(1)) => {
                say(format_args!("  {}: {done} of {of}", self.what));
            }
            None => {}
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
        let seconds = self.since.elapsed().as_secs_f64();
        say(format_args!("{mark} {}{separator}{outcome} ({seconds:.1} s)", self.what));
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
    let shown = causes.join("\n  because ");
    say(format_args!("{} {}", colour().red().bold().apply_to("error:"), harmless(&shown)));
    if json && !exit::is_answered(error) {
        let reason = match exit::reason_of(error) {
            Reason::Wrong | Reason::Examined(_) => "wrong",
            Reason::Usage => "usage",
            Reason::Missing => "missing",
            Reason::Busy => "busy",
        };
        // The exit code says the same.
        let _ = print(serde_json::json!({ "error": { "reason": reason, "causes": causes } }));
    }
}

/// `text` with its control characters made visible. It may quote files that somebody sent, and a terminal would obey them:
/// a name could erase the line that tells what is wrong.
fn harmless(text: &str) -> Cow<'_, str> {
    let obeyed = |char: char| char.is_control() && char != '\n' && char != '\t';
    // Marks that change the direction of writing.
    let turns = |char: char| matches!(char, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let odd = |char: char| obeyed(char) || turns(char);
    if !text.contains(odd) {
        return Cow::Borrowed(text);
    }
    let shown = |char: char| if odd(char) { char.escape_unicode().to_string() } else { char.to_string() };
    Cow::Owned(text.chars().map(shown).collect())
}

/// Writes one line to standard output.
///
/// A reader who has gone away, like `head` after its last line, has what they wanted: that is no error.
pub(crate) fn print(line: impl Display) -> Result<()> {
    write_line(io::stdout().lock(), line).context("standard output cannot be written")
}

/// Writes one line to standard error. Where nobody can read it, nobody can be told so.
fn say(line: impl Display) {
    let _ = write_line(io::stderr().lock(), line);
}

fn write_line(mut to: impl Write, line: impl Display) -> io::Result<()> {
    match writeln!(to, "{line}").and_then(|()| to.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// A style for standard error. `console` leaves colours out when it is no terminal; `NO_COLOR` is honoured here too.
fn colour() -> Style {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let style = Style::new().for_stderr();
    if wanted { style } else { style.force_styling(false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        assert_eq!(harmless("line\n\tmore é"), "line\n\tmore é");
        assert_eq!(harmless("\u{1b}[2Kgood\r"), "\\u{1b}[2Kgood\\u{d}");
        assert_eq!(harmless("a\u{202e}b"), "a\\u{202e}b");
    }

    #[test]
    fn a_reader_who_has_gone_away_is_no_error() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        write_line(writer, "nobody reads this").unwrap();
    }

    #[test]
    fn what_cannot_be_written_otherwise_is_an_error() {
        let mut full = [0_u8; 4];
        assert_eq!(write_line(&mut full[..], "longer").unwrap_err().kind(), ErrorKind::WriteZero);
    }
}
