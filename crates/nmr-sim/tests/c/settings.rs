//! What the environment chooses.

use crate::toolchain::{compile, have, run};
use std::process::Command;

#[test]
fn a_wait_that_takes_too_long_names_what_holds_it() {
    if !have("cc") {
        return;
    }
    let program = compile("misuse", "wait", &[]);
    let mut command = Command::new(&program);
    command.arg("never-completed").env("NMR_SIM_WAIT_LIMIT", "20").env("NMR_SIM_EVENTS", "record");
    let errors = run(&mut command).aborted().errors;
    assert!(errors.starts_with("nmr-sim: the wait for client 1 (module "), "{errors}");
    assert!(errors.contains("\n  binding 1: client 1 "), "{errors}");
    assert!(errors.contains(" answered STATUS_PENDING and has not completed\n"), "{errors}");
    assert!(errors.contains("nmr-sim: aborted; what led here:\n1 registered side=client "), "{errors}");
    // Told once, although a report was wanted before.
    command.env("NMR_SIM_WAIT_REPORT", "1");
    let errors = run(&mut command).aborted().errors;
    assert_eq!(errors.matches("has not returned after").count(), 2, "{errors}");
}

#[test]
fn settings_that_are_not_understood_end_the_process_before_it_proves_anything() {
    if !have("cc") {
        return;
    }
    let program = compile("misuse", "set", &[]);
    let errors = run(Command::new(&program)
        .arg("stale-handle")
        .env("NMR_SIM_SEED", "x")
        .env("NMR_SIM_ON_VIOLATOIN", "abort"))
    .aborted()
    .errors;
    assert!(
        errors.contains("nmr-sim: `seed` (NMR_SIM_SEED) is `x` and must be a number or `none`\n"),
        "{errors}"
    );
    assert!(errors.contains("nmr-sim: NMR_SIM_ON_VIOLATOIN is no setting; there are "), "{errors}");
}

#[test]
fn what_is_collected_or_counted_is_not_said() {
    if !have("cc") {
        return;
    }
    let program = compile("misuse", "collect", &[]);
    for quiet in ["collect", "count"] {
        let ended =
            run(Command::new(&program).arg("bad-free").env("NMR_SIM_ON_VIOLATION", quiet)).succeeded();
        assert_eq!((ended.output.as_str(), ended.errors.as_str()), ("went on\n", ""));
    }
}

#[test]
fn events_are_printed_as_they_happen() {
    if !have("cc") {
        return;
    }
    let program = compile("misuse", "print", &[]);
    let errors =
        run(Command::new(&program).arg("wrong-side").env("NMR_SIM_EVENTS", "print")).succeeded().errors;
    assert!(errors.starts_with("nmr-sim: 1 registered side=client registration=1 "), "{errors}");
    assert!(errors.contains("nmr-sim: error wrong-side: "), "{errors}");
}

/// What Windows does not document is seen from the callbacks as the environment asks for it.
#[test]
fn a_life_is_as_the_environment_asks_for_it() {
    if !have("cc") {
        return;
    }
    let program = compile("settings", "life", &[]);
    let seen = |variable: &str, value: &str| {
        run(Command::new(&program).arg("life").env(variable, value)).succeeded().output
    };
    let usual = "attached client-detaches provider-completes client-cleans-up provider-cleans-up provider-returns waited ";
    assert_eq!(seen("NMR_SIM_DETACH_ORDER", "client-first"), usual);
    for (variable, value, expected) in [
        (
            "NMR_SIM_DETACH_ORDER",
            "provider-first",
            "attached provider-completes provider-returns client-detaches client-cleans-up provider-cleans-up waited ",
        ),
        (
            "NMR_SIM_CLEANUP_ORDER",
            "provider-first",
            "attached client-detaches provider-completes provider-cleans-up client-cleans-up provider-returns waited ",
        ),
        (
            "NMR_SIM_CLEANUP_FOR_NULL_CONTEXT",
            "no",
            "attached client-detaches provider-completes provider-cleans-up provider-returns waited ",
        ),
        (
            "NMR_SIM_CLEANUP_OVERTAKES_DETACH",
            "no",
            "attached client-detaches provider-completes provider-returns client-cleans-up provider-cleans-up waited ",
        ),
        ("NMR_SIM_FAIL_NTH", "3", "refused waited "),
    ] {
        assert_eq!(seen(variable, value), expected, "{variable}={value}");
    }
}

#[test]
fn a_wait_covers_detach_callbacks_that_have_completed_unless_it_is_told_not_to() {
    if !have("cc") {
        return;
    }
    let program = compile("settings", "wait", &[]);
    let mut command = Command::new(&program);
    command.arg("stays").env("NMR_SIM_WAIT_LIMIT", "50");
    let ended = run(&mut command).aborted();
    assert!(ended.output.ends_with(" provider-cleans-up "), "{}", ended.output);
    assert!(ended.errors.contains(": a detach callback has not returned\n"), "{}", ended.errors);
    let ended = run(command.env("NMR_SIM_WAIT_COVERS_DETACH", "no")).succeeded();
    assert!(ended.output.ends_with(" provider-cleans-up waited provider-returns "), "{}", ended.output);
}

#[test]
fn the_text_of_a_violation_is_written_as_snprintf_would() {
    if !have("cc") {
        return;
    }
    let program = compile("settings", "text", &["-fsanitize=address"]);
    run(Command::new(program).arg("text").env("NMR_SIM_ON_VIOLATION", "collect")).succeeded();
}
