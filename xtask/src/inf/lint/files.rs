//! Files: where they lie, where they go, and whether they are there.

use std::collections::{HashMap, HashSet};

use super::Lint;
use crate::architecture::Architecture;
use crate::inf::install::{self, InstalledFile};
use crate::inf::model::Line;
use crate::inf::{Inf, Problem, rule};

/// Folders of Windows that have a number below the user-defined ones.
const FOLDERS: [u32; 25] =
    [1, 10, 11, 12, 13, 17, 18, 20, 21, 22, 23, 24, 25, 30, 31, 32, 33, 34, 35, 50, 51, 52, 53, 54, 55];
/// The driver store folder of the package.
const DRIVER_STORE: u32 = 13;

impl Lint<'_> {
    /// Checks the files that are listed and those that are copied.
    pub(super) fn files(&mut self) {
        let inf = self.inf;
        let mut copied = HashSet::new();
        for installation in self.installations() {
            let reached = install::files(inf, &installation.sections, &installation.platform);
            self.problems.extend(reached.problems);
            for file in &reached.files {
                copied.extend([file.name.to_ascii_lowercase(), source_name(file).to_ascii_lowercase()]);
                self.stays_as_it_is(file);
            }
        }
        copied.extend(self.named());
        self.destinations();
        self.listed(&copied);
        self.duplicates();
    }

    /// Files of the driver store are used where they lie in the package.
    fn stays_as_it_is(&mut self, file: &InstalledFile) {
        if file.folder != Some(DRIVER_STORE) {
            return;
        }
        let parts = |path: &str| {
            let parts = path.split(['\\', '/']).filter(|part| !part.is_empty() && *part != ".");
            parts.map(str::to_ascii_lowercase).collect::<Vec<_>>()
        };
        let from = parts(&file.source);
        let to = [parts(&file.subfolder), parts(&file.name)].concat();
        if from != to {
            let what = format!("{} would be {} in the driver store", from.join("\\"), to.join("\\"));
            let instead = "keep name and folder: a package lies in the driver store as it is";
            self.add(rule::SAME_NAME, file.field.place, what, instead);
        }
    }

    fn destinations(&mut self) {
        for line in self.inf.section("DestinationDirs").unwrap_or_default() {
            let (Some(value), Some(field)) = (self.inf.value(line, 0), line.field(0)) else {
                let what = "this list of files has no folder";
                self.add(rule::DESTINATION, line.place(), what, "write list = 13");
                continue;
            };
            if !is_folder(&value) {
                let what = format!("{value} is not the number of a folder");
                self.add(
                    rule::DIRID,
                    field.place,
                    what,
                    "write 13 for the driver store, or 12 for the drivers' folder",
                );
            }
        }
    }

    /// What [SourceDisksFiles] lists, for all architectures.
    fn listed(&mut self, copied: &HashSet<String>) {
        let inf = self.inf;
        // Files may be copied by sections of another file.
        let others = inf.sections.iter().flat_map(|section| &section.lines).any(|line| line.is("Include"));
        let is_list = |name: &str| name.to_ascii_lowercase().split('.').next() == Some("sourcedisksfiles");
        for line in
            inf.sections.iter().filter(|section| is_list(&section.name)).flat_map(|section| &section.lines)
        {
            let Some(key) = line.key.as_ref() else { continue };
            let name = inf.expand(key);
            if name.to_ascii_lowercase().ends_with(".cat") {
                let what = format!("{name} is a catalog");
                self.add(rule::LISTED_CATALOG, key.place, what, "name it in [Version] alone: CatalogFile");
            } else if !others && !copied.contains(&name.to_ascii_lowercase()) {
                let what = format!("nothing copies {name}");
                self.add(rule::UNUSED_FILE, key.place, what, "copy it, or remove it from the list");
            }
        }
    }

    /// The files that lines other than CopyFiles bring, in lower case.
    fn named(&self) -> HashSet<String> {
        let names = |line: &&Line| line.is("CopyINF") || line.is("SoftwareBinary");
        let lines = self.inf.sections.iter().flat_map(|section| &section.lines).filter(names);
        let values =
            lines.flat_map(|line| &line.fields).map(|field| self.inf.expand(field).to_ascii_lowercase());
        values.map(|path| path.rsplit(['\\', '/']).next().unwrap_or_default().to_owned()).collect()
    }

    fn duplicates(&mut self) {
        for section in ["SourceDisksFiles", "SourceDisksNames", "DestinationDirs"] {
            let mut seen: HashMap<String, Vec<String>> = HashMap::new();
            for line in self.inf.section(section).unwrap_or_default() {
                let Some(key) = &line.key else { continue };
                let values: Vec<String> = line.fields.iter().map(|field| self.inf.expand(field)).collect();
                let name = self.inf.expand(key).to_ascii_lowercase();
                if seen.get(&name).is_some_and(|first| *first != values) {
                    let what = format!("[{section}] has {} twice; the first holds", key.text);
                    self.add(rule::DUPLICATE_ENTRY, key.place, what, "keep one of them");
                }
                seen.entry(name).or_insert(values);
            }
        }
    }
}

