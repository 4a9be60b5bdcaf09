//! What the catalogs of a driver package are to say, from its INF files alone.

use std::collections::{HashMap, HashSet};

use super::system::System;
use crate::architecture::Architecture;
use crate::inf::install::InstalledFile;
use crate::inf::{Inf, Place, Problem, Problems, entry, install, rule};

/// What one catalog is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Where the catalog goes: beside the INF that names it.
    pub(crate) catalog: String,
    pub(crate) systems: Vec<System>,
    /// The ids of the devices that the package is for, as a catalog has them, in the order of the INF files.
    pub(crate) hardware_ids: Vec<String>,
    pub(crate) files: Vec<PlannedFile>,
    /// Why it cannot be made.
    pub(crate) refused: Option<Problems>,
}

/// A file that a catalog vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlannedFile {
    /// The INF that names it, for messages.
    pub(crate) inf: String,
    /// Where that INF names it.
    pub(crate) place: Place,
    /// Where it lies in the package.
    pub(crate) source: String,
    /// The name it is installed by.
    pub(crate) name: String,
    /// The versions of Windows it is installed on.
    pub(crate) versions: Vec<String>,
    /// The architectures that its image may be for; none for an INF.
    pub(crate) architectures: Vec<Architecture>,
}

/// What the catalogs of the package of `infs` are to say, when it is made for `systems`. The catalogs come in the order of
/// the files that name them; each names the devices of all files.
pub(crate) fn plan(infs: &[Inf], systems: &[System]) -> Vec<Plan> {
    let mut plans: Vec<Plan> = Vec::new();
    let hardware_ids = hardware_ids(infs, systems);
    let unsupported = infs.iter().find_map(unsupported);
    for inf in infs {
        let catalogs = match catalogs(inf, systems) {
            Ok(catalogs) => catalogs,
            Err(problem) => {
                let problems = Problems::new(&inf.name, vec![problem]);
                of_catalog(&mut plans, &inf.name, &hardware_ids).refused = Some(problems);
                continue;
            }
        };
        let files =
            unsupported.as_ref().map_or_else(|| files(inf, systems), |problems| Err(problems.clone()));
        for (system, catalog) in catalogs {
            let plan = of_catalog(&mut plans, &catalog, &hardware_ids);
            match &files {
                Ok(files) => plan.add(inf, system, files),
                Err(problems) => plan.refused = Some(problems.clone()),
            }
        }
    }
    plans
}

/// The plan for the catalog at `catalog`, made when there is none yet.
fn of_catalog<'a>(plans: &'a mut Vec<Plan>, catalog: &str, hardware_ids: &[String]) -> &'a mut Plan {
    let index = plans.iter().position(|plan| plan.catalog.eq_ignore_ascii_case(catalog));
    let index = index.unwrap_or_else(|| {
        plans.push(Plan {
            catalog: catalog.to_owned(),
            systems: Vec::new(),
            hardware_ids: hardware_ids.to_vec(),
            files: Vec::new(),
            refused: None,
        });
        plans.len() - 1
    });
    &mut plans[index]
}

impl Plan {
    fn add(&mut self, inf: &Inf, system: &System, files: &[CountedFile]) {
        if !self.systems.contains(system) {
            self.systems.push(system.clone());
        }
        let name = inf.file_name();
        self.file(inf, system, Place::START, name, name);
        for file in files.iter().filter(|file| file.tokens.contains(&system.token)) {
            let planned = self.file(inf, system, file.place, &file.source, &file.name);
            planned.architectures.clone_from(&file.architectures);
        }
    }

    /// The file at `source`, seen from the INF, which is installed as `name` on `system` too.
    fn file(
        &mut self,
        inf: &Inf,
        system: &System,
        place: Place,
        source: &str,
        name: &str,
    ) -> &mut PlannedFile {
        let source = beside(inf, source);
        let same = |file: &PlannedFile| {
            file.name.eq_ignore_ascii_case(name) && file.source.eq_ignore_ascii_case(&source)
        };
        let index = self.files.iter().position(same).unwrap_or_else(|| {
            self.files.push(PlannedFile {
                inf: inf.name.clone(),
                place,
                source: source.clone(),
                name: name.to_owned(),
                versions: Vec::new(),
                architectures: Vec::new(),
            });
            self.files.len() - 1
        });
        let file = &mut self.files[index];
        let version = system.version();
        if !file.versions.contains(&version) {
            file.versions.push(version);
        }
        file
    }
}

/// The path of `file`, which lies beside `inf` or below.
fn beside(inf: &Inf, file: &str) -> String {
    inf.name.rsplit_once('/').map_or_else(|| file.to_owned(), |(folder, _)| format!("{folder}/{file}"))
}

/// A file with the systems that it counts for.
struct CountedFile {
    place: Place,
    source: String,
    name: String,
    tokens: HashSet<String>,
    /// The architectures for which it lies there.
    architectures: Vec<Architecture>,
}

impl CountedFile {
    fn new(file: &InstalledFile) -> Self {
        let InstalledFile { source, name, field, .. } = file;
        let (tokens, architectures) = (HashSet::new(), Vec::new());
        Self { place: field.place, source: source.clone(), name: name.clone(), tokens, architectures }
    }
}

