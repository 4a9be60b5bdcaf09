//! Drivers in C, for the lab alone: those that do something wrong on purpose, and peers that owe nothing to the
//! framework. And programs in C, for where starting a process for each word would take too long.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::Result;
use crate::program::{self, Output};
use crate::wine::{mingw_compiler, present};

const HEADERS: &str = "/usr/x86_64-w64-mingw32/include/ddk";
const LIMIT: Duration = Duration::from_secs(60);

/// What this host lacks for compiling drivers, if anything.
///
/// # Errors
/// `Missing`, naming the package.
pub fn ready() -> Result<()> {
    mingw_compiler()?;
    present(PathBuf::from(HEADERS), "mingw-w64-x86-64-dev")?;
    Ok(())
}

/// Compiles the driver in `source` to the image `image`; the compiler's words are left beside it. `definitions` are for
/// its preprocessor: `NAME` or `NAME=value`.
///
/// # Errors
/// When a package is missing, or the source is not right.
pub fn compile(source: &Path, image: &Path, definitions: &[&str]) -> Result<()> {
    ready()?;
    let mut command = Command::new(mingw_compiler()?);
    command.args(["-w", "-O1", "-g", "-std=gnu11", "-ffreestanding", "-nostdlib", "-shared"]);
    command.args(["-mno-stack-arg-probe", "-I", HEADERS]);
    command.arg("-Wl,--subsystem,native,--entry,DriverEntry,--dynamicbase,--exclude-all-symbols");
    command.args(definitions.iter().map(|definition| format!("-D{definition}")));
    command.arg("-o").arg(image).arg(source).args(["-lntoskrnl", "-lhal", "-lnetio"]);
    program::run(command, &Output::pair(image), LIMIT)?.success()?;
    Ok(())
}

/// Compiles the program in `source` to `program`.
///
/// # Errors
/// As [`compile`].
pub fn compile_program(source: &Path, program: &Path) -> Result<()> {
    let mut command = Command::new(mingw_compiler()?);
    command.args(["-Wall", "-O1", "-s", "-o"]).arg(program).arg(source).arg("-ladvapi32");
    program::run(command, &Output::pair(program), LIMIT)?.success()?;
    Ok(())
}
