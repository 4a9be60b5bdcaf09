//! Where mutants are tried: a copy of the workspace, the tests built from it, and how each of them ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::{CRATE, Mutant, read};
use crate::context::Context;
use crate::process::{Finished, Program};

/// What has to see a mutant, quick ones first: whole drivers, then unit tests and models, then what crosses and in
/// which versions, then many seeds.
const TESTS: [&str; 9] = [
    "lifecycle",
    "unload",
    "nmr_abi",
    "nmr",
    "versions",
    "conventions",
    "crossing",
    "bug_classes",
    "contract_rows",
];
/// They are built as they are needed: most mutants do not get beyond the first build.
const BUILDS: [&[&str]; 4] = [
    &["--test", "lifecycle", "--test", "unload"],
    &["--lib"],
    &["--test", "versions", "--test", "conventions", "--test", "crossing"],
    &["--test", "bug_classes", "--test", "contract_rows"],
];

/// For a build of these crates on a slow machine, from nothing.
const BUILD_LIMIT: Duration = Duration::from_secs(1200);
/// For the models that see one mutant, built and explored.
const LOOM_LIMIT: Duration = Duration::from_secs(1200);
/// A program of tests takes seconds; a machine that does something else besides may need this many times as long, and
/// this much more. One that hangs is as red as one that fails.
const TEST_LIMIT: Duration = Duration::from_secs(180);
const SLOWER: u32 = 8;
const LATER: Duration = Duration::from_secs(15);

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// A program of tests failed.
    Caught(String),
    /// A program of tests did not end.
    Hung(String),
    /// A model failed under some schedule.
    CaughtByLoom(String),
    Survived,
}

/// A copy of the workspace to make mistakes in.
pub(super) struct Bench<'a> {
    context: &'a Context,
    folder: PathBuf,
    /// How long each program of [`TESTS`] may take.
    limits: [Duration; TESTS.len()],
}

/// A program of tests that cargo has built.
#[derive(Clone, Debug, PartialEq, Eq)]
struct TestProgram {
    /// Which of [`TESTS`] it is.
    index: usize,
    path: PathBuf,
}

impl<'a> Bench<'a> {
    /// Copies the workspace, and sees that all is well without a mistake.
    pub(super) fn set_up(context: &'a Context) -> Result<Self> {
        let folder = context.target.join("mutants").join("copy");
        let mut bench = Self { context, folder, limits: TESTS.map(|_| TEST_LIMIT) };
        bench.copy()?;
        bench.learn()?;
        Ok(bench)
    }

