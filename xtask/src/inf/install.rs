//! What an INF file installs: the files its CopyFiles directives reach, and its services.

use super::model::{Field, Line};
use super::{Inf, Problem};

/// A file that an INF installs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InstalledFile {
    /// Where it lies in the package, relative to the INF, parts separated by `/`.
    pub(crate) source: String,
    /// Its name once installed.
    pub(crate) name: String,
    /// The number of the folder it goes to, when the INF says one.
    pub(crate) folder: Option<u32>,
    /// The field that names it.
    pub(crate) field: Field,
}

/// A service that an INF adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) name: String,
    /// The section that describes it.
    pub(crate) section: String,
    /// The field that names that section.
    pub(crate) field: Field,
}

/// The files reached from the install section `section`, with what stood in the way of following it.
pub(crate) fn files(inf: &Inf, section: &str, decoration: &str) -> (Vec<InstalledFile>, Vec<Problem>) {
    let mut walk = Walk { inf, decoration, files: Vec::new(), problems: Vec::new() };
    for line in inf.entries(section, "CopyFiles") {
        for field in &line.fields {
            walk.copy_files(field);
        }
    }
    (walk.files, walk.problems)
}

/// The services added by the install section `section`.
pub(crate) fn services(inf: &Inf, section: &str) -> (Vec<Service>, Vec<Problem>) {
    let (mut services, mut problems) = (Vec::new(), Vec::new());
    for line in inf.entries(&format!("{section}.Services"), "AddService") {
        match service(inf, line) {
            Ok(service) => services.push(service),
            Err(problem) => problems.push(problem),
        }
    }
    (services, problems)
}

fn service(inf: &Inf, line: &Line) -> Result<Service, Problem> {
    let (Some(name), Some(section)) = (line.fields.first(), line.fields.get(2)) else {
        let instead = "write AddService = name, flags, service-install-section";
        return Err(Problem::new(line.place(), "AddService needs a name and a section", instead));
    };
    let service = Service { name: inf.expand(name)?, section: inf.expand(section)?, field: section.clone() };
    if inf.section(&service.section).is_none() {
        let what = format!("there is no section [{}]", service.section);
        return Err(Problem::new(
            section.place,
            what,
            "add it, or name the section that describes the service",
        ));
    }
    Ok(service)
}

/// A number as INF files write them: decimal, or hexadecimal after `0x`.
pub(crate) fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

struct Walk<'a> {
    inf: &'a Inf,
    /// The architecture's name, as section names carry it.
    decoration: &'a str,
    files: Vec<InstalledFile>,
    problems: Vec<Problem>,
}