/// The files that `inf` installs on `systems`. Inf2Cat counts by install sections: a file counts for every system that some
/// section with it is installed on, wherever the file lies for each of them.
fn files(inf: &Inf, systems: &[System]) -> Result<Vec<CountedFile>, Problems> {
    let mut counted: Vec<CountedFile> = Vec::new();
    let mut known: HashMap<(String, String), usize> = HashMap::new();
    let (mut problems, mut found) = (Vec::new(), HashSet::new());
    for (sharing, sections) in shared_sections(inf, systems) {
        for system in &sharing {
            let reached = install::files(inf, &sections, &system.platform);
            problems.extend(reached.problems);
            for file in &reached.files {
                found.insert(file.field.place);
                let key = (file.name.to_ascii_lowercase(), file.source.to_ascii_lowercase());
                let index = *known.entry(key).or_insert_with(|| {
                    counted.push(CountedFile::new(file));
                    counted.len() - 1
                });
                let counted = &mut counted[index];
                counted.tokens.extend(sharing.iter().map(|system| system.token.clone()));
                for architecture in entry::counted_for(system.platform.architecture) {
                    if !counted.architectures.contains(architecture) {
                        counted.architectures.push(*architecture);
                    }
                }
            }
        }
    }
    // Where a file is found for some system, it need not be there for the others that its section counts for.
    let elsewhere = |problem: &Problem| problem.rule == rule::SOURCE_FILE && found.contains(&problem.place);
    let problems = problems.into_iter().filter(|problem| problem.is_error() && !elsewhere(problem)).collect();
    Problems::check(&inf.name, problems)?;
    Ok(counted)
}

/// The install sections of `inf`, those together that are installed on the same ones of `systems`.
fn shared_sections<'a>(inf: &Inf, systems: &'a [System]) -> Vec<(Vec<&'a System>, Vec<String>)> {
    let architectures = architectures(systems);
    let sections = |system: &System| entry::cataloged_sections(inf, &system.platform, &architectures);
    let of_systems: Vec<_> = systems.iter().map(sections).collect();
    let mut sharing: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, sections) in of_systems.iter().enumerate() {
        for section in sections {
            sharing.entry(section.to_ascii_lowercase()).or_default().push(index);
        }
    }
    let mut groups: Vec<(Vec<usize>, Vec<String>)> = Vec::new();
    for section in of_systems.iter().flatten() {
        let Some(indices) = sharing.remove(&section.to_ascii_lowercase()) else { continue };
        match groups.iter_mut().find(|(known, _)| *known == indices) {
            Some((_, sections)) => sections.push(section.clone()),
            None => groups.push((indices, vec![section.clone()])),
        }
    }
    let named = |indices: Vec<usize>| indices.into_iter().map(|index| &systems[index]).collect();
    groups.into_iter().map(|(indices, sections)| (named(indices), sections)).collect()
}

/// The catalogs of `inf` for `systems`: `CatalogFile` may be decorated with an architecture.
fn catalogs<'a>(inf: &Inf, systems: &'a [System]) -> Result<Vec<(&'a System, String)>, Problem> {
    let mut found = Vec::new();
    for system in systems {
        let Some((line, name)) = entry::catalog(inf, system.platform.architecture) else { continue };
        let ends_well = name.to_ascii_lowercase().ends_with(".cat") && name.len() > ".cat".len();
        if !ends_well || !name.is_ascii() || name.contains(['\\', '/', ':']) {
            let what = format!("CatalogFile is {name:?}");
            let instead = "write `CatalogFile = driver-name.cat`";
            return Err(Problem::new(rule::CATALOG_FILE, line.place(), what, instead));
        }
        found.push((system, beside(inf, &name)));
    }
    if !found.is_empty() {
        return Ok(found);
    }
    let what = "[Version] names no catalog for the systems asked for";
    let instead = "write `CatalogFile = driver-name.cat`";
    Err(Problem::new(rule::CATALOG_FILE, inf.place_of("Version"), what, instead))
}

/// What no catalog of ours can say. It would stand in each catalog of the package.
fn unsupported(inf: &Inf) -> Option<Problems> {
    inf.has("SignatureAttributes").then(|| {
        let what =
            "[SignatureAttributes] asks for attributes, like PETrust or DRMLevel, that are not made here";
        let instead = "remove it, or have the catalog made by Inf2Cat";
        let place = inf.place_of("SignatureAttributes");
        Problems::new(&inf.name, vec![Problem::new(rule::SIGNATURE_ATTRIBUTES, place, what, instead)])
    })
}

/// The ids of the devices that `infs` are for on the architectures of `systems`, each once.
fn hardware_ids(infs: &[Inf], systems: &[System]) -> Vec<String> {
    let architectures = architectures(systems);
    let mut ids = Vec::new();
    let mut seen = HashSet::new();
    for inf in infs {
        for models in entry::cataloged_models(inf, &architectures) {
            for id in entry::devices(inf, &models).into_iter().flat_map(|device| device.ids) {
                let id = id.trim_start_matches('*').trim_end_matches('\\').to_ascii_lowercase();
                if !id.is_empty() && seen.insert(id.clone()) {
                    ids.push(id);
                }
            }
        }
    }
    ids
}

/// The architectures of `systems`, each once.
fn architectures(systems: &[System]) -> Vec<Architecture> {
    let mut found = Vec::new();
    for architecture in systems.iter().map(|system| system.platform.architecture) {
        if !found.contains(&architecture) {
            found.push(architecture);
        }
    }
    found
}