    fn copy(&self) -> Result<()> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)
                .with_context(|| format!("{} cannot be removed", self.folder.display()))?;
        }
        copy(&self.context.workspace, &self.folder, &self.context.target)
    }

    /// Runs every program without any mistake: how long it takes here is the measure for the mutants.
    fn learn(&mut self) -> Result<()> {
        for program in
            BUILDS.iter().map(|tests| self.build("as-it-is", tests)).collect::<Result<Vec<_>>>()?.concat()
        {
            let began = Instant::now();
            if let Fate::Caught(name) | Fate::Hung(name) = self.test("as-it-is", &program)? {
                bail!("{name} fails without any mutant; mend that first");
            }
            self.limits[program.index] = (began.elapsed() * SLOWER + LATER).min(TEST_LIMIT);
        }
        Ok(())
    }

    pub(super) fn try_one(&self, number: usize, mutant: &Mutant, text: &str) -> Result<Fate> {
        let path = self.folder.join(mutant.path());
        let before = read(&path)?;
        let write = |text: &str| {
            fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))
        };
        write(text)?;
        let fate = self.fate(&number.to_string(), mutant);
        write(&before)?;
        fate
    }

    /// Builds tests, and runs one program of them after the other until one fails or hangs. A failure to build is an
    /// error: the compiler sees no mistakes of this kind.
    fn fate(&self, name: &str, mutant: &Mutant) -> Result<Fate> {
        for tests in BUILDS {
            for program in self.build(name, tests)? {
                let fate = self.test(name, &program)?;
                if fate != Fate::Survived {
                    return Ok(fate);
                }
            }
        }
        mutant.loom.as_deref().map_or(Ok(Fate::Survived), |models| self.explore(name, models))
    }

    fn log(&self, name: &str, part: &str) -> PathBuf {
        self.context.target.join("mutants").join(format!("{name}-{part}.log"))
    }

    fn cargo(&self, limit: Duration, target: &str) -> Program {
        // Nobody debugs a mutant, and without it a build takes half the time.
        Program::new(self.context.cargo(), limit)
            .env("CARGO_TARGET_DIR", self.context.target.join("mutants").join(target))
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_PROFILE_DEV_INCREMENTAL", "true")
            .folder(&self.folder)
    }

    fn build(&self, name: &str, tests: &[&str]) -> Result<Vec<TestProgram>> {
        let build = self
            .cargo(BUILD_LIMIT, "build")
            .args(["test", "--quiet", "--offline", "--no-run", "--message-format=json"])
            .args(["--package", "nmr-abi", "--package", CRATE])
            .args(tests);
        Ok(programs(&build.run(&self.log(name, "build"))?.output()?))
    }

    /// Runs a program directly, so that one that hangs can be ended itself.
    fn test(&self, name: &str, program: &TestProgram) -> Result<Fate> {
        let what = TESTS[program.index];
        let limit = self.limits[program.index];
        let tests = Program::new(&program.path, limit).folder(self.folder.join("crates").join(CRATE));
        let began = Instant::now();
        match tests.arg("--quiet").status(&self.log(name, what)) {
            Ok(Finished { status, .. }) if status.success() => Ok(Fate::Survived),
            Ok(_) => Ok(Fate::Caught(what.to_owned())),
            Err(_) if began.elapsed() >= limit => Ok(Fate::Hung(what.to_owned())),
            Err(error) => Err(error),
        }
    }

    /// Runs the `models` under every schedule up to a bound.
    fn explore(&self, name: &str, models: &str) -> Result<Fate> {
        let arguments = ["test", "--quiet", "--offline", "--release", "--package", CRATE, "--lib"];
        let cargo = |limit| {
            self.cargo(limit, "loom").args(arguments).env("RUSTFLAGS", "--cfg loom -C debug-assertions")
        };
        cargo(BUILD_LIMIT).arg("--no-run").run(&self.log(name, "loom-build"))?;
        let log = self.log(name, "loom");
        let explored = cargo(LOOM_LIMIT).args([models, "--", "--test-threads=1"]).status(&log)?;
        if !explored.status.success() {
            return Ok(Fate::CaughtByLoom(models.to_owned()));
        }
        if explored.output()?.contains("running 0 tests") {
            bail!("no model has `{models}` in its name");
        }
        Ok(Fate::Survived)
    }
}

/// The test programs that cargo says it has built, in the order in which they run.
fn programs(messages: &str) -> Vec<TestProgram> {
    #[derive(Deserialize)]
    struct Message {
        executable: Option<PathBuf>,
        target: Target,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
    }
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok());
    let mut programs: Vec<_> = messages
        .filter_map(|message| {
            let index = TESTS.iter().position(|test| *test == message.target.name)?;
            Some(TestProgram { index, path: message.executable? })
        })
        .collect();
    programs.sort_by_key(|program| program.index);
    programs
}

/// Copies what is in `from`, but for what is hidden, other than cargo's settings, and what was built.
fn copy(from: &Path, to: &Path, target: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("{} cannot be made", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("{} cannot be read", from.display()))? {
        let path = entry.with_context(|| format!("{} cannot be read", from.display()))?.path();
        let name = path.file_name().unwrap_or_default();
        let text = name.to_string_lossy();
        let left_out = (text.starts_with('.') && text != ".cargo") || text == "target" || path == target;
        if left_out || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name), target)?;
        } else {
            fs::copy(&path, to.join(name)).with_context(|| format!("{} cannot be copied", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_tells_the_programs_and_quick_ones_come_first() {
        let messages = "{\"executable\":\"/x/nmr-1\",\"target\":{\"name\":\"nmr\"}}\nnoise\n\
            {\"executable\":null,\"target\":{\"name\":\"nmr\"}}\n\
            {\"executable\":\"/x/lifecycle-2\",\"target\":{\"name\":\"lifecycle\"}}\n";
        let programs: Vec<_> = programs(messages).into_iter().map(|program| program.path).collect();
        assert_eq!(programs, [Path::new("/x/lifecycle-2"), Path::new("/x/nmr-1")]);
    }

    #[test]
    fn a_copy_leaves_out_what_is_hidden_or_built() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        for file in [".cargo/config.toml", ".git/HEAD", "target/x", "built/x", "crates/a/src/lib.rs"] {
            fs::create_dir_all(from.join(file).parent().unwrap()).unwrap();
            fs::write(from.join(file), "").unwrap();
        }
        copy(&from, &to, &from.join("built")).unwrap();
        let mut copied: Vec<_> = fs::read_dir(&to)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        copied.sort();
        assert_eq!(copied, [".cargo", "crates"]);
        assert!(to.join("crates/a/src/lib.rs").is_file());
    }
}
