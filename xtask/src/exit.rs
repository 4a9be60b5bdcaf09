//! Exit codes: stable, so that scripts may rely on them.

use std::fmt;
use std::process::ExitCode;

/// The table shown at the end of `--help`.
pub(crate) const TABLE: &str = "\
Exit codes:
  0  everything asked for was done
  1  the thing examined is wrong, or a step failed (`verify` has a code for each kind of wrong: see its --help)
  2  the command line is wrong
  3  something is missing on this machine; the message says how to get it
  4  busy: another run holds the lock

With --json the result, or {\"error\": ...}, is the only thing on standard output.";

/// Why a command ended without doing what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The thing examined is wrong, or a step failed.
    Wrong,
    /// The command line, or a setting it names, makes no sense.
    Usage,
    /// A program, package or file of this machine is missing.
    Missing,
    /// Another run holds the lock.
    Busy,
    /// The thing examined is wrong in a way that has a code of its own.
    Examined(u8),
}

impl Reason {
    fn code(self) -> u8 {
        match self {
            Self::Wrong => 1,
            Self::Usage => 2,
            Self::Missing => 3,
            Self::Busy => 4,
            Self::Examined(code) => code,
        }
    }
}

/// An error that knows its exit code. Make one with [`wrong`], [`usage`], [`missing`] or [`busy`].
#[derive(Debug)]
pub(crate) struct Failure {
    reason: Reason,
    message: String,
    /// Whether the command has written its JSON document already, and the document says what is wrong.
    answered: bool,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

fn failure(reason: Reason, message: impl Into<String>) -> anyhow::Error {
    Failure { reason, message: message.into(), answered: false }.into()
}

/// The exit code `code` of a command whose answer (see `Context::answer`) tells what is wrong with what it examined.
pub(crate) fn examined(code: u8, message: impl Into<String>) -> anyhow::Error {
    Failure { reason: Reason::Examined(code), message: message.into(), answered: true }.into()
}

/// Exit code 1 of a command whose answer (see `Context::answer`) tells what is wrong: no second document is written.
pub(crate) fn wrong_as_answered(message: impl Into<String>) -> anyhow::Error {
    Failure { reason: Reason::Wrong, message: message.into(), answered: true }.into()
}

/// Exit code 1: the thing examined is wrong, or a step failed. Plain `anyhow` errors end so as well.
pub(crate) fn wrong(message: impl Into<String>) -> anyhow::Error {
    failure(Reason::Wrong, message)
}

/// Exit code 2: the command line, or a setting it names, makes no sense.
pub(crate) fn usage(message: impl Into<String>) -> anyhow::Error {
    failure(Reason::Usage, message)
}

/// Exit code 3: something is missing on this machine; say in `message` how to get it.
pub(crate) fn missing(message: impl Into<String>) -> anyhow::Error {
    failure(Reason::Missing, message)
}

/// Exit code 4: another run holds the lock.
pub(crate) fn busy(message: impl Into<String>) -> anyhow::Error {
    failure(Reason::Busy, message)
}

fn failure_in(error: &anyhow::Error) -> Option<&Failure> {
    error.chain().find_map(|cause| cause.downcast_ref())
}

/// Why `error` happened, whatever context was wrapped round it since.
pub(crate) fn reason_of(error: &anyhow::Error) -> Reason {
    failure_in(error).map_or(Reason::Wrong, |failure| failure.reason)
}

/// Whether the command's own document says what is wrong.
pub(crate) fn is_answered(error: &anyhow::Error) -> bool {
    failure_in(error).is_some_and(|failure| failure.answered)
}

/// The exit code of `error`.
pub(crate) fn code_of(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(reason_of(error).code())
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_reason_survives_added_context() {
        let error = Err::<(), _>(busy("locked")).context("while packaging").unwrap_err();
        assert_eq!(reason_of(&error), Reason::Busy);
    }

    #[test]
    fn an_error_without_a_reason_is_code_one() {
        assert_eq!(reason_of(&anyhow::anyhow!("plain")).code(), 1);
    }

    #[test]
    fn only_an_answered_failure_is_answered() {
        assert!(is_answered(&wrong_as_answered("x").context("outer")));
        assert!(!is_answered(&wrong("x")) && !is_answered(&anyhow::anyhow!("x")));
    }

    #[test]
    fn the_table_names_every_code() {
        for reason in [Reason::Wrong, Reason::Usage, Reason::Missing, Reason::Busy] {
            assert!(TABLE.contains(&format!("\n  {}  ", reason.code())), "{reason:?}");
        }
    }
}
