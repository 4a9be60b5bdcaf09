//! Small mistakes, made in a copy of the workspace one after the other: each must be seen by a test.

mod bench;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::context::Context;
use bench::{Bench, Fate};

/// Where the list lies; the crate whose mutants need not say which one they are of.
const LIST: &str = "crates/nmr/mutants.toml";
const CRATE: &str = "nmr";

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
    /// The crate's folder below `crates`, if it is another one.
    package: Option<String>,
    /// Below the crate's `src`.
    file: String,
    search: String,
    replace: String,
    /// What would go wrong in the field.
    #[expect(dead_code, reason = "for whoever reads the list; every mutant has one")]
    why: String,
    /// The models that see it, as a part of their names, where the host's own schedules and processors do not show it.
    loom: Option<String>,
    /// Why no test here can see it, if that is so.
    survives: Option<String>,
}

impl List {
    fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| anyhow::anyhow!("{LIST}: {error}"))
    }
}

impl Mutant {
    /// `text` with the mistake; nothing if the place is not there any more.
    fn mutate(&self, text: &str) -> Option<String> {
        text.contains(&self.search).then(|| text.replacen(&self.search, &self.replace, 1))
    }

    fn path(&self) -> PathBuf {
        Path::new("crates").join(self.package.as_deref().unwrap_or(CRATE)).join("src").join(&self.file)
    }
}

/// Tries every mutant of the list whose name has `part` in it.
pub(super) fn run(part: &str, context: &Context) -> Result<()> {
    let text = read(&context.workspace.join(LIST))?;
    let mutants = List::parse(&text)?.mutant;
    let mutated = mutate_all(&mutants, |path| read(&context.workspace.join(path)))?;
    let chosen: Vec<_> =
        mutants.iter().zip(mutated).filter(|(mutant, _)| mutant.name.contains(part)).collect();
    if chosen.is_empty() {
        bail!("no mutant in {LIST} has `{part}` in its name");
    }
    let bench = Bench::set_up(context)?;
    let mut survivors = Vec::new();
    let mut unfit = Vec::new();
    for (number, (mutant, text)) in chosen.into_iter().enumerate() {
        let step = context.ui.step(&mutant.name);
        match (bench.try_one(number, mutant, &text), &mutant.survives) {
            (Ok(Fate::Survived), Some(reason)) => step.done(format!("survives: {reason}")),
            (Ok(Fate::Survived), None) => {
                drop(step);
                context.ui.warn(format!("`{}` survives", mutant.name));
                survivors.push(format!("`{}` in {}", mutant.name, mutant.path().display()));
            }
            (Ok(fate), survives) => {
                step.done(match fate {
                    Fate::Hung(program) => format!("hung in {program}"),
                    Fate::Caught(program) => format!("caught by {program}"),
                    Fate::CaughtByLoom(models) => format!("caught by loom: {models}"),
                    Fate::Survived => String::new(),
                });
                if survives.is_some() {
                    context.ui.note(format!("`{}` is caught now: its `survives` can go", mutant.name));
                }
            }
            (Err(error), _) => {
                drop(step);
                context.ui.warn(format!("`{}` cannot be tried", mutant.name));
                unfit.push(format!("`{}` cannot be tried: {error:#}", mutant.name));
            }
        }
    }
    if !survivors.is_empty() {
        unfit
            .push(format!("no test sees {}; write one, or say in {LIST} why none can", survivors.join(", ")));
    }
    if !unfit.is_empty() {
        bail!("{}", unfit.join("\n"));
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
        bail!("{LIST} is behind the code; mend these mutants:\n  {}", lost.join("\n  "));
    }
    Ok(texts)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
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
        let list = List::parse(&read(&workspace.join(LIST)).unwrap()).unwrap();
        assert!(list.mutant.len() >= 25);
        mutate_all(&list.mutant, |path| read(&workspace.join(path))).unwrap();
    }

    #[test]
    fn a_mutant_of_another_crate_says_so() {
        let list = List::parse(&SAMPLE.replace("file", "package = \"nmr-abi\"\nfile")).unwrap();
        assert_eq!(list.mutant[0].path(), Path::new("crates/nmr-abi/src/a/b.rs"));
    }
}