impl Walk<'_> {
    /// One value of CopyFiles: `@file`, or the name of a section that lists files.
    fn copy_files(&mut self, field: &Field) {
        let value = match self.inf.expand(field) {
            Ok(value) => value,
            Err(problem) => return self.problems.push(problem),
        };
        if let Some(name) = value.strip_prefix('@') {
            return self.file(field, name, name, "DefaultDestDir");
        }
        let Some(lines) = self.inf.section(&value) else {
            let what = format!("there is no section [{value}]");
            return self.problems.push(Problem::new(
                field.place,
                what,
                "add it, or write @file for a single file",
            ));
        };
        for line in lines {
            self.listed_file(line, &value);
        }
    }

    /// A line `destination[, source[, ...]]` of a section that lists files.
    fn listed_file(&mut self, line: &Line, section: &str) {
        let Some(first) = line.fields.first().filter(|_| line.key.is_none()) else {
            let what = format!("[{section}] lists files, and this is none");
            return self.problems.push(Problem::new(
                line.place(),
                what,
                "write destination-name[, source-name]",
            ));
        };
        let source = line.fields.get(1).filter(|field| !field.text.is_empty()).unwrap_or(first);
        match (self.inf.expand(first), self.inf.expand(source)) {
            (Ok(name), Ok(from)) => self.file(source, &from, &name, section),
            (first, second) => self.problems.extend([first.err(), second.err()].into_iter().flatten()),
        }
    }

    fn file(&mut self, field: &Field, source: &str, name: &str, destination: &str) {
        for part in [source, name] {
            if let Err(problem) = plain_name(part, field) {
                return self.problems.push(problem);
            }
        }
        match (self.source_path(source, field), self.destination(destination, field)) {
            (Ok(source), Ok(folder)) => {
                let file = InstalledFile { source, name: name.to_owned(), folder, field: field.clone() };
                self.files.push(file);
            }
            (source, folder) => self.problems.extend([source.err(), folder.err()].into_iter().flatten()),
        }
    }

    /// Where `source` lies in the package: [SourceDisksFiles] names its disk and sub-folder, [SourceDisksNames] the
    /// disk's own folder. Sections for the architecture come first.
    fn source_path(&self, source: &str, field: &Field) -> Result<String, Problem> {
        let Some(line) = self.decorated_entry("SourceDisksFiles", source)? else {
            let what = format!("{source} is not in [SourceDisksFiles]");
            return Err(Problem::new(field.place, what, format!("add `{source} = 1` there")));
        };
        let Some(disk) = line.fields.first() else {
            return Err(Problem::new(
                line.place(),
                format!("{source} names no disk"),
                format!("write `{source} = 1`"),
            ));
        };
        let disk_name = self.inf.expand(disk)?;
        let Some(names) = self.decorated_entry("SourceDisksNames", &disk_name)? else {
            let what = format!("disk {disk_name} is not in [SourceDisksNames]");
            return Err(Problem::new(disk.place, what, format!("add `{disk_name} = \"Disk\"` there")));
        };
        let mut path = String::new();
        for folder in [names.fields.get(3), line.fields.get(1)].into_iter().flatten() {
            for part in
                self.inf.expand(folder)?.split(['\\', '/']).filter(|part| !part.is_empty() && *part != ".")
            {
                plain_name(part, folder)?;
                path.push_str(part);
                path.push('/');
            }
        }
        path.push_str(source);
        Ok(path)
    }

    fn decorated_entry(&self, section: &str, key: &str) -> Result<Option<&Line>, Problem> {
        for name in [format!("{section}.{}", self.decoration), section.to_owned()] {
            let found = self.inf.section(&name).unwrap_or_default().into_iter().find(|line| {
                line.key
                    .as_ref()
                    .is_some_and(|own| self.inf.expand(own).is_ok_and(|own| own.eq_ignore_ascii_case(key)))
            });
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The number of the folder that files of `section` go to.
    fn destination(&self, section: &str, field: &Field) -> Result<Option<u32>, Problem> {
        let line = match self.inf.entry("DestinationDirs", section)? {
            Some(line) => Some(line),
            None => self.inf.entry("DestinationDirs", "DefaultDestDir")?,
        };
        let Some(line) = line else {
            let what = format!("[DestinationDirs] says nothing about {section}");
            return Err(Problem::new(field.place, what, "add `DefaultDestDir = 13` there"));
        };
        let folder = line.fields.first().map(|field| self.inf.expand(field)).transpose()?;
        Ok(folder.and_then(|folder| number(&folder)))
    }
}

/// A name must be one: without a path, a catalog and every system agree on what it means.
fn plain_name(name: &str, field: &Field) -> Result<(), Problem> {
    let legal = |char: char| char.is_ascii_graphic() && !"\\/:*?\"<>|%".contains(char) || char == ' ';
    if name.is_empty() || name.starts_with('.') || name.ends_with(['.', ' ']) || !name.chars().all(legal) {
        let what = format!("{name:?} is not a plain file name");
        return Err(Problem::new(
            field.place,
            what,
            "write ASCII letters, digits, '.', '-' and '_', without a path",
        ));
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
        let (files, problems) = files(&inf, "Go", "amd64");
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

    #[test]
    fn a_service_needs_its_section() {
        let inf = |text: &str| Inf::parse("t.inf", text.as_bytes()).unwrap();
        let good = inf("[Go.Services]\nAddService = %N%,,Echo\n[Echo]\nStartType = 3\n[Strings]\nN = echo\n");
        let (found, problems) = services(&good, "Go");
        assert_eq!((found[0].name.as_str(), problems.len()), ("echo", 0));
        assert_eq!(
            services(&inf("[Go.Services]\nAddService = a,,b\n"), "Go").1[0].what,
            "there is no section [b]"
        );
        assert_eq!(services(&inf("[Go.Services]\nAddService = a\n"), "Go").1.len(), 1);
    }
}
