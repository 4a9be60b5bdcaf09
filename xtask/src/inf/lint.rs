//! Holding an INF file against the rules: those that Windows, its setup code and the service that signs drivers have, for
//! packages of devices and for primitive drivers.

mod class;
mod declarative;
mod entries;
mod files;
mod reach;
mod registry;
mod sections;
mod services;
mod strings;
mod version;

use std::collections::BTreeSet;

use super::decoration::Platform;
use super::model::{Field, Line};
use super::rule::Rule;
use super::{Inf, Place, Problem, entry, rule};
use crate::architecture::Architecture;

pub(crate) use files::{is_there, payload, payloads};

/// Everything that is wrong with `inf` by itself, in the order of the file.
pub(crate) fn check(inf: &Inf) -> Vec<Problem> {
    let mut lint = Lint { inf, problems: inf.oddities.clone() };
    let reach = reach::Reach::of(inf);
    lint.version();
    lint.strings();
    lint.entries(&reach);
    lint.sections(&reach);
    lint.files();
    lint.services(&reach);
    lint.registry(&reach);
    lint.declarative(&reach);
    let mut problems = lint.problems;
    problems.sort();
    problems.dedup();
    problems
}

/// A file under examination.
struct Lint<'a> {
    inf: &'a Inf,
    problems: Vec<Problem>,
}

/// A start of an installation: the newest Windows of an architecture, and the sections it installs.
struct Installation {
    platform: Platform,
    sections: Vec<String>,
}

impl Lint<'_> {
    fn add(&mut self, rule: Rule, place: Place, what: impl Into<String>, instead: impl Into<String>) {
        self.problems.push(Problem::new(rule, place, what, instead));
    }

    /// The value of `key` in `section`, its fields joined by commas, if `good` likes it; otherwise a problem that tells
    /// to write `instead`.
    fn wanted(
        &mut self,
        rule: Rule,
        section: &str,
        key: &str,
        instead: &str,
        good: impl Fn(&str) -> bool,
    ) -> Option<(String, Field)> {
        wanted(self.inf, rule, section, key, instead, good)
            .map_err(|problem| self.problems.push(problem))
            .ok()
    }

    /// What gets installed, for each architecture that the file names. Sections without an architecture count for x86.
    fn installations(&self) -> Vec<Installation> {
        let inf = self.inf;
        let installation = |architecture: &Architecture| {
            let platform = Platform::newest(*architecture);
            let mut sections = entry::sections(inf, &platform);
            for manufacturer in entry::manufacturers(inf) {
                for models in manufacturer.all_models(*architecture) {
                    let devices = entry::devices(inf, &models).into_iter();
                    sections.extend(devices.filter_map(|device| inf.actual(&device.install?, &platform)));
                }
            }
            sections.sort();
            sections.dedup();
            Installation { platform, sections }
        };
        architectures(inf).iter().map(installation).collect()
    }
}

/// The architectures that `inf` names; x86 where it names none.
fn architectures(inf: &Inf) -> BTreeSet<Architecture> {
    let manufacturers = entry::manufacturers(inf);
    let decorations = manufacturers.iter().flat_map(|manufacturer| &manufacturer.decorations);
    let of_devices = decorations.filter_map(|(_, _, decoration)| decoration.as_ref()?.architecture);
    let of_default = inf.variants("DefaultInstall").filter_map(|(_, decoration)| decoration.architecture);
    let mut found: BTreeSet<_> = of_devices.chain(of_default).collect();
    if found.is_empty() {
        let listed = |own: &Architecture| inf.has(&format!("SourceDisksFiles.{}", own.inf()));
        found.extend(Architecture::OF_INFS.into_iter().filter(listed));
    }
    if found.is_empty() {
        found.insert(Architecture::X86);
    }
    found
}

/// See [`Lint::wanted`].
pub(super) fn wanted(
    inf: &Inf,
    rule: Rule,
    section: &str,
    key: &str,
    instead: &str,
    good: impl Fn(&str) -> bool,
) -> Result<(String, Field), Problem> {
    let instead = format!("write `{instead}`");
    let entries = inf.entries(section, key);
    let Some(line) = entries.first() else {
        let what = format!("[{section}] has no {key}");
        return Err(Problem::new(rule, inf.place_of(section), what, instead));
    };
    let texts = |line: &Line| line.fields.iter().map(|field| inf.expand(field)).collect::<Vec<_>>();
    if let Some(second) = entries[1..].iter().find(|other| texts(other) != texts(line)) {
        let what = format!("[{section}] has {key} twice");
        return Err(Problem::new(rule::DUPLICATE_KEY, second.place(), what, "keep one of them"));
    }
    let value = texts(line).join(",");
    match line.fields.first().filter(|_| good(&value)) {
        Some(field) => Ok((value, field.clone())),
        None => {
            let place = line.fields.first().map_or(line.place(), |field| field.place);
            Err(Problem::new(rule, place, format!("{key} is {value:?}"), instead))
        }
    }
}

#[cfg(test)]
mod tests;
