//! The lab machine against drivers that are made to go wrong: small ones in C, compiled here.
//!
//! These tests need Wine, OpenSSH and a C compiler for Windows. Where those are missing the tests leave themselves out,
//! unless the environment variable `NMR_TEST_REQUIRE_TOOLS` is set, as `cargo xtask test` does.

#![cfg(target_os = "linux")]

mod killed;
mod probes;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nmr_lab::log::Position;
use nmr_lab::ssh::SshServer;
use nmr_lab::wine::Wine;
use nmr_lab::{Lab, LabError, Plan, processes};
use regex::Regex;

const LIMIT: Duration = Duration::from_secs(60);

/// A lab of its own for the test `name`, or `None` where the tools are missing.
fn lab(name: &str) -> Option<Lab> {
    let missing = Wine::find().err().map(|error| error.to_string()).or_else(probes::missing);
    if let Some(missing) = missing {
        let required = std::env::var_os("NMR_TEST_REQUIRE_TOOLS").is_some();
        assert!(!required, "{missing}");
        eprintln!("left out: {missing}");
        return None;
    }
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lab");
    std::fs::create_dir_all(&root).unwrap();
    let netio = probes::compile("registrar", &root.join(format!("{name}-netio.sys")));
    let plan = Plan { root, name: name.to_owned(), netio, kernel: None, group: "Probes".to_owned() };
    Some(Lab::start(&plan).unwrap())
}

fn add(lab: &Lab, probe: &str) {
    let image = probes::compile(probe, &lab.folder().join(format!("{probe}.sys")));
    lab.add_driver(probe, &image).unwrap();
}

fn net(lab: &Lab, verb: &str, name: &str) -> bool {
    lab.command(verb, &["net", verb, name], LIMIT).unwrap().status.success()
}

#[test]
fn a_driver_that_behaves_is_heard_and_leaves_no_sign() {
    let Some(lab) = lab("behaves") else { return };
    add(&lab, "behaves");
    let begin = lab.log().end().unwrap();
    assert!(net(&lab, "start", "behaves"));
    let line = lab.wait_for(&Regex::new("^behaves: start$").unwrap(), begin, LIMIT).unwrap();
    assert!(line.is_some());
    lab.mark_well();
    assert!(net(&lab, "stop", "behaves"));
    assert!(lab.wait_for(&Regex::new("^behaves: stop$").unwrap(), begin, LIMIT).unwrap().is_some());
    assert_eq!(lab.crash_signs(Position::default()).unwrap(), Vec::<String>::new());
    assert_eq!(lab.backtraces(), "");
}

#[test]
fn a_fault_in_unload_is_seen_in_the_log_in_the_backtrace_and_by_the_missing_process() {
    let Some(lab) = lab("faults") else { return };
    add(&lab, "faults");
    assert!(net(&lab, "start", "faults"));
    lab.mark_well();
    assert!(!net(&lab, "stop", "faults"));
    let signs = lab.crash_signs(Position::default()).unwrap().join("\n");
    assert!(signs.contains("Unhandled page fault"), "{signs}");
    assert!(signs.contains("the process that hosts drivers is gone"), "{signs}");
    assert!(lab.backtraces().contains("faults.sys"), "{}", lab.backtraces());
}

#[test]
fn a_write_beyond_an_allocation_is_noticed() {
    let Some(lab) = lab("overruns") else { return };
    add(&lab, "overruns");
    net(&lab, "start", "overruns");
    net(&lab, "stop", "overruns");
    let signs = lab.crash_signs(Position::default()).unwrap().join("\n");
    assert!(signs.contains("err:heap"), "{signs}");
}

#[test]
fn a_stop_check_is_noticed() {
    let Some(lab) = lab("stops") else { return };
    add(&lab, "stops");
    assert!(!net(&lab, "start", "stops"));
    let signs = lab.crash_signs(Position::default()).unwrap().join("\n");
    assert!(signs.contains("KeBugCheckEx e2"), "{signs}");
}

#[test]
fn two_machines_do_not_see_each_other_and_end_when_dropped() {
    let Some(one) = lab("one") else { return };
    let Some(other) = lab("other") else { return };
    add(&one, "behaves");
    assert!(net(&one, "start", "behaves"));
    assert!(!net(&other, "start", "behaves"), "there is no such service");
    let prefix = one.folder().join("prefix");
    assert!(!processes::of_prefix(&prefix).is_empty());
    drop(one);
    assert_eq!(processes::of_prefix(&prefix), []);
    add(&other, "behaves");
    assert!(net(&other, "start", "behaves"), "the other machine lives on");
}

#[test]
fn a_program_that_hangs_is_ended_at_its_time_limit() {
    let Some(lab) = lab("hangs") else { return };
    add(&lab, "sleeps");
    assert!(net(&lab, "start", "sleeps"));
    let begin = Instant::now();
    let error = lab.command("stop", &["net", "stop", "sleeps"], Duration::from_secs(2)).unwrap_err();
    assert!(matches!(error, LabError::TooSlow { .. }), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[test]
fn the_machine_can_be_logged_in_to_and_files_arrive() {
    let Some(lab) = lab("ssh") else { return };
    let server = SshServer::start(&lab).unwrap();
    let options = |command: &mut Command| {
        command.stdin(Stdio::null()).arg("-F").arg("none").args([
            "-o",
            "BatchMode=yes",
            "-o",
            "StrictHostKeyChecking=yes",
        ]);
        command.arg("-o").arg(format!("UserKnownHostsFile={}", server.known_hosts().display()));
        command.arg("-i").arg(server.identity());
    };
    let ssh = |line: &str| {
        let mut command = Command::new("ssh");
        options(&mut command);
        command.args(["-p", &server.port().to_string(), &server.destination(), line]).output().unwrap()
    };
    let version = ssh("ver");
    assert!(String::from_utf8_lossy(&version.stdout).contains("Microsoft Windows"), "{version:?}");
    assert_eq!(ssh("exit 7").status.code(), Some(7));

    let file = lab.folder().join("letter.txt");
    std::fs::write(&file, "arrived\r\n").unwrap();
    let mut scp = Command::new("scp");
    options(&mut scp);
    let to = format!("{}:C:/letter.txt", server.destination());
    assert!(scp.args(["-P", &server.port().to_string()]).arg(&file).arg(to).status().unwrap().success());
    assert_eq!(String::from_utf8_lossy(&ssh(r"type C:\letter.txt").stdout).trim(), "arrived");

    let port = server.port();
    drop(server);
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody listens any more");
}
