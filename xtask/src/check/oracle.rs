//! Law 2: nmr-sim never depends on nmr. An oracle cannot share the mistakes of what it judges.

use std::collections::{BTreeSet, VecDeque};

use super::finding::Finding;
use super::tree::Tree;

const LAW: &str = "law 2";
const ORACLE: &str = "nmr-sim";
const JUDGED: &str = "nmr";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut ways = VecDeque::from([vec![ORACLE.to_owned()]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let Some(last) = way.last() else { continue };
        let Some(package) = tree.packages().iter().find(|package| package.name == *last) else { continue };
        for dependency in &package.dependencies {
            // What tests of another package use does not get into this one.
            let counts = way.len() == 1 || dependency.kind.as_deref() != Some("dev");
            if !counts || !seen.insert(dependency.name.clone()) {
                continue;
            }
            let mut longer = way.clone();
            longer.push(dependency.name.clone());
            if dependency.name == JUDGED {
                let manifest = package.manifest();
                let line = tree.file(&manifest).map_or(0, |file| file.line_of_dependency(JUDGED));
                let what = format!("the oracle depends on what it judges: {}", longer.join(" -> "));
                let remedy = "share contracts through nmr-abi only";
                return vec![Finding::new(LAW, &manifest, line, what, remedy)];
            }
            ways.push_back(longer);
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::super::sample::packages;
    use super::check;

    #[test]
    fn the_oracle_may_not_reach_the_framework_on_any_way() {
        for (own, others) in
            [("nmr", "core"), ("nmr:dev", "core"), ("nmr-npis", "nmr"), ("nmr-npis:dev", "nmr:build")]
        {
            let tree = packages(&[
                ("nmr-sim", "crates/nmr-sim", &["nmr-abi", own]),
                ("nmr-npis", "crates/nmr-npis", &[others]),
                ("nmr", "crates/nmr", &["nmr-abi", "nmr-sim:dev"]),
            ]);
            let findings = check(&tree);
            assert_eq!(findings.len(), 1, "{own}, {others}");
            assert!(findings[0].what.contains("nmr-sim -> "), "{}", findings[0]);
            assert_ne!(findings[0].line, 0, "{}", findings[0]);
        }
    }

    #[test]
    fn the_framework_may_be_tested_with_the_oracle() {
        let tree = packages(&[
            ("nmr-sim", "crates/nmr-sim", &["nmr-abi", "tempfile:dev"]),
            ("nmr-abi", "crates/nmr-abi", &["nmr:dev"]),
            ("nmr", "crates/nmr", &["nmr-abi", "nmr-sim:dev"]),
        ]);
        assert_eq!(check(&tree), []);
    }
}
