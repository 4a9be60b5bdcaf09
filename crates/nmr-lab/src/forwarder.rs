//! The library that Rust programs need and Wine 8 lacks: `bcryptprimitives.dll` with its one function `ProcessPrng`,
//! forwarded to the function of advapi32 that does the same.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::error::{AtPath as _, Result};
use crate::program::{self, Output};
use crate::wine;

/// The library's name.
pub(crate) const NAME: &str = "bcryptprimitives.dll";

/// What it exports.
pub(crate) const DEFINITION: &str =
    "LIBRARY bcryptprimitives.dll\nEXPORTS\nProcessPrng = advapi32.SystemFunction036\n";

/// Builds the library into `folder`.
pub(crate) fn build(folder: &Path, scratch: &Path) -> Result<()> {
    let compiler = wine::mingw_compiler()?;
    let (definition, source) = (scratch.join("bcryptprimitives.def"), scratch.join("bcryptprimitives.c"));
    fs::write(&definition, DEFINITION).at("written", &definition)?;
    // A library needs one object of its own; forwarding needs no code.
    fs::write(&source, "int bcryptprimitives_has_no_code;\n").at("written", &source)?;
    let mut command = Command::new(compiler);
    command.args(["-shared", "-nostdlib", "-s", "-Wl,--entry,0", "-o"]).arg(folder.join(NAME));
    command.arg(&source).arg(&definition);
    program::run(command, &Output::pair(&scratch.join("forwarder")), Duration::from_secs(60))?.success()?;
    Ok(())
}
