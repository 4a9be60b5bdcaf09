//! `nmrctl`: see the library. This file reads the command line and writes the answer.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;
use nmrctl::arguments::{Arguments, Command};
use nmrctl::{Answer, Failure, FailureCode};

fn main() -> ExitCode {
    let answer = match Arguments::try_parse() {
        Ok(arguments) => execute(&arguments.command),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            // Help is for people: it is the only output that is no document.
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            let mut answer = Answer::new("");
            let message = error.to_string();
            let first = message.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
            answer.fail(Failure::new(FailureCode::Usage, first, "see `nmrctl --help`"));
            answer
        }
    };
    tell(&answer);
    ExitCode::from(answer.exit_code())
}

#[cfg(windows)]
fn execute(command: &Command) -> Answer {
    use std::path::Path;

    let own_folder =
        std::env::current_exe().ok().and_then(|path| path.parent().map(Path::to_owned)).unwrap_or_default();
    nmrctl::commands::run(command, &mut nmrctl::windows::ThisMachine::new(), &own_folder)
}

#[cfg(not(windows))]
fn execute(command: &Command) -> Answer {
    let mut answer = Answer::new(command.name());
    let message = "nmrctl runs on the lab machine, which is a Windows system; this is none";
    let advice = "use `cargo xtask deploy` from here, or run the bundle's nmrctl.exe there";
    answer.fail(Failure::new(FailureCode::NotWindows, message, advice));
    answer
}

/// The document to standard output, and what matters of it to people to standard error.
fn tell(answer: &Answer) {
    match serde_json::to_string_pretty(answer) {
        // A closed output is the caller's choice; the exit code still tells.
        Ok(text) => drop(writeln!(std::io::stdout(), "{text}")),
        Err(error) => eprintln!("the answer cannot be written: {error}"),
    }
    for check in &answer.checks {
        eprintln!("{:?}: {}: {}", check.verdict, check.name, check.finding);
    }
    for driver in &answer.drivers {
        let state = driver.state.map_or_else(|| "not installed".to_owned(), |state| format!("{state:?}"));
        eprintln!("{}: {:?}, {state}", driver.name, driver.action);
    }
    if let Some(attachments) = &answer.attachments {
        eprint!("{}", attachments.table());
    }
    for undone in &answer.undone {
        eprintln!("undone: {undone}");
    }
    if let Some(failure) = &answer.error {
        eprintln!("error: {}\nadvice: {}", failure.message, failure.advice);
    }
}
