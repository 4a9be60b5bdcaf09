//! Which sections are reached from where Windows starts.

use std::collections::{HashMap, HashSet};

use crate::inf::Inf;
use crate::inf::decoration::Decoration;
use crate::inf::entry::{self, PARTS};
use crate::inf::model::{Section, folded};
use crate::inf::strings::language;

/// Sections that Windows looks for by itself. Each may be decorated, and may have parts.
const STARTS: [&str; 14] = [
    "Version",
    "Manufacturer",
    "SourceDisksNames",
    "SourceDisksFiles",
    "DestinationDirs",
    "ControlFlags",
    "ClassInstall32",
    "ClassInstall",
    "InterfaceInstall32",
    "DefaultInstall",
    "DefaultUninstall",
    "SignatureAttributes",
    "DeviceInstall32",
    "DefaultInstall32",
];

/// The sections of a file that something leads to.
pub(super) struct Reach<'a> {
    inf: &'a Inf,
    /// The sections that are a name's own, its variants, or parts of one of them.
    by_stem: HashMap<String, Vec<usize>>,
    reached: HashSet<usize>,
}

impl<'a> Reach<'a> {
    pub(super) fn of(inf: &'a Inf) -> Self {
        let mut by_stem: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, section) in inf.sections.iter().enumerate() {
            for stem in stems(&folded(&section.name)) {
                by_stem.entry(stem.to_owned()).or_default().push(index);
            }
        }
        let mut reach = Self { inf, by_stem, reached: HashSet::new() };
        reach.follow();
        reach
    }

    /// Whether there is a section called `name`, a variant of it, or a part of one of them.
    pub(super) fn has_any(&self, name: &str) -> bool {
        self.by_stem.contains_key(&folded(name))
    }

    /// The sections that something leads to.
    pub(super) fn sections(&self) -> impl Iterator<Item = &'a Section> {
        let sections = self.inf.sections.iter().enumerate();
        sections.filter(|(index, _)| self.reached.contains(index)).map(|(_, section)| section)
    }

    /// The sections that nothing leads to.
    pub(super) fn unused(&self) -> impl Iterator<Item = &'a Section> {
        let sections = self.inf.sections.iter().enumerate();
        sections.filter(|(index, _)| !self.reached.contains(index)).map(|(_, section)| section)
    }

    /// Whatever stands in a section that is reached and is a section's name leads there: a file that names a section in
    /// a way that is not known here is not told that the section is unused.
    fn follow(&mut self) {
        let inf = self.inf;
        let mut open: Vec<usize> = Vec::new();
        for (index, section) in inf.sections.iter().enumerate() {
            let name = folded(&section.name);
            let name = name.split('.').next().unwrap_or_default();
            if language(&section.name).is_some()
                || STARTS.iter().any(|start| start.eq_ignore_ascii_case(name))
            {
                open.push(index);
            }
        }
        for manufacturer in entry::manufacturers(inf) {
            open.extend(manufacturer.base.iter().flat_map(|base| self.by_stem.get(&folded(base))).flatten());
        }
        while let Some(index) = open.pop() {
            if !self.reached.insert(index) || language(&inf.sections[index].name).is_some() {
                continue;
            }
            let lines = &inf.sections[index].lines;
            for field in lines.iter().flat_map(|line| line.key.iter().chain(&line.fields)) {
                let name = folded(&inf.expand(field));
                open.extend(
                    self.by_stem
                        .get(&name)
                        .into_iter()
                        .flatten()
                        .filter(|index| !self.reached.contains(index)),
                );
            }
        }
    }
}

/// `name`, in lower case, and what is left of it when a decoration or a part's name is taken from its end, again and
/// again.
fn stems(name: &str) -> Vec<&str> {
    let mut stems = vec![name];
    let mut rest = name;
    loop {
        let part = rest
            .rsplit_once('.')
            .filter(|(_, part)| PARTS.iter().any(|known| known.eq_ignore_ascii_case(part)));
        let Some(stem) = part.map(|(stem, _)| stem).or_else(|| Decoration::split(rest).map(|(stem, _)| stem))
        else {
            return stems;
        };
        stems.push(stem);
        rest = stem;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_stems_of_its_parts_and_decorations() {
        assert_eq!(stems("go.ntamd64.10.0.services"), ["go.ntamd64.10.0.services", "go.ntamd64.10.0", "go"]);
        assert_eq!(stems("go.hw.nt"), ["go.hw.nt", "go.hw", "go"]);
        assert_eq!(stems("driver.files"), ["driver.files"]);
    }

    #[test]
    fn what_leads_nowhere_is_unused() {
        let text = "[Version]\n[Manufacturer]\n%M%=Std,NTamd64\n[Std.NTamd64]\n%D%=Go,A\n[Go.NT.Services]\nAddService=a,2,Svc\n[Svc]\nx=Odd\n[Odd]\n[Lost]\ny=Other\n[Other]\n[Strings]\nM=m\nD=d\nE=Lost\n";
        let inf = Inf::parse("t.inf", text.as_bytes()).unwrap();
        let reach = Reach::of(&inf);
        let unused: Vec<_> = reach.unused().map(|section| section.name.as_str()).collect();
        assert_eq!(unused, ["Lost", "Other"]);
        assert!(reach.has_any("GO") && !reach.has_any("Nowhere"));
    }
}
