//! Drivers that come and go as a [script](super::script) says, which a program in the lab plays.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nmr_lab::program::Finished;
use nmr_lab::{Lab, c_driver};

use super::{peers, script};
use crate::context::Context;

/// A walk whose script is in the lab.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk<'a> {
    lab: &'a Lab,
    name: &'static str,
}

impl<'a> Walk<'a> {
    /// Puts the program and the script for so many cycles of `drivers` into `lab`.
    pub(super) fn prepare(
        context: &Context,
        lab: &'a Lab,
        name: &'static str,
        (seed, drivers, cycles): (u64, &[&str], u32),
    ) -> Result<Self> {
        c_driver::compile_program(&peers::source(context, "scm.c"), &lab.drive().join("lab/scm.exe"))?;
        let walk = Self { lab, name };
        let path = walk.file("txt");
        fs::write(&path, script::walk(seed, drivers, cycles))
            .with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(walk)
    }

    /// Plays it to its end.
    pub(super) fn play(self, limit: Duration) -> Result<Finished> {
        let [script, end] = ["txt", "end"].map(|kind| format!(r"C:\lab\{}.{kind}", self.name));
        Ok(self.lab.command(self.name, &[r"C:\lab\scm.exe", &script, &end], limit)?)
    }

    /// Has it end early: the program sees the file between two commands.
    pub(super) fn end(self) -> Result<()> {
        let path = self.file("end");
        fs::write(&path, "").with_context(|| format!("{} cannot be written", path.display()))
    }

    fn file(self, kind: &str) -> PathBuf {
        self.lab.drive().join(format!("lab/{}.{kind}", self.name))
    }
}
