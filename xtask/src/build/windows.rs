//! Builds programs and libraries that run in Windows' user mode, or are loaded by it, from any host.

use std::ffi::OsString;
#[cfg(unix)]
use std::fs;
#[cfg(unix)]
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::cargo;
use super::messages::Built;
use super::settings::{cargo_home, remapped_paths};
use super::target::Target;
use crate::context::Context;

/// A program that was built.
#[derive(Clone, Debug)]
pub(crate) struct WindowsProgram {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The manifests of the packages that it was made of.
    pub(crate) manifests: Vec<PathBuf>,
}

/// Builds the program of `package` for `target`.
pub(crate) fn windows_program(context: &Context, package: &str, target: Target) -> Result<WindowsProgram> {
    let arguments = arguments(target, "build", package, &["--release"]);
    let built = build(context, target, package, &arguments, &stripped(context, target)?)?;
    let program = built.program(package).with_context(|| format!("cargo made no program of {package}"))?;
    Ok(WindowsProgram { path: program.to_owned(), manifests: built.manifests_for(target.of_programs()) })
}

/// Builds the dynamic library of `package`, however its build script has it linked, and answers where it is.
#[cfg(unix)]
pub(crate) fn windows_library(context: &Context, package: &str) -> Result<PathBuf> {
    let arguments = arguments(LAB, "rustc", package, &["--release", "--lib", "--crate-type", "cdylib"]);
    let built = build(context, LAB, package, &arguments, &with_names(context)?)?;
    let library =
        built.dynamic_library(package).with_context(|| format!("cargo made no library of {package}"))?;
    Ok(library.to_owned())
}

/// Builds the unit tests of the library of `package` and answers where the program is that runs them.
#[cfg(unix)]
pub(crate) fn windows_tests(context: &Context, package: &str) -> Result<PathBuf> {
    let arguments = arguments(LAB, "test", package, &["--no-run", "--lib"]);
    let built = build(context, LAB, package, &arguments, &with_names(context)?)?;
    let program = built.program(package).with_context(|| format!("cargo made no tests of {package}"))?;
    Ok(program.to_owned())
}

/// The machine that runs what is not shipped: the lab.
#[cfg(unix)]
const LAB: Target = Target::X64;

fn build(
    context: &Context,
    target: Target,
    package: &str,
    arguments: &[String],
    environment: &Environment,
) -> Result<Built> {
    let log = context.target.join(target.of_programs()).join("logs").join(format!("{package}.log"));
    cargo::run(context, arguments, environment, &log)
}

fn arguments(target: Target, subcommand: &str, package: &str, last: &[&str]) -> Vec<String> {
    let target = target.of_programs();
    let words = [subcommand, "--message-format=json", "--locked", "--target", target, "--package", package];
    words.iter().chain(last).map(ToString::to_string).collect()
}

/// The settings of a build of a program.
type Environment = Vec<(&'static str, OsString)>;

/// For what runs here alone: names are kept, for the crash reports of the lab.
#[cfg(unix)]
fn with_names(context: &Context) -> Result<Environment> {
    with_flags(context, LAB, &[])
}

/// For what is shipped. The compiler's temporary folder is part of many names, so that only a program without names is
/// the same in every build.
fn stripped(context: &Context, target: Target) -> Result<Environment> {
    with_flags(context, target, &["-Cstrip=symbols"])
}

/// No folder of this machine and no clock in the result.
fn with_flags(context: &Context, target: Target, more: &[&str]) -> Result<Environment> {
    let mut flags = remapped_paths(&context.workspace, &context.target, &cargo_home());
    flags.push("-Clink-arg=-Wl,--no-insert-timestamp".to_owned());
    flags.extend(more.iter().map(ToString::to_string));
    let tools = tools(&context.target.join(target.of_programs()), target)?;
    flags.extend(tools.dlltool.as_deref().map(dlltool_flag).transpose()?);
    let mut environment = vec![("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}").into())];
    if let Some(linker) = &tools.linker {
        environment.push((target.linker_variable(), linker.into()));
    }
    Ok(environment)
}

/// What the compiler runs instead of the tools of the same names; a Windows host uses its own.
#[derive(Default)]
struct Tools {
    /// Hides where its inputs lie.
    linker: Option<PathBuf>,
    /// Bears a blank in the target folder's name.
    dlltool: Option<PathBuf>,
}

fn dlltool_flag(path: &Path) -> Result<String> {
    let path = path.to_str().context("the target folder's name is not Unicode")?;
    Ok(format!("-Cdlltool={path}"))
}

