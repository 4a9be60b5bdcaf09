//! Runs cargo, and turns what it says into a result or an error worth reading.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::messages::Built;
use crate::context::Context;
use crate::exit;
use crate::process;

/// Runs cargo with `arguments` in the workspace. Messages go to `log` with the ending `json`, everything else to `log`.
pub(super) fn run(
    context: &Context,
    arguments: &[String],
    environment: &[(&'static str, OsString)],
    log: &Path,
) -> Result<Built> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let create =
        |path: &Path| File::create(path).with_context(|| format!("{} cannot be written", path.display()));
    let messages = log.with_extension("json");
    let status = Command::new(context.cargo())
        .args(arguments)
        .current_dir(&context.workspace)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .env("CARGO_TARGET_DIR", &context.target)
        .stdin(Stdio::null())
        .stdout(create(&messages)?)
        .stderr(create(log)?)
        .status()
        .context("cargo cannot be started")?;
    let text =
        fs::read_to_string(&messages).with_context(|| format!("{} cannot be read", messages.display()))?;
    let built = Built::parse(&text);
    if status.success() {
        return Ok(built);
    }
    let shown = format!("cargo {}", arguments.join(" "));
    let said = fs::read_to_string(log).unwrap_or_default();
    match (built.errors(), build_script_error(&said)) {
        (Some(errors), _) => bail!("`{shown}` failed\n{errors}"),
        (None, Some(error)) if error.starts_with(LACKS) => Err(exit::missing(error)),
        (None, Some(error)) => bail!("`{shown}` failed\n{error}"),
        (None, None) => bail!("`{shown}` failed\n{}", process::tail(log)),
    }
}

/// How wdk-build begins the list of what has to be installed.
const LACKS: &str = "this machine lacks";

/// What the build script that failed says, without the frame cargo puts round it and the trace that may follow.
fn build_script_error(log: &str) -> Option<String> {
    let mut lines = log.lines().skip_while(|line| *line != "  --- stderr").skip(1);
    let first = lines.find_map(|line| line.trim_start().strip_prefix("Error: "))?;
    // A blank line, without cargo's margin, ends the error; a backtrace may follow it.
    let rest = lines.map_while(|line| line.strip_prefix("  "));
    Some(std::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "   Compiling wdk-sys v0.5.2
error: failed to run custom build command for `wdk-sys v0.5.2`

Caused by:
  process didn't exit successfully: `build-script-build` (exit status: 1)
  --- stdout
  cargo::rerun-if-env-changed=WDKContentRoot

  --- stderr
  a line of a log
  Error: this machine lacks what a driver build needs:
    - libclang: not found
  install it
";

    #[test]
    fn the_error_of_a_build_script_is_taken_out_of_its_frame() {
        let error = "this machine lacks what a driver build needs:\n  - libclang: not found\ninstall it";
        assert_eq!(build_script_error(LOG).as_deref(), Some(error));
        let traced = format!("{LOG}\n  Stack backtrace:\n     0: main\n");
        assert_eq!(build_script_error(&traced).as_deref(), Some(error));
        let others = format!("{LOG}warning: build failed, waiting for other jobs to finish...\n");
        assert_eq!(build_script_error(&others).as_deref(), Some(error));
        assert_eq!(build_script_error("error: no such package\n"), None);
    }
}
