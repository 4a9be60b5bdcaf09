//! A second build from a copy of the sources: another folder, another time, other permissions of new files, nothing
//! shared but toolchain and downloaded packages.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::assemble::assemble;
use super::difference;
use super::gather;
use super::sources::Sources;
use crate::build::Target;
use crate::bundle::Bundle;
use crate::context::Context;
use crate::moment::Moment;
use crate::ui::Ui;

/// Folders that hold results, or history.
const NO_SOURCES: [&str; 2] = ["target", ".git"];

/// Builds once more, and says where the result is not `first`.
pub(super) fn differences(
    first: &Bundle,
    context: &Context,
    target: Target,
    moment: Moment,
    sources: &Sources,
) -> Result<Vec<String>> {
    let step = context.ui.step("the same once more, from a copy of the sources");
    // Not below the workspace, whose settings cargo would find.
    let folder = tempfile::Builder::new()
        .prefix("nmr-drivers-second-build-")
        .tempdir()
        .context("there is no room for a copy of the sources")?;
    let workspace = folder.path().join("a/folder of another depth");
    copy(&context.workspace, &workspace, &context.target)?;
    let second = Context {
        target: workspace.join("target"),
        workspace,
        version: context.version.clone(),
        json: false,
        ui: Ui::new(),
    };
    let other = with_other_permissions(|| gather::parts(&second, target, moment, sources))?;
    let differences = difference::lines(first, &assemble(&other)?);
    step.done(if differences.is_empty() { "every byte is the same" } else { "it differs" });
    Ok(differences)
}

/// Copies what is not a result of a build.
fn copy(from: &Path, to: &Path, target: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("{} cannot be made", to.display()))?;
    let cannot = || format!("{} cannot be copied", from.display());
    for entry in fs::read_dir(from).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        let (path, kind) = (entry.path(), entry.file_type().with_context(cannot)?);
        if kind.is_dir() && path != target && !NO_SOURCES.iter().any(|name| entry.file_name() == *name) {
            copy(&path, &to.join(entry.file_name()), target)?;
        } else if kind.is_file() {
            fs::copy(&path, to.join(entry.file_name()))
                .with_context(|| format!("{} cannot be copied", path.display()))?;
        }
    }
    Ok(())
}

/// Does `work` while new files are the owner's alone, as on a machine with another umask.
#[cfg(unix)]
fn with_other_permissions<T>(work: impl FnOnce() -> T) -> T {
    use rustix::fs::Mode;
    let before = rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let result = work();
    rustix::process::umask(before);
    result
}

#[cfg(not(unix))]
fn with_other_permissions<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_and_history_are_not_copied() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("from");
        for path in ["a/b.rs", ".git/HEAD", "target/x", "out/y", ".cargo/config.toml"] {
            let path = from.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let to = folder.path().join("to");
        copy(&from, &to, &from.join("out")).unwrap();
        let found =
            ["a/b.rs", ".git", "target", "out", ".cargo/config.toml"].map(|path| to.join(path).exists());
        assert_eq!(found, [true, false, false, false, true]);
    }
}
