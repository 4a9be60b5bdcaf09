//! Which bundle goes into the lab, and what the lab has to know about it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use nmrctl::bundle::Bundle;
use nmrctl::inf_section::decode;

use super::expectations::DRIVERS;
use crate::bundle::newest;
use crate::context::Context;
use crate::exit;
use crate::process::Program;

/// A first build compiles everything.
const PACKAGE_LIMIT: Duration = Duration::from_secs(3600);

/// A bundle whose drivers can go into one lab.
#[derive(Debug)]
pub(crate) struct LabBundle {
    /// The bundle.
    pub(crate) bundle: Bundle,
    /// The load order group of all its drivers.
    pub(crate) group: String,
}

impl LabBundle {
    /// Takes the bundle in `folder`, or the newest one under the target folder, which is made if there is none.
    pub(crate) fn choose(context: &Context, folder: Option<&Path>) -> Result<Self> {
        let folder = match folder {
            Some(folder) => folder.to_owned(),
            None => newest_or_made(context)?,
        };
        let bundle = Bundle::open(&folder).and_then(|bundle| bundle.require_intact().map(|_| bundle));
        let bundle = bundle.map_err(|failure| exit::wrong(format!("{failure}: {}", failure.advice)))?;
        let group = group_of(&bundle)?;
        Ok(Self { bundle, group })
    }

    /// Makes a driver that the lab plays with and that is not in the bundle an error.
    pub(super) fn require_all(&self) -> Result<()> {
        for name in DRIVERS {
            self.bundle.driver(name).map_err(|failure| {
                exit::wrong(format!(
                    "{failure}: the lab plays with {}; {}",
                    DRIVERS.join(", "),
                    failure.advice
                ))
            })?;
        }
        Ok(())
    }
}

fn newest_or_made(context: &Context) -> Result<PathBuf> {
    if let Some(newest) = newest(context) {
        return Ok(newest);
    }
    let step = context.ui.step("there is no bundle yet: cargo xtask package");
    let own = std::env::current_exe().context("this program does not know where it is")?;
    let log = context.target.join("package.log");
    Program::new(own, PACKAGE_LIMIT).arg("package").folder(&context.workspace).run(&log)?;
    step.done("");
    newest(context).context("`cargo xtask package` left no bundle")
}

/// Drivers of one load order group share a process in the lab, and so the NETIO.SYS in it. Drivers of several groups
/// would never meet.
fn group_of(bundle: &Bundle) -> Result<String> {
    let mut groups: Vec<(String, String)> = Vec::new();
    for driver in &bundle.manifest.drivers {
        let bytes = bundle.read(&driver.inf).map_err(|failure| exit::wrong(failure.to_string()))?;
        let group = load_order_group(&decode(&bytes)).with_context(|| {
            format!(
                "{}: no LoadOrderGroup: without one the lab cannot bring the drivers together",
                driver.inf
            )
        })?;
        groups.push((group, driver.inf.clone()));
    }
    let Some((first, first_inf)) = groups.first().cloned() else {
        return Err(exit::wrong("the bundle has no drivers"));
    };
    match groups.iter().find(|(group, _)| *group != first) {
        Some((other, inf)) => Err(exit::wrong(format!(
            "{first_inf} has LoadOrderGroup {first}, {inf} has {other}: give all drivers the same, or the lab cannot bring \
             them together"
        ))),
        None => Ok(first),
    }
}

fn load_order_group(inf: &str) -> Option<String> {
    inf.lines().find_map(|line| {
        let (key, value) = line.split(';').next()?.split_once('=')?;
        let is_group = key.trim().eq_ignore_ascii_case("LoadOrderGroup");
        is_group.then(|| value.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_is_read_as_windows_reads_it() {
        assert_eq!(
            load_order_group("[A]\r\n loadordergroup = \"NmrDrivers\" ; why\r\n").unwrap(),
            "NmrDrivers"
        );
        assert_eq!(load_order_group("; LoadOrderGroup = x\r\nServiceType = 1\r\n"), None);
    }
}
