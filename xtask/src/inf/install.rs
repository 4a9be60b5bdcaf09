//! What an INF file installs: the files its CopyFiles directives reach.

use std::collections::{HashMap, HashSet};

use super::decoration::Platform;
use super::entry::PARTS;
use super::model::{Field, Line, folded};
use super::{Inf, Problem, rule};

/// A file that an INF installs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InstalledFile {
    /// Where it lies in the package, relative to the INF, parts separated by `/`.
    pub(crate) source: String,
    /// Its name once installed.
    pub(crate) name: String,
    /// The number of the folder it goes to, when the INF says one.
    pub(crate) folder: Option<u32>,
    /// The folder inside that one, as the INF says it.
    pub(crate) subfolder: String,
    /// The field that names it.
    pub(crate) field: Field,
}

/// What was reached from install sections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    pub(crate) files: Vec<InstalledFile>,
    /// What stood in the way.
    pub(crate) problems: Vec<Problem>,
}

/// The files reached from the install sections `starts` on `platform`.
pub(crate) fn files(inf: &Inf, starts: &[String], platform: &Platform) -> Reached {
    let mut walk = Walk {
        inf,
        platform,
        disk_files: Table::new(inf, "SourceDisksFiles", platform),
        disk_names: Table::new(inf, "SourceDisksNames", platform),
        from_layout: !inf.entries("Version", "LayoutFile").is_empty(),
        visited: HashSet::new(),
        lists: HashSet::new(),
        reached: Reached::default(),
    };
    for start in starts {
        walk.section(start);
    }
    walk.reached
}

/// A number as INF files write them: decimal, or hexadecimal after `0x`.
pub(crate) fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// The lines of a section by their keys, those for the architecture first.
pub(super) struct Table<'a> {
    lines: HashMap<String, &'a Line>,
}

impl<'a> Table<'a> {
    pub(super) fn new(inf: &'a Inf, section: &str, platform: &Platform) -> Self {
        let mut lines = HashMap::new();
        for name in [format!("{section}.{}", platform.architecture.inf()), section.to_owned()] {
            for line in inf.section(&name).unwrap_or_default() {
                // A line without `=` names a file or a disk and says nothing more.
                if let Some(key) = line.key.as_ref().or(line.fields.first()) {
                    lines.entry(inf.expand(key).to_ascii_lowercase()).or_insert(line);
                }
            }
        }
        Self { lines }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Line> {
        self.lines.get(&key.to_ascii_lowercase()).copied()
    }
}

struct Walk<'a> {
    inf: &'a Inf,
    platform: &'a Platform,
    disk_files: Table<'a>,
    disk_names: Table<'a>,
    /// Files that the INF does not list come with Windows.
    from_layout: bool,
    visited: HashSet<String>,
    lists: HashSet<String>,
    reached: Reached,
}

