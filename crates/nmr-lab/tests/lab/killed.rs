//! A run that is killed: the next one cleans up after it.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nmr_lab::processes;
use nmr_lab::ssh::SshServer;

use super::{LIMIT, lab};

/// Set for the run that is going to be killed: where it says that it is ready.
const VICTIM: &str = "NMR_LAB_TEST_VICTIM";
const TEST: &str = "killed::what_a_killed_run_leaves_is_gone_with_the_next";

#[test]
fn what_a_killed_run_leaves_is_gone_with_the_next() {
    if let Some(ready) = std::env::var_os(VICTIM) {
        return be_killed(Path::new(&ready));
    }
    // Where the tools are missing this says so.
    let Some(first) = lab("before-killed") else { return };
    let root = first.folder().parent().unwrap().to_owned();
    drop(first);
    assert!(root.join("before-killed").exists(), "what ends in an orderly way may be kept");

    let ready = root.join("killed.ready");
    let _ = fs::remove_file(&ready);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", TEST]).env(VICTIM, &ready).stdin(Stdio::null()).stdout(Stdio::null());
    let mut victim = command.spawn().unwrap();
    let begin = Instant::now();
    while !ready.exists() && begin.elapsed() < LIMIT {
        thread::sleep(Duration::from_millis(20));
    }
    victim.kill().unwrap();
    victim.wait().unwrap();
    let port: u16 = fs::read_to_string(&ready).unwrap().parse().unwrap();

    let _next = lab("after-killed").unwrap();
    let folder = root.join("killed");
    assert!(!folder.exists());
    assert_eq!(processes::of_prefix(&folder.join("prefix")), []);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "its ssh server lives on");
    assert!(root.join("before-killed").exists());
}

fn be_killed(ready: &Path) {
    let lab = lab("killed").unwrap();
    let server = SshServer::start(&lab).unwrap();
    let unfinished = ready.with_extension("unfinished");
    fs::write(&unfinished, server.port().to_string()).unwrap();
    fs::rename(&unfinished, ready).unwrap();
    thread::sleep(LIMIT);
}
