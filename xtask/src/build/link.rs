//! Links a driver's static library into an image whose bytes depend on nothing but its source and the toolchain.

mod libraries;
mod stamp;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use self::libraries::find_libraries;
use self::stamp::{stamp, write_if_other};
use super::messages::Built;
use crate::exit;
use crate::process;

/// The link of one driver. The linker writes names it was given into the symbol file, so that it runs in a folder of
/// its own, where every input and output has a short name that is the same everywhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// The driver's name.
    pub(super) name: String,
    /// The folder for inputs and outputs.
    pub(super) folder: PathBuf,
    /// The linker's word for the machine.
    pub(super) machine: &'static str,
    /// The linker.
    pub(super) linker: PathBuf,
    /// The version resource (RES).
    pub(super) resource: Vec<u8>,
}

/// Where libraries are copied to inside the link's folder.
const LIBRARY_FOLDER: &str = "libraries";

impl Link {
    /// The image.
    pub(super) fn image(&self) -> PathBuf {
        self.folder.join(format!("{}.sys", self.name))
    }

    /// The image's symbols.
    pub(super) fn symbols(&self) -> PathBuf {
        self.folder.join(format!("{}.pdb", self.name))
    }

    /// The linker's arguments. All paths are relative to the folder in which it runs.
    ///
    /// - `/NOIMPLIB`: the linker would write an import library over the static library.
    /// - `/RELEASE`: writes the checksum without which Windows refuses the image.
    /// - `/Brepro`, `/PDBALTPATH`, `/pdbsourcepath`: no clock, no folder of this machine.
    fn arguments(&self, libraries: &[String]) -> Vec<String> {
        let fixed = [
            "/NOLOGO",
            "/DLL",
            "/DRIVER",
            "/NODEFAULTLIB",
            "/SUBSYSTEM:NATIVE",
            self.machine,
            "/ENTRY:DriverEntry",
            "/INCLUDE:DriverEntry",
            "/NXCOMPAT",
            "/DYNAMICBASE",
            "/OPT:REF,ICF",
            "/RELEASE",
            "/Brepro",
            "/DEBUG",
            "/NOIMPLIB",
            "/pdbsourcepath:/src",
        ];
        let name = &self.name;
        let mut arguments: Vec<String> =
            ["-flavor", "link"].iter().chain(&fixed).map(ToString::to_string).collect();
        arguments.push(format!("/PDBALTPATH:{name}.pdb"));
        arguments.push(format!("/OUT:new/{name}.sys"));
        arguments.push(format!("/PDB:new/{name}.pdb"));
        arguments.push(format!("{name}.lib"));
        arguments.push(format!("{name}.res"));
        arguments.extend(libraries.iter().map(|library| format!("{LIBRARY_FOLDER}/{library}")));
        arguments
    }
}

/// Links, unless image and symbols are already those of these inputs. Answers whether it linked.
pub(super) fn run(link: &Link, compiled: &Built) -> Result<bool> {
    let name = &link.name;
    let static_library = compiled.static_library(name).with_context(|| {
        format!("cargo made no static library of {name}; has the package a library target?")
    })?;
    let libraries = find_libraries(&compiled.native_libraries, &compiled.kit_folders)?;
    let names: Vec<String> = libraries.iter().map(|library| library.name.clone()).collect();
    let arguments = link.arguments(&names);

    make_folder(&link.folder)?;
    let resource = link.folder.join(format!("{name}.res"));
    write_if_other(&resource, &link.resource)?;
    let inputs = [static_library, resource.as_path()].into_iter();
    let inputs = inputs.chain(libraries.iter().map(|library| library.path.as_path()));
    let stamp = stamp(&link.linker, &arguments, inputs)?;
    let stamp_file = link.folder.join("link.stamp");
    let up_to_date = link.image().is_file()
        && link.symbols().is_file()
        && fs::read_to_string(&stamp_file).is_ok_and(|found| found == stamp);
    if up_to_date {
        return Ok(false);
    }

    let new = link.folder.join("new");
    make_folder(&new)?;
    make_folder(&link.folder.join(LIBRARY_FOLDER))?;
    remove_if_there(&stamp_file)?;
    copy(static_library, &link.folder.join(format!("{name}.lib")))?;
    for library in &libraries {
        copy(&library.path, &link.folder.join(LIBRARY_FOLDER).join(&library.name))?;
    }
    start_linker(link, &arguments)?;
    for path in [link.image(), link.symbols()] {
        let file_name = path.file_name().unwrap_or_default();
        fs::rename(new.join(file_name), &path)
            .with_context(|| format!("{} cannot be replaced", path.display()))?;
    }
    fs::write(&stamp_file, stamp).with_context(|| format!("{} cannot be written", stamp_file.display()))?;
    Ok(true)
}

