//! Every package that this workspace depends on, whatever the machine or the feature that asks for it, may be used under
//! the licences that deny.toml allows.

use std::collections::{BTreeMap, VecDeque};

use anyhow::Result;
use serde::Deserialize;

use super::finding::Finding;
use crate::context::Context;
use crate::licence::{self, Rule};

const LAW: &str = "licences";

/// What cargo resolves Cargo.lock to.
#[derive(Debug, Deserialize)]
pub(super) struct Graph {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

impl Graph {
    /// That of the workspace.
    pub(super) fn read(context: &Context) -> Result<Self> {
        context.all_packages()
    }

    pub(super) fn packages(&self) -> usize {
        self.packages.len()
    }

    /// For each package by its identifier, a shortest way to it from a member of the workspace: who pulls it in.
    fn ways(&self) -> BTreeMap<&str, Vec<&str>> {
        let nodes: BTreeMap<&str, &Node> =
            self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut ways: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut waiting: VecDeque<&str> = VecDeque::new();
        for member in &self.workspace_members {
            ways.insert(member, vec![member]);
            waiting.push_back(member);
        }
        while let Some(at) = waiting.pop_front() {
            let way = ways.get(at).cloned().unwrap_or_default();
            for next in nodes.get(at).map_or(&[][..], |node| &node.dependencies) {
                if !ways.contains_key(next.as_str()) {
                    ways.insert(next, [&way[..], &[next.as_str()]].concat());
                    waiting.push_back(next);
                }
            }
        }
        ways
    }

    fn shown(&self, way: &[&str]) -> String {
        let name = |id: &&str| {
            let found = self.packages.iter().find(|package| package.id == **id);
            found.map_or((*id).to_owned(), |package| package.name.clone())
        };
        way.iter().map(name).collect::<Vec<_>>().join(" -> ")
    }
}

/// Holds `graph` against `rule`.
pub(super) fn check(graph: &Graph, rule: &Rule) -> Vec<Finding> {
    let ways = graph.ways();
    let mut findings = Vec::new();
    for package in &graph.packages {
        let Err(why) = rule.judge(&package.name, package.license.as_deref()) else { continue };
        let way = ways.get(package.id.as_str()).map(|way| graph.shown(way)).unwrap_or_default();
        findings.push(Finding::new(
            LAW,
            "Cargo.lock",
            0,
            format!("{} {} (by {way}): {why}", package.name, package.version),
            format!("take a crate under a licence that {} allows, or none", licence::FILE),
        ));
    }
    let licences: Vec<(&str, &str)> = graph
        .packages
        .iter()
        .filter_map(|package| Some((package.name.as_str(), package.license.as_deref()?)))
        .collect();
    for unused in rule.unused(&licences) {
        let what = format!("{unused} is allowed, and nobody has it");
        findings.push(Finding::new(LAW, licence::FILE, 0, what, "take it off the list"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `own` depends on `a`, and `a` on `b`, whose licence is `licence`.
    fn graph(licence: &str) -> Graph {
        let text = format!(
            r#"{{"packages":[{{"id":"0","name":"own","version":"0.1.0","license":"MIT"}},
            {{"id":"1","name":"a","version":"1.0.0","license":"MIT/Zlib"}},
            {{"id":"2","name":"b","version":"2.0.0","license":{licence}}}],"workspace_members":["0"],
            "resolve":{{"nodes":[{{"id":"0","dependencies":["1"]}},{{"id":"1","dependencies":["2"]}},
            {{"id":"2","dependencies":[]}}]}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn found(licence: &str, rule: &str) -> Vec<String> {
        let rule = Rule::parse(&format!("[licenses]\nallow = {rule}")).unwrap();
        check(&graph(licence), &rule).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn who_pulls_in_what_is_not_allowed_is_said() {
        assert_eq!(found("\"MIT\"", "[\"MIT\"]"), [""; 0]);
        assert_eq!(
            found("\"MPL-2.0\"", "[\"MIT\"]"),
            [
                "licences: Cargo.lock: b 2.0.0 (by own -> a -> b): its licence is MPL-2.0, and MPL-2.0 is not allowed; \
              take a crate under a licence that deny.toml allows, or none"
            ]
        );
        assert!(found("null", "[\"MIT\"]")[0].contains("b 2.0.0 (by own -> a -> b): its manifest names no"));
    }

    #[test]
    fn what_is_allowed_in_vain_is_found() {
        let found = found("\"MIT\"", "[\"MIT\", \"ISC\"]");
        assert_eq!(found, ["licences: deny.toml: ISC is allowed, and nobody has it; take it off the list"]);
    }
}
