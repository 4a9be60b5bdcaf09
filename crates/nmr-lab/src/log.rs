//! The log of a lab machine: everything its kernel and its drivers say, in order.
//!
//! The first Wine process owns the log, and all drivers inherit it. Readers remember a position, so that each step of a
//! test looks only at what happened since the step before.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fmt, thread};

use regex::Regex;

use crate::error::{AtPath as _, Result};

/// How often a waiting reader looks.
const POLL: Duration = Duration::from_millis(10);

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Seconds since the host booted, with fraction, as written; empty if the line carries no time.
    pub time: String,
    /// Process and thread in the lab, as written; empty if the line carries none.
    pub thread: String,
    /// What was said: a driver's text without the machine's prefix, or Wine's own line.
    pub text: String,
}

impl Line {
    /// Splits a line as Wine writes it: `time:process:thread:class:channel:function text`. What a driver said through
    /// DbgPrint stands behind two numbers, what it said through OutputDebugString is quoted as a C string.
    fn parse(raw: &str) -> Self {
        let mut parts = raw.splitn(4, ':');
        let (Some(time), Some(process), Some(thread), Some(rest)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Self { time: String::new(), thread: String::new(), text: raw.to_owned() };
        };
        let is_hex = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hex(process) || !is_hex(thread) {
            return Self { time: String::new(), thread: String::new(), text: raw.to_owned() };
        }
        let printed = rest
            .strip_prefix("warn:debugstr:vDbgPrintExWithPrefix ")
            .and_then(|rest| rest.splitn(3, ':').nth(2));
        let output = rest.strip_prefix("warn:debugstr:OutputDebugStringA ");
        let text = match (printed, output) {
            (Some(text), _) => text.trim_start().to_owned(),
            (None, Some(quoted)) => unquote(quoted),
            (None, None) => rest.to_owned(),
        };
        Self { time: time.trim().to_owned(), thread: format!("{process}:{thread}"), text }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:>12} {:9} {}", self.time, self.thread, self.text)
    }
}

/// The text of a C string literal; anything else as it is.
fn unquote(quoted: &str) -> String {
    let Some(inner) = quoted.trim_end().strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return quoted.to_owned();
    };
    let mut text = String::new();
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n' | 'r') | None => {}
                Some('t') => text.push('\t'),
                Some(other) => text.push(other),
            },
            other => text.push(other),
        }
    }
    text
}

/// A place in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(u64);

/// The log of one lab.
#[derive(Clone, Debug)]
pub struct Log {
    path: PathBuf,
}

impl Log {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The end of the log now.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn end(&self) -> Result<Position> {
        Ok(self.since(Position::default())?.1)
    }

    /// All whole lines after `position`, and where the next reading goes on.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn since(&self, position: Position) -> Result<(Vec<Line>, Position)> {
        let mut file = File::open(&self.path).at("read", &self.path)?;
        file.seek(SeekFrom::Start(position.0)).at("read", &self.path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).at("read", &self.path)?;
        // A line that is being written waits for the next reading.
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let text = String::from_utf8_lossy(&bytes[..whole]);
        Ok((text.lines().map(Line::parse).collect(), Position(position.0 + whole as u64)))
    }

    /// Waits until a line after `position` matches, and returns it; `None` when `limit` passes first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn wait_for(&self, pattern: &Regex, mut position: Position, limit: Duration) -> Result<Option<Line>> {
        let begin = Instant::now();
        loop {
            let (lines, next) = self.since(position)?;
            if let Some(line) = lines.into_iter().find(|line| pattern.is_match(&line.text)) {
                return Ok(Some(line));
            }
            if begin.elapsed() >= limit {
                return Ok(None);
            }
            position = next;
            thread::sleep(POLL);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    fn check(raw: &str, time: &str, thread: &str, text: &str) {
        let expected = Line { time: time.to_owned(), thread: thread.to_owned(), text: text.to_owned() };
        assert_eq!(Line::parse(raw), expected);
    }

    #[test]
    fn a_line_that_is_being_written_is_read_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::new(folder.path().join("log"));
        let mut file = fs::File::create(log.path()).unwrap();
        write!(file, "one\ntwo").unwrap();
        let (lines, position) = log.since(Position::default()).unwrap();
        assert_eq!(lines.len(), 1);
        writeln!(file, " and more").unwrap();
        let (lines, _) = log.since(position).unwrap();
        assert_eq!(lines[0].text, "two and more");
    }

    #[test]
    fn waiting_sees_only_what_came_after_the_position() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::new(folder.path().join("log"));
        fs::write(log.path(), "ready\n").unwrap();
        let ready = Regex::new("^ready$").unwrap();
        let limit = Duration::from_millis(30);
        assert!(log.wait_for(&ready, Position::default(), limit).unwrap().is_some());
        assert!(log.wait_for(&ready, log.end().unwrap(), limit).unwrap().is_none());
    }

    #[test]
    fn a_drivers_text_is_freed_of_its_prefix_and_other_lines_are_kept_whole() {
        let printed = "2505.978:0138:0148:warn:debugstr:vDbgPrintExWithPrefix 00000000:00000001: echo: a: b";
        check(printed, "2505.978", "0138:0148", "echo: a: b");
        let output = r#" 5.978:0138:0148:warn:debugstr:OutputDebugStringA "say \"no\"\n""#;
        check(output, "5.978", "0138:0148", "say \"no\"");
        check(
            "1234.567:0040:0044:err:module:import_dll x",
            "1234.567",
            "0040:0044",
            "err:module:import_dll x",
        );
        check("wine: Unhandled page fault", "", "", "wine: Unhandled page fault");
        check("a:b:c:d", "", "", "a:b:c:d");
    }
}
