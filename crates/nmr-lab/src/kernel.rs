//! The checking ntoskrnl.exe, put in front of Wine's: a library of forwarders, made for the Wine that is installed.
//!
//! ```text
//! ntoskrnl.exe   each name leads to labkrnl.dll if that exports it, else to wntoskrn.dll
//! labkrnl.dll    what the lab adds and checks: images/ntoskrnl
//! wntoskrn.dll   Wine's ntoskrnl.exe with its mark overwritten, without which Wine would not load a copy
//! ```
//! The copy is made from the installed package when a lab is made and goes with it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use object::read::pe::PeFile64;

use crate::error::{AtPath as _, LabError, Result};
use crate::program::{self, Output};
use crate::wine::{self, Wine};

const NAME: &str = "ntoskrnl.exe";
const OURS: &str = "labkrnl";
const WINES: &str = "wntoskrn";
/// Where Wine marks its own images, and how.
const MARK_AT: usize = 0x40;
const MARK: &[u8] = b"Wine builtin DLL";
/// How the settings are called in drive C: and read by images/ntoskrnl.
const SETTINGS: &str = "nmr-lab.settings";

/// The registry of the machine, and in it the heap checks of the process that hosts drivers. Without `ALL` each call of
/// the heap looks at its own block only.
const REGISTRY: &str = "system.reg";
const HEAP_CHECKS: &str = "\"GlobalFlag\"=dword:000000f0";
const HEAP_CHECKS_WITHOUT_ALL: &str = "\"GlobalFlag\"=dword:00000070";

/// The checks in front of Wine's kernel, and how they are set up.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The image `labkrnl.dll`.
    pub image: PathBuf,
    /// Virtual processors, 1 to 64.
    pub processors: u32,
    /// Whether SeTokenIsAdmin says yes.
    pub administrator: bool,
    /// For how long a driver's Unload waits for the last handle of its devices to close.
    pub handle_wait: Duration,
    /// Routines of NETIO.SYS that fail.
    pub failing: Vec<Failing>,
}

/// A routine of NETIO.SYS that fails, for one driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// The file of the driver's image, `name.sys`.
    pub driver: String,
    /// NmrDeregisterClient, NmrDeregisterProvider or one of the waits for them.
    pub routine: &'static str,
}

impl Kernel {
    /// The checks of `image` with two processors, an administrator, and twenty seconds for handles.
    #[must_use]
    pub fn new(image: PathBuf) -> Self {
        Self {
            image,
            processors: 2,
            administrator: true,
            handle_wait: Duration::from_secs(20),
            failing: Vec::new(),
        }
    }

    /// Puts the three images and the settings into the machine whose drive C: is `drive`.
    pub(crate) fn install(&self, wine: &Wine, drive: &Path, scratch: &Path) -> Result<()> {
        let system = drive.join("windows/system32");
        let wines = wine.images().join(NAME);
        let original = fs::read(&wines).at("read", &wines)?;
        let ours = fs::read(&self.image).at("read", &self.image)?;
        let definition = definition(&exports(&original, &wines)?, &exports(&ours, &self.image)?);
        let copy = unmarked(original).ok_or_else(|| LabError::NotUsable {
            path: wines.clone(),
            why: "it has no mark of Wine's, so it cannot be told how to load a copy".to_owned(),
        })?;
        write_new(&system.join(format!("{WINES}.dll")), &copy)?;
        write_new(&system.join(format!("{OURS}.dll")), &ours)?;
        build(&definition, &system, scratch)?;
        spare_heap(&drive.with_file_name(REGISTRY))?;
        write_new(&drive.join(SETTINGS), self.settings().as_bytes())
    }

    fn settings(&self) -> String {
        let Self { processors, administrator, handle_wait, failing, .. } = self;
        let wait = handle_wait.as_millis();
        let mut text =
            format!("processors={processors}\nadministrator={administrator}\nhandle-wait={wait}\n");
        for Failing { driver, routine } in failing {
            let _ = writeln!(text, "fails={driver} {routine}");
        }
        text
    }
}

/// Ends the search of the whole heap at each of its calls: the drivers' pool is no longer in it, and NETIO.SYS, which
/// prints every event, would spend its time there. Nor can what it finds be believed: where several threads allocate and
/// free, and do nothing else, Wine's search meets blocks that are just being filled, and calls them overwritten.
fn spare_heap(registry: &Path) -> Result<()> {
    let text = fs::read_to_string(registry).at("read", registry)?;
    if !text.contains(HEAP_CHECKS) {
        let why = format!("it should say {HEAP_CHECKS}");
        return Err(LabError::NotUsable { path: registry.to_owned(), why });
    }
    fs::write(registry, text.replace(HEAP_CHECKS, HEAP_CHECKS_WITHOUT_ALL)).at("written", registry)
}

