//! The program as its callers meet it: one document, an exit code, text on standard error.

use std::process::{Command, Output};

use nmrctl::{Answer, FailureCode};

fn nmrctl(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nmrctl")).args(words).output().unwrap()
}

fn document(output: &Output) -> Answer {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn a_wrong_command_line_is_answered_with_a_document_too() {
    for words in [&["instal", "x"][..], &["install"], &["stop", "x", "--timeout", "soon"], &[]] {
        let output = nmrctl(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let failure = document(&output).error.unwrap();
        assert_eq!(failure.code, FailureCode::Usage);
        assert!(!failure.message.is_empty() && !output.stderr.is_empty(), "{words:?}");
    }
}

#[test]
fn help_names_every_command_and_exit_code() {
    let output = nmrctl(&["--help"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "preflight",
        "verify",
        "install",
        "start",
        "stop",
        "attachments",
        "drain",
        "status",
        "distrust",
        "uninstall",
        "Exit codes:",
        "Examples",
    ] {
        assert!(text.contains(part), "{part}");
    }
}

#[cfg(not(windows))]
#[test]
fn on_another_system_it_says_where_it_runs() {
    let output = nmrctl(&["status"]);
    assert_eq!(output.status.code(), Some(3));
    let answer = document(&output);
    assert_eq!(answer.command, "status");
    assert_eq!(answer.error.unwrap().code, FailureCode::NotWindows);
}
