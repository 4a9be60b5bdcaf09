//! Whatever is passed for a handle: no function crashes, and none hangs.

use crate::toolchain::{compile, have, run};
use std::process::Command;

fn survive(test: &str, flags: &[&str], seeds: std::ops::Range<u32>, calls: u32) {
    if !have("cc") {
        return;
    }
    let program = compile("handles", test, flags);
    for seed in seeds {
        let ended = run(Command::new(&program).args([seed.to_string(), calls.to_string()])).succeeded();
        assert_eq!((ended.output.as_str(), ended.errors.as_str()), ("ended\n", ""), "seed {seed}");
    }
}

#[test]
fn bad_handles_do_no_harm() {
    survive("plain", &[], 0..4, 20_000);
}

#[test]
fn bad_handles_do_no_harm_under_the_address_sanitizer() {
    survive("address", &["-fsanitize=address"], 4..6, 10_000);
}

#[test]
fn bad_handles_do_no_harm_under_the_thread_sanitizer() {
    survive("thread", &["-fsanitize=thread"], 6..8, 2000);
}
