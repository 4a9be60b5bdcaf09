//! Writes a plan: aside first, then each part into its place; if one cannot be, all are taken back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::plan::Plan;
use crate::context::Context;
use crate::exit;
use crate::process::Program;

/// Time for a program that reads a few files.
const LIMIT: Duration = Duration::from_secs(120);

/// Puts `plan` into the workspace, or nothing.
pub(super) fn write(plan: &Plan, context: &Context) -> Result<()> {
    let workspace = &context.workspace;
    refuse_what_is_there(plan, workspace)?;
    let aside = tempfile::Builder::new()
        .prefix(".new-")
        .tempdir_in(workspace)
        .with_context(|| format!("{} cannot be written to", workspace.display()))?;
    stage(plan, aside.path(), context)?;
    let lock = workspace.join("Cargo.lock");
    let before = fs::read(&lock).with_context(|| format!("{} cannot be read", lock.display()))?;
    let mut placed = Placed(Vec::new());
    for place in &plan.places {
        let to = workspace.join(place);
        fs::rename(aside.path().join(place), &to).with_context(|| format!("{place} cannot be written"))?;
        placed.0.push(to);
    }
    // Completes Cargo.lock, which everything else takes as it is, and shows that the workspace is one with them.
    if let Err(error) = complete_lock(context) {
        fs::write(&lock, before).with_context(|| format!("{} cannot be put back", lock.display()))?;
        return Err(error.context("the workspace cannot be read with the new packages; they are taken back"));
    }
    placed.keep();
    Ok(())
}

/// What was put in place; taken back when dropped.
struct Placed(Vec<PathBuf>);

impl Placed {
    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        for path in &self.0 {
            // Already on the way out with an error, which says more than a second one would.
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }
}

fn refuse_what_is_there(plan: &Plan, workspace: &Path) -> Result<()> {
    for place in &plan.places {
        if workspace.join(place).symlink_metadata().is_ok() {
            return Err(exit::usage(format!("{place} is there already: choose another name, or remove it")));
        }
    }
    let lock = fs::read_to_string(workspace.join("Cargo.lock")).context("Cargo.lock cannot be read")?;
    for package in &plan.packages {
        if lock.contains(&format!("\nname = \"{package}\"\n")) {
            let why = "cargo could not tell the two apart; choose another name";
            return Err(exit::usage(format!(
                "a package that the workspace depends on is called {package}: {why}"
            )));
        }
    }
    Ok(())
}

/// Writes the files below `aside`, formatted as the workspace has it.
fn stage(plan: &Plan, aside: &Path, context: &Context) -> Result<()> {
    let mut sources = Vec::new();
    for file in &plan.files {
        let path = aside.join(&file.path);
        let folder = path.parent().unwrap_or(aside);
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        fs::write(&path, &file.text).with_context(|| format!("{} cannot be written", path.display()))?;
        if path.extension().is_some_and(|ending| ending == "rs") {
            sources.push(path);
        }
    }
    format(&sources, &context.workspace, &aside.join("rustfmt.log"))
}

fn format(sources: &[PathBuf], workspace: &Path, log: &Path) -> Result<()> {
    Program::new("rustfmt", LIMIT)
        .args(["--edition", "2024", "--config-path"])
        .arg(workspace.join("rustfmt.toml"))
        .args(sources)
        .folder(workspace)
        .run(log)
        .map(drop)
        .context("the new sources cannot be formatted")
}

fn complete_lock(context: &Context) -> Result<()> {
    let log = context.target.join("new").join("lock.log");
    Program::new(context.cargo(), LIMIT)
        .args(["update", "--workspace", "--offline"])
        .folder(&context.workspace)
        .run(&log)
        .map(drop)
}
