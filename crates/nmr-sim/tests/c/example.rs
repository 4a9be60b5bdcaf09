//! The example, as its Makefile builds it, against the shared library.

use crate::toolchain::{folder, have, libraries, package, run};
use std::process::Command;

#[test]
fn the_example_runs_plain_and_under_both_sanitizers() {
    if !have("make") {
        return;
    }
    let build = folder("example");
    let mut make = Command::new("make");
    make.arg("-C").arg(package().join("examples/c")).args(["--always-make", "check"]);
    make.arg(format!("BUILD={}", build.display())).arg(format!("LIBRARY={}", libraries().display()));
    let ended = run(&mut make).succeeded();
    let runs = ended.output.matches("25 providers came and went under calls").count();
    assert_eq!(runs, 3, "{}{}", ended.output, ended.errors);
    assert!(!ended.errors.contains("nmr-sim: "), "{}", ended.errors);
}