impl Walk<'_> {
    /// An install section with its parts, and what it needs.
    fn section(&mut self, section: &str) {
        let mut open = vec![section.to_owned()];
        while let Some(section) = open.pop() {
            if !self.visited.insert(folded(&section)) {
                continue;
            }
            for line in self.inf.section(&section).unwrap_or_default() {
                if line.is("CopyFiles") {
                    for field in line.fields.iter().filter(|field| !field.text.is_empty()) {
                        self.copy_files(field);
                    }
                } else if line.is("Needs") {
                    open.extend(line.fields.iter().map(|field| self.inf.expand(field)));
                } else if line.is("AddInterface") {
                    let named = self.inf.value(line, 2);
                    open.extend(named.and_then(|named| self.inf.actual(&named, self.platform)));
                }
            }
            open.extend(
                PARTS.iter().map(|part| format!("{section}.{part}")).filter(|part| self.inf.has(part)),
            );
        }
    }

    /// One value of CopyFiles: `@file`, or the name of a section that lists files.
    fn copy_files(&mut self, field: &Field) {
        let value = self.inf.expand(field);
        if let Some(name) = value.strip_prefix('@') {
            return self.file(field, name, name, &value);
        }
        let Some(lines) = self.inf.section(&value) else {
            let what = format!("there is no section [{value}]");
            let instead = "add it, or write @file for a single file";
            let missing = Problem::new(rule::MISSING_SECTION, field.place, what, instead);
            return self.reached.problems.push(missing);
        };
        if self.lists.insert(folded(&value)) {
            for line in lines {
                self.listed_file(line, &value);
            }
        }
    }

    /// A line `destination[, source[, ...]]` of a section that lists files.
    fn listed_file(&mut self, line: &Line, section: &str) {
        let Some(first) = line.field(0).filter(|_| line.key.is_none()) else {
            let what = format!("[{section}] lists files, and this is none");
            let instead = "write destination-name[, source-name]";
            return self.reached.problems.push(Problem::new(rule::LISTED_FILE, line.place(), what, instead));
        };
        let source = line.field(1).unwrap_or(first);
        self.file(source, &self.inf.expand(source), &self.inf.expand(first), section);
    }

    fn file(&mut self, field: &Field, source: &str, name: &str, list: &str) {
        for part in [source, name] {
            if let Err(problem) = plain_name(part, field) {
                return self.reached.problems.push(problem);
            }
        }
        let destination = self.destination(list, field);
        match (self.source_path(source, field), destination) {
            (Ok(Some(source)), Ok((folder, subfolder))) => {
                let (name, field) = (name.to_owned(), field.clone());
                self.reached.files.push(InstalledFile { source, name, folder, subfolder, field });
            }
            (source, folder) => {
                self.reached.problems.extend([source.err(), folder.err()].into_iter().flatten());
            }
        }
    }

    /// Where `source` lies in the package: [SourceDisksFiles] names its disk and sub-folder, [SourceDisksNames] the
    /// disk's own folder. Sections for the architecture come first. Nothing when the file comes with Windows.
    fn source_path(&self, source: &str, field: &Field) -> Result<Option<String>, Problem> {
        let problem =
            |field: &Field, what, instead| Err(Problem::new(rule::SOURCE_FILE, field.place, what, instead));
        let Some(line) = self.disk_files.get(source) else {
            if self.from_layout {
                return Ok(None);
            }
            let what = format!("{source} is not in [SourceDisksFiles]");
            return problem(field, what, format!("add `{source} = 1` there"));
        };
        let Some(disk) = line.field(0).filter(|_| line.key.is_some()) else {
            let place = line.key.as_ref().unwrap_or(field);
            return problem(place, format!("{source} names no disk"), format!("write `{source} = 1`"));
        };
        let disk_name = self.inf.expand(disk);
        let Some(names) = self.disk_names.get(&disk_name) else {
            let what = format!("disk {disk_name} is not in [SourceDisksNames]");
            return problem(disk, what, format!("add `{disk_name} = \"Disk\"` there"));
        };
        let mut path = String::new();
        for folder in [names.field(3), line.field(1)].into_iter().flatten() {
            let text = self.inf.expand(folder);
            for part in text.split(['\\', '/']).filter(|part| !part.is_empty() && *part != ".") {
                plain_name(part, folder)?;
                path.push_str(part);
                path.push('/');
            }
        }
        path.push_str(source);
        Ok(Some(path))
    }

    /// The number of the folder that files of `section` go to, and the folder inside it. A file that is named alone goes
    /// where others go by default.
    fn destination(&self, section: &str, field: &Field) -> Result<(Option<u32>, String), Problem> {
        let section = if section.starts_with('@') { "DefaultDestDir" } else { section };
        let own = self.inf.entries("DestinationDirs", section);
        let default = self.inf.entries("DestinationDirs", "DefaultDestDir");
        let Some(line) = own.first().or(default.first()) else {
            let what = format!("[DestinationDirs] says nothing about {section}");
            let instead = "add `DefaultDestDir = 13` there";
            return Err(Problem::new(rule::DESTINATION, field.place, what, instead));
        };
        let folder = self.inf.value(line, 0);
        Ok((folder.and_then(|folder| number(&folder)), self.inf.value(line, 1).unwrap_or_default()))
    }
}

