//! Programs in C++.

use crate::toolchain::{compiler, folder, have, libraries, run, source};
use std::path::PathBuf;
use std::process::Command;

/// Compiles the program `name`.
fn compile(name: &str) -> PathBuf {
    let program = folder(name).join("program");
    let mut command = compiler("g++", "c++17");
    command.arg(source(&format!("{name}.cpp"))).arg(libraries().join("libnmr_sim.a"));
    run(command.arg("-o").arg(&program)).succeeded();
    program
}

#[test]
fn a_whole_life_with_the_helpers_of_the_headers() {
    if have("g++") {
        assert_eq!(run(&mut Command::new(compile("life"))).succeeded().output, "right\n");
    }
}

/// It would be lost in the library, where nothing can catch it.
#[test]
fn an_exception_that_leaves_a_callback_aborts_with_a_report() {
    if !have("g++") {
        return;
    }
    let program = compile("exception");
    for (thrower, callback) in [
        ("client-attach", "client's attach"),
        ("provider-attach", "provider's attach"),
        ("detach", "client's detach"),
        ("cleanup", "client's cleanup"),
    ] {
        let ended = run(Command::new(&program).arg(thrower).env("NMR_SIM_EVENTS", "record")).aborted();
        let report = format!("nmr-sim: the {callback} callback for binding 1 has thrown an exception (");
        assert!(ended.errors.starts_with(&report), "{thrower}: {}", ended.errors);
        assert!(ended.errors.contains("what led here:\n1 registered side=provider "), "{}", ended.errors);
    }
    run(Command::new(&program).arg("nobody")).succeeded();
}
