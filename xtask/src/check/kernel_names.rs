//! Law 1: only nmr-wdk and drivers may name a `wdk*` crate. Everything else builds and tests on any host.

use super::finding::Finding;
use super::tree::{Package, Tree};

const LAW: &str = "law 1";

/// Drivers below these folders are built for the kernel: those that ship, and the one that proves the drop-in with
/// the upstream crates.
const DRIVERS: [&str; 2] = ["drivers/", "crates/wdk-build/upstream-probe"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in tree.packages().iter().filter(|package| !may_name_the_kernel(package)) {
        for dependency in &package.dependencies {
            if dependency.name == "wdk" || dependency.name.starts_with("wdk-") {
                let manifest = package.manifest();
                let line = tree.file(&manifest).map_or(0, |file| file.line_of_dependency(&dependency.name));
                findings.push(Finding::new(
                    LAW,
                    &manifest,
                    line,
                    format!("{} depends on {}", package.name, dependency.name),
                    "go through a seam of nmr-wdk, which alone speaks to the kernel",
                ));
            }
        }
    }
    findings
}

fn may_name_the_kernel(package: &Package) -> bool {
    package.name == "nmr-wdk" || DRIVERS.iter().any(|folder| package.folder.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{packages, places};
    use super::check;

    #[test]
    fn a_library_must_not_name_the_kernel() {
        let tree = packages(&[
            ("nmr", "crates/nmr", &["nmr-abi", "wdk-sys"]),
            ("nmr-lab", "crates/nmr-lab", &["wdk:dev"]),
            ("nmr-wdk", "crates/nmr-wdk", &["wdk", "wdk-sys"]),
            ("composite", "drivers/composite", &["wdk"]),
            ("wdk-upstream-probe", "crates/wdk-build/upstream-probe", &["wdk-panic"]),
            ("xtask", "xtask", &["wdkit"]),
        ]);
        let findings = check(&tree);
        assert_eq!(places(&findings), ["crates/nmr/Cargo.toml:3", "crates/nmr-lab/Cargo.toml:2"]);
        assert!(findings[0].what.contains("nmr depends on wdk-sys"), "{}", findings[0]);
    }
}
