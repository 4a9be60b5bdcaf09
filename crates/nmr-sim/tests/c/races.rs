//! What other simulators get wrong, and more: nothing is broken, so nothing is said.

use crate::toolchain::{compile, have, run};
use std::process::Command;

const SCENARIOS: [&str; 11] = [
    "deregister-while-attaching",
    "client-completes-first",
    "both-complete-first",
    "wait-with-nothing-left",
    "register-in-cleanup",
    "churn",
    "seeded-churn",
    "every-failure",
    "stalled-peer",
    "plain-memory",
    "ending-thread",
];

fn end_well(test: &str, flags: &[&str]) {
    if !have("cc") {
        return;
    }
    let program = compile("races", test, flags);
    for scenario in SCENARIOS {
        let ended = run(Command::new(&program).arg(scenario)).succeeded();
        assert_eq!((ended.output.as_str(), ended.errors.as_str()), ("ended\n", ""), "{scenario}");
    }
}

#[test]
fn races_end_well() {
    end_well("plain", &[]);
}

#[test]
fn races_end_well_under_the_address_sanitizer() {
    end_well("address", &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]);
}

#[test]
fn races_end_well_under_the_thread_sanitizer() {
    end_well("thread", &["-fsanitize=thread"]);
}
