//! Coming up and going down under difficulties: peers that block, NMR that fails, threads that activate and deactivate
//! while the driver is unloaded, loads that fail at any step.

#![allow(unreachable_pub, reason = "the declarations are written as a driver writes them")]

mod activation;
mod blocking_peers;
mod drivers;
mod failure;
mod faulty;
mod instances;
mod peers;
mod races;
mod rollback;
mod watchdog;

#[path = "../lifecycle/watch.rs"]
mod watch;

use std::time::{Duration, Instant};

/// Waits until `there`, for as long as a loaded machine may need. If it never is, a panic would wait for the test's
/// other threads, which wait for this one: the process ends.
#[track_caller]
fn until(what: &str, there: impl Fn() -> bool) {
    let begin = Instant::now();
    while !there() {
        if begin.elapsed() > Duration::from_secs(60) {
            eprintln!("{}: not after a minute: {what}", std::panic::Location::caller());
            std::process::abort();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
