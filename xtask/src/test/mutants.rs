//! Small mistakes, made in a copy of the workspace one after the other: each must be seen by a test.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::context::Context;
use crate::process::Program;

/// The crate that is mutated, relative to the workspace; the list lies in its folder.
const CRATE: &str = "crates/nmr";
const LIST: &str = "mutants.toml";

/// What has to see a mutant: unit tests, then whole drivers, quick ones first.
const TESTS: [&str; 9] =
    ["--lib", "--test", "lifecycle", "--test", "unload", "--test", "contract_rows", "--test", "bug_classes"];

/// For a build of this crate on a slow machine, from nothing.
const BUILD_LIMIT: Duration = Duration::from_secs(1200);
/// A program of tests takes seconds. One that hangs is as red as one that fails.
const TEST_LIMIT: Duration = Duration::from_secs(180);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutant: Vec<Mutant>,
}

/// A mistake.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutant {
    name: String,
    /// Below the crate's `src`.
    file: String,
    search: String,
    replace: String,
    /// What would go wrong in the field.
    #[expect(dead_code, reason = "for whoever reads the list; every mutant has one")]
    why: String,
    /// Why no test here can see it, if that is so.
    survives: Option<String>,
}

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Caught,
    Survived,
}

impl List {
    fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| anyhow::anyhow!("{CRATE}/{LIST}: {error}"))
    }
}

impl Mutant {
    /// `text` with the mistake; nothing if the place is not there any more.
    fn mutate(&self, text: &str) -> Option<String> {
        text.contains(&self.search).then(|| text.replacen(&self.search, &self.replace, 1))
    }

    fn path(&self) -> PathBuf {
        Path::new(CRATE).join("src").join(&self.file)
    }
}

/// Tries every mutant of the list.
pub(super) fn run(context: &Context) -> Result<()> {
    let list = Path::new(CRATE).join(LIST);
    let text = read(&context.workspace.join(&list))?;
    let mutants = List::parse(&text)?.mutant;
    let mutated = mutate_all(&mutants, |path| read(&context.workspace.join(path)))?;
    let bench = Bench { context, folder: context.target.join("mutants").join("copy") };
    bench.copy()?;
    if let Some(program) = bench.failing("as-it-is")? {
        bail!("{program} fails without any mutant; mend that first");
    }
    let mut survivors = Vec::new();
    for (number, (mutant, text)) in mutants.iter().zip(mutated).enumerate() {
        let step = context.ui.step(&mutant.name);
        let fate = bench.try_one(number, mutant, &text)?;
        match (fate, &mutant.survives) {
            (Fate::Caught, None) => step.done("caught"),
            (Fate::Survived, Some(reason)) => step.done(format!("survives: {reason}")),
            (Fate::Caught, Some(_)) => {
                step.done("caught");
                context.ui.note(format!("`{}` is caught now: its `survives` can go", mutant.name));
            }
            (Fate::Survived, None) => {
                drop(step);
                survivors.push(format!("`{}` in {}", mutant.name, mutant.file));
            }
        }
    }
    if !survivors.is_empty() {
        bail!("no test sees {}; write one, or say in {} why none can", survivors.join(", "), list.display());
    }
    Ok(())
}

/// The texts of all mutants; an error that names each whose place is not there any more.
fn mutate_all(mutants: &[Mutant], read: impl Fn(&Path) -> Result<String>) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    let mut lost = Vec::new();
    for mutant in mutants {
        match read(&mutant.path()).map(|text| mutant.mutate(&text)) {
            Ok(Some(text)) => texts.push(text),
            Ok(None) => lost.push(format!("`{}`: {} does not have its `search`", mutant.name, mutant.file)),
            Err(error) => lost.push(format!("`{}`: {error:#}", mutant.name)),
        }
    }
    if !lost.is_empty() {
        bail!("{CRATE}/{LIST} is behind the code; mend these mutants:\n  {}", lost.join("\n  "));
    }
    Ok(texts)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// A copy of the workspace to make mistakes in.
struct Bench<'a> {
    context: &'a Context,
    folder: PathBuf,
}