fn source_name(file: &InstalledFile) -> &str {
    file.source.rsplit('/').next().unwrap_or_default()
}

/// Whether `text` is the number of a folder: one of Windows, of a user's shell, of a printer, or defined by the setup
/// program.
fn is_folder(text: &str) -> bool {
    let shell = 16_384..=16_384 + 0x3F;
    text == "-1"
        || install::number(text)
            .is_some_and(|number| FOLDERS.contains(&number) || shell.contains(&number) || number >= 32_768)
}

/// The files of the package that `inf` names, for each architecture that it is for, each with where it lies relative to
/// the INF.
pub(crate) fn payloads(inf: &Inf) -> Vec<(Architecture, Vec<InstalledFile>)> {
    let lint = Lint { inf, problems: Vec::new() };
    let installations = lint.installations().into_iter();
    let payload = |installation: super::Installation| {
        let mut files = install::files(inf, &installation.sections, &installation.platform).files;
        let mut seen = HashSet::new();
        files.retain(|file| seen.insert(file.source.to_ascii_lowercase()));
        (installation.platform.architecture, files)
    };
    installations.map(payload).collect()
}

/// The same files for every architecture, each once.
pub(crate) fn payload(inf: &Inf) -> Vec<InstalledFile> {
    let mut files: Vec<InstalledFile> = payloads(inf).into_iter().flat_map(|(_, files)| files).collect();
    let mut seen = HashSet::new();
    files.retain(|file| seen.insert(file.source.to_ascii_lowercase()));
    files
}

/// What is missing of the package of `inf`; `there` says whether a file, relative to the INF, is there. Where none of
/// the files is, it is not a package that is looked at, but a file for one.
pub(crate) fn is_there(inf: &Inf, there: impl Fn(&str) -> bool) -> Vec<Problem> {
    let files = payload(inf);
    let version = inf.section("Version").unwrap_or_default().into_iter();
    let catalogs = version.filter(|line| {
        line.key.as_ref().is_some_and(|key| key.text.to_ascii_lowercase().starts_with("catalogfile"))
    });
    let catalog = catalogs.filter_map(|line| inf.value(line, 0)).any(|name| there(&name));
    let missing: Vec<_> = files.iter().filter(|file| !there(&file.source)).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    if missing.len() == files.len() && !catalog {
        let what = "no file of the package lies beside it, so that they were not looked for";
        let instead = "put the files beside the INF to have them checked";
        return vec![Problem::new(rule::LONE_INF, inf.place_of("SourceDisksFiles"), what, instead)];
    }
    let missing = missing.into_iter().map(|file| {
        let what = format!("the file {} is not in the package", file.source);
        Problem::new(rule::MISSING_FILE, file.field.place, what, "add it, or name a file that is there")
    });
    missing.collect()
}
