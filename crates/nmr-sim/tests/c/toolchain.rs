//! Compilers, the programs that they make, and how those end.

use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Long enough for a sanitizer on a busy machine; what hangs, hangs for ever.
const LIMIT: Duration = Duration::from_secs(120);
const STRICT: [&str; 6] = ["-g", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// Says that a test is left out because `tool` is missing, where that is allowed.
pub(crate) fn have(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let there = std::env::split_paths(&path).any(|folder| folder.join(tool).is_file());
    if !there {
        let required = std::env::var_os("NMR_TEST_REQUIRE_TOOLS").is_some();
        assert!(!required, "{tool} is missing");
        eprintln!("left out: {tool} is missing");
    }
    there
}

/// This package.
pub(crate) fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where cargo has put the libraries that belong to this test.
pub(crate) fn libraries() -> PathBuf {
    let own = std::env::current_exe().expect("this program has a path");
    own.parent().expect("it is in a folder").to_owned()
}

/// A folder for what the test `name` makes.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c").join(name);
    std::fs::create_dir_all(&folder).expect("a folder for results");
    folder
}

/// A command that compiles strictly, and sees the headers.
pub(crate) fn compiler(name: &str, standard: &str) -> Command {
    let mut command = Command::new(name);
    command.arg(format!("-std={standard}")).args(STRICT).arg("-I").arg(package().join("include"));
    command
}

/// The source `name` among the programs.
pub(crate) fn source(name: &str) -> PathBuf {
    package().join("tests/c/programs").join(name)
}

/// Compiles the program `name` for the test `test`, with `flags`, against the static library.
pub(crate) fn compile(name: &str, test: &str, flags: &[&str]) -> PathBuf {
    let program = folder(name).join(test);
    let mut command = compiler("cc", "c11");
    command.args(flags).arg(source(&format!("{name}.c"))).arg(libraries().join("libnmr_sim.a"));
    run(command.arg("-pthread").arg("-o").arg(&program)).succeeded();
    program
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    what: String,
    pub(crate) status: ExitStatus,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Ended {
    /// Checks that the process has succeeded.
    pub(crate) fn succeeded(self) -> Self {
        assert!(self.status.success(), "{}: {}\n{}{}", self.what, self.status, self.output, self.errors);
        self
    }

    /// Checks that the process has aborted itself.
    pub(crate) fn aborted(self) -> Self {
        const SIGABRT: i32 = 6;
        assert_eq!(self.status.signal(), Some(SIGABRT), "{}: {}\n{}", self.what, self.output, self.errors);
        self
    }
}

/// Runs `command` to its end, which comes within the limit.
pub(crate) fn run(command: &mut Command) -> Ended {
    let what = format!("{command:?}");
    let new = || tempfile::tempfile().expect("a temporary file");
    let (output, errors) = (new(), new());
    let share = |file: &File| Stdio::from(file.try_clone().expect("a handle of the file"));
    let mut child = command
        // Cargo's; it leads to a library that an earlier build left beside the folder of this one.
        .env_remove("LD_LIBRARY_PATH")
        .stdin(Stdio::null())
        .stdout(share(&output))
        .stderr(share(&errors))
        .spawn()
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let end = Instant::now() + LIMIT;
    let status = loop {
        if let Some(status) = child.try_wait().expect("the state of a child") {
            break status;
        }
        if Instant::now() > end {
            child.kill().expect("a child can be killed");
            child.wait().expect("it has ended");
            panic!("{what} has not ended after {LIMIT:?}:\n{}{}", read(output), read(errors));
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    Ended { what, status, output: read(output), errors: read(errors) }
}

fn read(mut file: File) -> String {
    use std::io::{Read as _, Seek as _};
    let mut bytes = Vec::new();
    file.rewind().expect("a file can be read again");
    file.read_to_end(&mut bytes).expect("a file can be read");
    String::from_utf8_lossy(&bytes).into_owned()
}
