//! What a primitive driver's INF undoes must be what it did: setup code that does not know primitive drivers runs its
//! uninstall section as it stands, and a wrong name there takes away what belongs to another.

use super::install::{self, InstalledFile};
use super::model::{Field, Inf};
use super::service::Service;
use super::{Place, Problem, rule};

/// The entry sections of which an architecture has one at most.
const ENTRIES: [&str; 2] = ["DefaultInstall", "DefaultUninstall"];

/// A section beside one for the same architecture. Windows runs the one that suits it best, whatever the others say.
pub(super) fn second_entries(inf: &Inf) -> Vec<Problem> {
    let (mut seen, mut problems) = (Vec::new(), Vec::new());
    for section in &inf.sections {
        let Some((entry, architecture)) = entry(&section.name) else { continue };
        if seen.contains(&(entry, architecture.clone())) {
            let what = format!("[{}] is a second {entry} section for {architecture}", section.name);
            problems.push(Problem::new(rule::UNINSTALL, section.place, what, "keep one of them"));
        }
        seen.push((entry, architecture));
    }
    problems
}

/// Which entry section `name` is, for which architecture, whatever the version of Windows. `.Services` and its like are
/// parts of another section.
fn entry(name: &str) -> Option<(&'static str, String)> {
    let mut parts = name.split('.');
    let first = parts.next()?;
    let entry = ENTRIES.into_iter().find(|entry| entry.eq_ignore_ascii_case(first))?;
    let architecture = parts.next()?.to_ascii_lowercase();
    let version = |part: &str| part.is_empty() || install::number(part).is_some();
    let known = architecture.strip_prefix("nt").unwrap_or(&architecture).to_owned();
    parts.all(version).then_some((entry, known))
}

/// Compares the section `uninstall`, if it is there, with what the INF installs.
pub(super) fn check(
    inf: &Inf,
    uninstall: &str,
    files: &[InstalledFile],
    services: &[Service],
) -> Vec<Problem> {
    if !inf.has(uninstall) {
        return Vec::new();
    }
    let mut problems = Vec::new();
    let names = files.iter().map(|file| file.name.as_str()).collect();
    let deleted = deleted_files(inf, uninstall, &mut problems);
    compare(inf.place_of(uninstall), "DelFiles", "CopyFiles", &deleted, names, &mut problems);

    let section = format!("{uninstall}.Services");
    let lines = inf.entries(&section, "DelService");
    let fields = lines.iter().filter_map(|line| line.fields.first());
    let deleted = expanded(inf, fields);
    let names = services.iter().map(|service| service.name.as_str()).collect();
    let place = if inf.has(&section) { &section } else { uninstall };
    compare(inf.place_of(place), "DelService", "AddService", &deleted, names, &mut problems);
    problems
}

type Named<'a> = Vec<(String, &'a Field)>;

/// The names that the DelFiles directives reach: `@file`, or each first field of the section named.
fn deleted_files<'a>(inf: &'a Inf, uninstall: &str, problems: &mut Vec<Problem>) -> Named<'a> {
    let lines = inf.entries(uninstall, "DelFiles");
    let mut names = Vec::new();
    for (value, field) in expanded(inf, lines.iter().flat_map(|line| &line.fields)) {
        if let Some(name) = value.strip_prefix('@') {
            names.push((name.to_owned(), field));
        } else if let Some(listed) = inf.section(&value) {
            names.extend(expanded(inf, listed.iter().filter_map(|line| line.fields.first())));
        } else {
            let what = format!("there is no section [{value}]");
            problems.push(Problem::new(
                rule::MISSING_SECTION,
                field.place,
                what,
                "name the section that CopyFiles names",
            ));
        }
    }
    names
}

fn expanded<'a>(inf: &Inf, fields: impl Iterator<Item = &'a Field>) -> Named<'a> {
    fields.map(|field| (inf.expand(field), field)).collect()
}

/// Nothing else may be deleted than was made, and nothing of it may stay.
fn compare(
    place: Place,
    delete: &str,
    make: &str,
    deleted: &Named<'_>,
    made: Vec<&str>,
    problems: &mut Vec<Problem>,
) {
    for (name, field) in deleted {
        if !made.iter().any(|made| made.eq_ignore_ascii_case(name)) {
            let what = format!("{delete} takes away {name}, which no {make} directive brings");
            problems.push(Problem::new(
                rule::UNINSTALL,
                field.place,
                what,
                format!("name what {make} names"),
            ));
        }
    }
    for name in made {
        if !deleted.iter().any(|(deleted, _)| deleted.eq_ignore_ascii_case(name)) {
            let what = format!("{make} brings {name}, which no {delete} directive takes away");
            problems.push(Problem::new(
                rule::UNINSTALL,
                place,
                what,
                format!("add a {delete} directive for it"),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_section_is_known_in_every_decoration() {
        assert_eq!(entry("DefaultInstall.NTamd64"), Some(("DefaultInstall", "amd64".to_owned())));
        assert_eq!(
            entry("defaultuninstall.AMD64.10.0...99999"),
            Some(("DefaultUninstall", "amd64".to_owned()))
        );
        assert_eq!(entry("DefaultInstall.NTamd64.Services"), None);
        assert_eq!(entry("DefaultInstall.NTamd64.10.0.Services"), None);
        assert_eq!(entry("DefaultInstall"), None);
        assert_eq!(entry("Driver.Files"), None);
    }

    #[test]
    fn one_section_for_each_architecture_is_fine() {
        let inf = |text: &str| Inf::parse("t.inf", text.as_bytes()).unwrap();
        let text = "[DefaultInstall.NTamd64]\n[DefaultInstall.NTarm64]\n[DefaultUninstall.NTamd64]\n";
        assert!(second_entries(&inf(text)).is_empty());
        let problems = second_entries(&inf("[DefaultInstall.NTamd64]\n[DefaultInstall.amd64]\n"));
        assert_eq!(problems[0].place.line, 2);
    }
}