impl Bench<'_> {
    fn copy(&self) -> Result<()> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)
                .with_context(|| format!("{} cannot be removed", self.folder.display()))?;
        }
        copy(&self.context.workspace, &self.folder, &self.context.target)
    }

    fn try_one(&self, number: usize, mutant: &Mutant, text: &str) -> Result<Fate> {
        let path = self.folder.join(mutant.path());
        let before = read(&path)?;
        let write = |text: &str| {
            fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))
        };
        write(text)?;
        let failing = self.failing(&number.to_string());
        write(&before)?;
        let failing = failing.with_context(|| format!("the mutant `{}` cannot be tried", mutant.name))?;
        Ok(if failing.is_some() { Fate::Caught } else { Fate::Survived })
    }

    /// Builds the tests, and runs them until one program of them fails or hangs; its name. A failure to build is an
    /// error: the compiler sees no mistakes of this kind.
    fn failing(&self, name: &str) -> Result<Option<String>> {
        let log = |part: &str| self.context.target.join("mutants").join(format!("{name}-{part}.log"));
        let build = Program::new(self.context.cargo(), BUILD_LIMIT)
            .args(["test", "--quiet", "--offline", "--no-run", "--message-format=json", "--package", "nmr"])
            .args(TESTS)
            .env("CARGO_TARGET_DIR", self.context.target.join("mutants").join("build"))
            .folder(&self.folder);
        let built = build.run(&log("build"))?.output()?;
        for program in programs(&built) {
            let name = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let tests = Program::new(&program, TEST_LIMIT).folder(self.folder.join(CRATE));
            // Run directly, so that a program that hangs can be ended itself.
            if tests.arg("--quiet").run(&log("tests")).is_err() {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }
}

/// The test programs that cargo says it has built.
fn programs(messages: &str) -> Vec<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        executable: Option<PathBuf>,
    }
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok());
    messages.filter_map(|message| message.executable).collect()
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

    const SAMPLE: &str =
        "[[mutant]]\nname = \"n\"\nfile = \"a/b.rs\"\nsearch = \"x > 0\"\nreplace = \"true\"\nwhy = \"w\"\n";

    #[test]
    fn a_mutant_changes_the_first_place_only() {
        let list = List::parse(SAMPLE).unwrap();
        let texts = mutate_all(&list.mutant, |path| {
            assert_eq!(path, Path::new("crates/nmr/src/a/b.rs"));
            Ok("if x > 0 || x > 0 {}".to_owned())
        });
        assert_eq!(texts.unwrap(), ["if true || x > 0 {}"]);
    }

    #[test]
    fn a_mutant_whose_place_is_gone_is_named() {
        let list = List::parse(SAMPLE).unwrap();
        let error = mutate_all(&list.mutant, |_| Ok("if x >= 0 {}".to_owned())).unwrap_err().to_string();
        assert!(error.contains("`n`: a/b.rs does not have its `search`"), "{error}");
        let error = mutate_all(&list.mutant, |_| bail!("it is not there")).unwrap_err().to_string();
        assert!(error.contains("`n`: it is not there"), "{error}");
    }

    #[test]
    fn a_list_that_says_too_little_or_too_much_is_an_error_with_its_line() {
        for (text, line) in
            [(SAMPLE.replace("why", "wy"), "line 6"), (SAMPLE.replace("why = \"w\"\n", ""), "line 1")]
        {
            let error = List::parse(&text).unwrap_err().to_string();
            assert!(error.starts_with("crates/nmr/mutants.toml: ") && error.contains(line), "{error}");
        }
    }

    /// The list itself, at every `cargo test`: a mutant that the code has left behind is found before it is needed.
    #[test]
    fn the_list_fits_the_code() {
        let workspace = Context::new(false).unwrap().workspace;
        let list = List::parse(&read(&workspace.join(CRATE).join(LIST)).unwrap()).unwrap();
        assert!(list.mutant.len() >= 25);
        mutate_all(&list.mutant, |path| read(&workspace.join(path))).unwrap();
    }

    #[test]
    fn cargo_tells_the_programs() {
        let messages =
            "{\"reason\":\"compiler-artifact\",\"executable\":null}\nnoise\n{\"executable\":\"/x/lib-1\"}\n";
        assert_eq!(programs(messages), [Path::new("/x/lib-1")]);
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