/// Writes a file that may be a link now.
fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    if path.is_symlink() || path.exists() {
        fs::remove_file(path).at("removed", path)?;
    }
    fs::write(path, bytes).at("written", path)
}

/// The names that an image exports.
fn exports(bytes: &[u8], path: &Path) -> Result<BTreeSet<String>> {
    let read = || -> object::Result<BTreeSet<String>> {
        let Some(table) = PeFile64::parse(bytes)?.export_table()? else { return Ok(BTreeSet::new()) };
        let named = table.exports()?.into_iter().filter_map(|export| export.name);
        Ok(named.map(|name| String::from_utf8_lossy(name).into_owned()).collect())
    };
    read().map_err(|error| LabError::NotUsable { path: path.to_owned(), why: error.to_string() })
}

/// What leads where: every name of either, ours first.
fn definition(wines: &BTreeSet<String>, ours: &BTreeSet<String>) -> String {
    let mut text = format!("LIBRARY {NAME}\nEXPORTS\n");
    for name in wines.union(ours) {
        let owner = if ours.contains(name) { OURS } else { WINES };
        let _ = writeln!(text, "{name} = {owner}.{name}");
    }
    text
}

/// The image without Wine's mark; `None` if it has none.
fn unmarked(mut image: Vec<u8>) -> Option<Vec<u8>> {
    let mark = image.get_mut(MARK_AT..MARK_AT + MARK.len()).filter(|mark| *mark == MARK)?;
    mark.fill(0);
    Some(image)
}

fn build(definition: &str, system: &Path, scratch: &Path) -> Result<()> {
    let target = system.join(NAME);
    if target.is_symlink() || target.exists() {
        fs::remove_file(&target).at("removed", &target)?;
    }
    let (definitions, source) = (scratch.join("ntoskrnl.def"), scratch.join("ntoskrnl.c"));
    fs::write(&definitions, definition).at("written", &definitions)?;
    // A library needs one object of its own; forwarding needs no code.
    fs::write(&source, "int ntoskrnl_has_no_code;\n").at("written", &source)?;
    let mut command = Command::new(wine::mingw_compiler()?);
    command.args(["-shared", "-nostdlib", "-s", "-Wl,--entry,0,--subsystem,console", "-o"]).arg(&target);
    command.arg(&source).arg(&definitions);
    program::run(command, &Output::pair(&scratch.join("kernel")), Duration::from_secs(60))?.success()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_ours_leads_to_us_and_the_rest_to_wine() {
        let text = definition(&names(&["KeSetEvent", "ZwClose"]), &names(&["EtwRegister", "KeSetEvent"]));
        let expected = "LIBRARY ntoskrnl.exe\nEXPORTS\nEtwRegister = labkrnl.EtwRegister\n\
                        KeSetEvent = labkrnl.KeSetEvent\nZwClose = wntoskrn.ZwClose\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_mark_is_removed_and_nothing_else() {
        let mut image = vec![7; 0x80];
        assert_eq!(unmarked(image.clone()), None);
        image[MARK_AT..MARK_AT + MARK.len()].copy_from_slice(MARK);
        let unmarked = unmarked(image).unwrap();
        assert_eq!(unmarked.iter().filter(|byte| **byte == 7).count(), 0x80 - MARK.len());
        assert!(super::unmarked(vec![0; 8]).is_none(), "too short for a mark");
    }

    #[test]
    fn the_heap_is_spared_where_it_was_checked() {
        let folder = tempfile::tempdir().unwrap();
        let registry = folder.path().join("system.reg");
        fs::write(&registry, "[a]\n\"GlobalFlag\"=dword:000000f0\n\"b\"=\"c\"\n").unwrap();
        spare_heap(&registry).unwrap();
        let text = fs::read_to_string(&registry).unwrap();
        assert_eq!(text, "[a]\n\"GlobalFlag\"=dword:00000070\n\"b\"=\"c\"\n");
        let error = spare_heap(&registry).unwrap_err().to_string();
        assert!(error.contains("system.reg") && error.contains("000000f0"), "{error}");
    }

    #[test]
    fn settings_are_lines() {
        let failing = vec![Failing { driver: "a.sys".to_owned(), routine: "NmrDeregisterClient" }];
        let kernel = Kernel { processors: 4, administrator: false, failing, ..Kernel::new(PathBuf::new()) };
        assert_eq!(
            kernel.settings(),
            "processors=4\nadministrator=false\nhandle-wait=20000\nfails=a.sys NmrDeregisterClient\n"
        );
    }
}