/// A name must be one: without a path, a catalog and every system agree on what it means.
fn plain_name(name: &str, field: &Field) -> Result<(), Problem> {
    let legal = |char: char| char.is_ascii_graphic() && !"\\/:*?\"<>|%".contains(char) || char == ' ';
    if name.is_empty() || name.starts_with('.') || name.ends_with(['.', ' ']) || !name.chars().all(legal) {
        let what = format!("{name:?} is not a plain file name");
        let instead = "write ASCII letters, digits, '.', '-' and '_', without a path";
        return Err(Problem::new(rule::FILE_NAME, field.place, what, instead));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAIL: &str = "[SourceDisksNames]\n1 = %Disk%,,,\\sub\n[SourceDisksFiles]\na.sys = 1\nb.dat = 1,deep\n[SourceDisksFiles.amd64]\nc.sys = 1,amd64\n[SourceDisksFiles.x86]\nd.sys=1\n[DestinationDirs]\nDefaultDestDir = 13\nList = 12\n[Strings]\nDisk = \"disk\"\nDriver = \"a\"\n";

    fn walk(copy: &str) -> (Vec<(String, String, Option<u32>)>, String) {
        let text = format!("[Go]\n{copy}\n[List]\n%Driver%.sys\nrenamed.dat, b.dat\n{TAIL}");
        let inf = Inf::parse("t.inf", text.as_bytes()).unwrap();
        let Reached { files, problems, .. } =
            files(&inf, &["Go".to_owned()], &Platform::windows_10("amd64", 19_041));
        let files = files.into_iter().map(|file| (file.source, file.name, file.folder)).collect();
        (files, problems.iter().map(|problem| problem.what.clone()).collect::<Vec<_>>().join("; "))
    }

    fn file(source: &str, name: &str, folder: u32) -> (String, String, Option<u32>) {
        (source.to_owned(), name.to_owned(), Some(folder))
    }

    #[test]
    fn both_forms_of_copy_files_are_followed() {
        let (files, problems) = walk("CopyFiles = @c.sys, List");
        assert_eq!(problems, "");
        let expected = vec![
            file("sub/amd64/c.sys", "c.sys", 13),
            file("sub/a.sys", "a.sys", 12),
            file("sub/deep/b.dat", "renamed.dat", 12),
        ];
        assert_eq!(files, expected);
    }

    #[test]
    fn what_is_needed_and_added_is_followed() {
        let needs = "Needs = More\n[Go.Interfaces]\nAddInterface = {1},,Face\n[More]\nNeeds = Go\nCopyFiles = List\n[Face.NT]\nCopyFiles = @c.sys\n[Face]\nCopyFiles = Nowhere";
        let (files, problems) = walk(needs);
        assert_eq!(problems, "");
        let names: Vec<_> = files.iter().map(|(_, name, _)| name.as_str()).collect();
        assert_eq!(names, ["c.sys", "a.sys", "renamed.dat"]);
    }

    #[test]
    fn a_file_of_the_layout_comes_with_windows() {
        assert_eq!(walk("CopyFiles = @d.sys\n[Version]\nLayoutFile = layout.inf"), (vec![], String::new()));
    }

    #[test]
    fn missing_links_are_named() {
        assert_eq!(walk("CopyFiles = Nowhere").1, "there is no section [Nowhere]");
        assert_eq!(walk("CopyFiles = @d.sys").1, "d.sys is not in [SourceDisksFiles]");
        assert_eq!(walk("CopyFiles = @..\\a.sys").1, "\"..\\\\a.sys\" is not a plain file name");
    }

    #[test]
    fn numbers_are_decimal_or_hexadecimal() {
        assert_eq!(number("13"), Some(13));
        assert_eq!(number("0x1F"), Some(31));
        assert_eq!(number("x"), None);
    }
}