/// The tools for `target`, written into `folder`.
#[cfg(unix)]
fn tools(folder: &Path, target: Target) -> Result<Tools> {
    let linker =
        include_str!("windows-linker.sh").replace(Target::X64.program_linker(), target.program_linker());
    Ok(Tools {
        linker: Some(script(folder, "linker.sh", &linker)?),
        // The compiler asks no dlltool where LLVM's tools make the libraries.
        dlltool: Some(script(folder, "dlltool.sh", include_str!("windows-dlltool.sh"))?),
    })
}

#[cfg(not(unix))]
fn tools(_folder: &Path, _target: Target) -> Result<Tools> {
    Ok(Tools::default())
}

/// A program `name` in `folder` whose text is `text`.
#[cfg(unix)]
fn script(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join(name);
    if fs::read_to_string(&path).is_ok_and(|found| found == text) {
        return Ok(path);
    }
    let written = || -> std::io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut new = tempfile::NamedTempFile::new_in(folder)?;
        new.write_all(text.as_bytes())?;
        new.as_file().set_permissions(fs::Permissions::from_mode(0o755))?;
        new.persist(&path)?;
        Ok(())
    };
    written().with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_libraries_are_built_for_windows_and_with_the_lock_file() {
        assert_eq!(
            arguments(Target::X64, "build", "nmrctl", &["--release"]).join(" "),
            "build --message-format=json --locked --target x86_64-pc-windows-gnu --package nmrctl --release"
        );
    }

    /// The script calls the linker by its name, so that here a stand-in for it, first in the path, shows what it gets.
    #[cfg(unix)]
    #[test]
    fn the_linker_sees_no_folder_of_libraries_but_every_other_word() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let script = tools(folder.path(), Target::X64).unwrap().linker.unwrap();
        assert_eq!(tools(folder.path(), Target::X64).unwrap().linker.unwrap(), script);
        let stand_in = folder.path().join("x86_64-w64-mingw32-gcc");
        fs::write(&stand_in, "#!/bin/sh\nfor word do\n echo \"$word\"\ndone\ncat 102-b.rlib\n").unwrap();
        fs::set_permissions(&stand_in, fs::Permissions::from_mode(0o755)).unwrap();
        let library = folder.path().join("with blank");
        fs::create_dir(&library).unwrap();
        fs::write(library.join("b.rlib"), "content of b").unwrap();
        let path = std::env::join_paths(
            std::iter::once(folder.path().to_owned())
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        let output = std::process::Command::new(&script)
            .args(["-o", "/out/a.exe", "/tmp/rustcXY/a.dll_imports.lib"])
            .arg(library.join("b.rlib"))
            .args(["-lkernel32", "/out/a.o"])
            .env("PATH", path.unwrap())
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            "-o\n/out/a.exe\n101-a.dll_imports.lib\n102-b.rlib\n-lkernel32\n/out/a.o\ncontent of b"
        );
    }

    /// A stand-in, first in the path, shows what dlltool gets and where it works.
    #[cfg(unix)]
    #[test]
    fn dlltool_puts_its_temporary_files_where_no_blank_is() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("with blank");
        let script = tools(&target, Target::X64).unwrap().dlltool.unwrap();
        assert_eq!(dlltool_flag(&script).unwrap(), format!("-Cdlltool={}", script.display()));
        let stand_in = folder.path().join("x86_64-w64-mingw32-dlltool");
        fs::write(&stand_in, "#!/bin/sh\nfor word do\n echo \"$word\"\ndone\npwd\n").unwrap();
        fs::set_permissions(&stand_in, fs::Permissions::from_mode(0o755)).unwrap();
        let path = std::env::join_paths(
            std::iter::once(folder.path().to_owned())
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        let path = path.unwrap();
        let run = |folder: &Path, library: &str| {
            fs::create_dir_all(folder).unwrap();
            let definitions = folder.join("a.def");
            fs::write(&definitions, "EXPORTS\nf\n").unwrap();
            let output = std::process::Command::new(&script)
                .arg("-d")
                .arg(&definitions)
                .args(["-D", library, "--temp-prefix"])
                .arg(folder.join("a"))
                .args(["-f", "--64"])
                .env("PATH", &path)
                .output()
                .unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            assert_eq!(lines[..4], ["-d", definitions.to_str().unwrap(), "-D", library]);
            assert_eq!([&lines[4], &lines[6], &lines[7]], ["--temp-prefix", "-f", "--64"]);
            let place = &lines[8];
            assert!(!place.contains("with blank") && !Path::new(place).exists(), "{place}");
            lines[5].clone()
        };
        let prefix = run(&target.join("one"), "a.dll");
        assert!(prefix.len() > 1 && prefix[1..].chars().all(|digit| digit.is_ascii_digit()), "{prefix}");
        assert_eq!(run(&target.join("another"), "a.dll"), prefix, "the same in every checkout");
        assert_ne!(run(&target.join("one"), "b.dll"), prefix, "each library has names of its own");
    }
}