fn start_linker(link: &Link, arguments: &[String]) -> Result<()> {
    if !link.linker.is_file() {
        return Err(exit::missing(format!(
            "the linker {} is not there: use a toolchain installed by rustup, which brings it",
            link.linker.display()
        )));
    }
    let log = link.folder.join("link.log");
    let create = || File::create(&log).with_context(|| format!("{} cannot be written", log.display()));
    let output = create()?;
    let second = output.try_clone().context("the log file cannot be opened twice")?;
    let mut command = Command::new(&link.linker);
    name_without_folder(&mut command);
    let status = command
        .args(arguments)
        .current_dir(&link.folder)
        // Its variables add arguments and libraries.
        .env_remove("LINK")
        .env_remove("_LINK_")
        .env_remove("LIB")
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(second)
        .status()
        .with_context(|| format!("{} cannot be started", link.linker.display()))?;
    if !status.success() {
        let hint = hint(&fs::read_to_string(&log).unwrap_or_default());
        bail!("linking {} failed\n{}{}", link.name, process::tail(&log), hint.unwrap_or_default());
    }
    Ok(())
}

/// What the linker cannot know about kernel images.
fn hint(log: &str) -> Option<&'static str> {
    log.contains("undefined symbol: __chkstk").then_some(
        "\n  __chkstk is called by functions with more than 4 KiB of local variables, which kernel code must not have: \
         the linker names the function; move what is large out of its frame",
    )
}

/// The linker writes the name by which it was started into the symbols: it must not tell where the toolchain is.
#[cfg(unix)]
fn name_without_folder(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.arg0("rust-lld");
}

/// On Windows a program's name is what the system finds it by.
#[cfg(not(unix))]
fn name_without_folder(_command: &mut Command) {}

fn make_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))
}

fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", path.display()))
        }
        _ => Ok(()),
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("{} cannot be copied to {}", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(folder: &Path) -> Link {
        Link {
            name: "echo".into(),
            folder: folder.into(),
            machine: "/MACHINE:X64",
            linker: folder.join("no-linker"),
            resource: b"res".to_vec(),
        }
    }

    #[test]
    fn the_command_line_has_no_folder_of_this_machine() {
        let arguments = link(Path::new("/home/me/target")).arguments(&["ntoskrnl.lib".to_owned()]).join(" ");
        assert_eq!(
            arguments,
            "-flavor link /NOLOGO /DLL /DRIVER /NODEFAULTLIB /SUBSYSTEM:NATIVE /MACHINE:X64 /ENTRY:DriverEntry \
             /INCLUDE:DriverEntry /NXCOMPAT /DYNAMICBASE /OPT:REF,ICF /RELEASE /Brepro /DEBUG /NOIMPLIB \
             /pdbsourcepath:/src /PDBALTPATH:echo.pdb /OUT:new/echo.sys /PDB:new/echo.pdb echo.lib echo.res libraries/ntoskrnl.lib"
        );
    }

    #[test]
    fn a_frame_too_large_for_the_kernel_is_explained() {
        assert!(hint("rust-lld: error: undefined symbol: __chkstk\n").unwrap().contains("4 KiB"));
        assert_eq!(hint("rust-lld: error: undefined symbol: other\n"), None);
    }

    #[test]
    fn a_missing_linker_is_said_and_leaves_no_image() {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("made/echo.lib");
        fs::create_dir_all(library.parent().unwrap()).unwrap();
        fs::write(&library, "").unwrap();
        let line = format!(
            r#"{{"reason":"compiler-artifact","package_id":"path+file:///w/echo#0.1.0","target":{{"crate_types":["staticlib"]}},"filenames":[{:?}],"executable":null}}"#,
            library.to_str().unwrap()
        );
        let link = link(folder.path());
        let error = run(&link, &Built::parse(&line)).unwrap_err();
        assert_eq!(exit::reason_of(&error), exit::Reason::Missing);
        assert!(!link.image().exists() && !link.symbols().exists());
        assert!(run(&link, &Built::default()).unwrap_err().to_string().contains("no static library of echo"));
    }
}
