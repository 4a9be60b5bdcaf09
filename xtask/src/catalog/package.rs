//! From a driver package to the lists of its catalogs: the one generator, for `package`, `catalog` and `verify`.

use std::borrow::Cow;

use super::member::{Form, Member};
use super::payload::{Payload, wrong_machine};
use super::plan::{Plan, PlannedFile, plan};
use super::system::System;
use super::trust_list::TrustList;
use crate::architecture::Architecture;
use crate::inf::{Inf, Problem, Problems, rule};

/// What is not in a package, and has to be said for its catalogs.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    /// The systems the package is for.
    pub(crate) systems: Vec<System>,
    /// The versions that every file is for, in place of those that follow from the INF files and the systems.
    pub(crate) versions: Option<String>,
    /// The list's identifier. Without one it follows from what the list says.
    pub(crate) identifier: Option<[u8; 16]>,
    /// When the list was made, in seconds since 1970.
    pub(crate) time: u64,
}

impl Parameters {
    /// Those of a bundle's catalogs: for the oldest system of `architecture`, made at `time`.
    pub(crate) fn of_bundle(architecture: Architecture, time: u64) -> Self {
        Self { systems: vec![System::oldest(architecture)], versions: None, identifier: None, time }
    }
}

/// The list of each catalog of the package of `infs`, by the catalog's path; or why it cannot be made. `file` gives the
/// content of a file by its path. A file that is missing, that is an image for another architecture, or that a catalog
/// cannot vouch for, is a problem at the place where an INF names it.
pub(crate) fn lists<'a>(
    infs: &[Inf],
    parameters: &Parameters,
    mut file: impl FnMut(&str) -> Option<Cow<'a, [u8]>>,
) -> Vec<(String, Result<TrustList, Problems>)> {
    let lists = plan(infs, &parameters.systems).into_iter().map(|plan| {
        let list = match &plan.refused {
            Some(problems) => Err(problems.clone()),
            None => list(&plan, parameters, &mut file),
        };
        (plan.catalog, list)
    });
    lists.collect()
}

/// The list of the one catalog that `inf` names.
pub(crate) fn only_list<'a>(
    inf: Inf,
    parameters: &Parameters,
    file: impl FnMut(&str) -> Option<Cow<'a, [u8]>>,
) -> Result<TrustList, Problems> {
    let place = inf.place_of("Version");
    let name = inf.name.clone();
    let mut lists = lists(&[inf], parameters, file);
    match (lists.pop(), lists.is_empty()) {
        (Some((_, list)), true) => list,
        _ => {
            let instead = "write one CatalogFile";
            Err(Problems::new(
                &name,
                vec![Problem::new(rule::CATALOG_FILE, place, "it has not one catalog", instead)],
            ))
        }
    }
}

fn list<'a>(
    plan: &Plan,
    parameters: &Parameters,
    file: &mut impl FnMut(&str) -> Option<Cow<'a, [u8]>>,
) -> Result<TrustList, Problems> {
    let form = Form::of(&plan.systems);
    let mut members: Vec<(String, Member)> = Vec::new();
    let mut problems: Vec<(&str, Problem)> = Vec::new();
    for planned in &plan.files {
        match planned_members(&plan.catalog, planned, parameters, form, file) {
            Ok(found) => {
                members.extend(found.into_iter().map(|member| (planned.name.to_ascii_lowercase(), member)));
            }
            Err(problem) => problems.push((&planned.inf, problem)),
        }
    }
    if let Some((inf, _)) = problems.first() {
        let of_inf = problems.iter().filter(|(name, _)| name == inf).map(|(_, problem)| problem.clone());
        return Err(Problems::new(inf, of_inf.collect()));
    }
    // By digest; files with the same content by name.
    members.sort_by(|(name, member), (other_name, other)| {
        member.tag.as_bytes().cmp(other.tag.as_bytes()).then_with(|| name.cmp(other_name))
    });
    let members = members.into_iter().map(|(_, member)| member).collect();
    let tokens = System::tokens(&plan.systems);
    TrustList::new(form, parameters.time, &tokens, &plan.hardware_ids, members, parameters.identifier)
        .map_err(|error| {
            let what = format!("no catalog can say this: {error:#}");
            let inf = plan.files.first().map_or("", |file| &file.inf);
            Problems::new(
                inf,
                vec![Problem::new(rule::UNCATALOGED, crate::inf::Place::START, what, "use plain letters")],
            )
        })
}

fn planned_members<'a>(
    catalog: &str,
    planned: &PlannedFile,
    parameters: &Parameters,
    form: Form,
    file: &mut impl FnMut(&str) -> Option<Cow<'a, [u8]>>,
) -> Result<Vec<Member>, Problem> {
    let problem = |rule, what: String, instead: &str| Problem::new(rule, planned.place, what, instead);
    if planned.source.eq_ignore_ascii_case(catalog) {
        let what = "a catalog does not vouch for itself".to_owned();
        return Err(problem(rule::LISTED_CATALOG, what, "leave it out of the package"));
    }
    let Some(content) = file(&planned.source) else {
        let what = format!("the file {} is not in the package", planned.source);
        return Err(problem(rule::MISSING_FILE, what, "add it, or name a file that is there"));
    };
    let payload = Payload { name: &planned.name, content: &content };
    let cannot = |what: String| problem(rule::UNCATALOGED, what, "leave it out of the package");
    payload.check().map_err(|error| cannot(error.to_string()))?;
    if let Some(what) = wrong_machine(&payload, &planned.architectures) {
        let instead = "build it for that architecture, or name the right file";
        return Err(problem(rule::WRONG_MACHINE, what, instead));
    }
    let versions = parameters.versions.clone().unwrap_or_else(|| planned.versions.join(","));
    form.members(&payload, &versions).map_err(|error| cannot(format!("{}: {error:#}", planned.name)))
}
