//! What gets into a driver depends on what the map in ARCHITECTURE.md says, and on nothing else: each crate more is code in
//! the kernel that somebody has to have read.

use super::finding::Finding;
use super::tree::{Dependency, Package, Tree};

const LAW: &str = "map";

/// The document with the map: a table whose first column names a room and whose last what it may use.
const MAP: &str = "ARCHITECTURE.md";

/// The rooms whose code gets into drivers, as the map names them.
const ROOMS: [&str; 5] = ["crates/nmr-abi", "crates/nmr", "crates/nmr-npis", "crates/nmr-wdk", DRIVERS];
const DRIVERS: &str = "drivers/*";

/// Conditions under which no driver is built: the desk, and the models of loom.
const NO_DRIVER: [&str; 2] = ["cfg(not(nmr_driver))", "cfg(loom)"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for room in ROOMS {
        let packages: Vec<&Package> = tree.packages().iter().filter(|package| is_in(package, room)).collect();
        if packages.is_empty() {
            continue;
        }
        let Some(allowed) = allowed(tree, room) else {
            let what = format!("the map has no row for {room}");
            findings.push(Finding::new(LAW, MAP, 0, what, "say in its last column what that room may use"));
            continue;
        };
        for package in packages {
            let more = package.dependencies.iter().filter(|dependency| {
                gets_into_drivers(dependency) && !may_use(tree, room, &allowed, &dependency.name)
            });
            findings.extend(more.map(|dependency| finding(tree, package, &dependency.name, room, &allowed)));
        }
    }
    findings
}

fn is_in(package: &Package, room: &str) -> bool {
    match room.strip_suffix('*') {
        Some(folder) => package.folder.starts_with(folder),
        None => package.folder == room,
    }
}

/// The names in the last column of the row of `room`.
fn allowed<'a>(tree: &'a Tree, room: &str) -> Option<Vec<&'a str>> {
    let start = format!("| `{room}` |");
    let row = tree.file(MAP)?.text.lines().find(|line| line.starts_with(&start))?;
    let cell = row.trim_end().strip_suffix('|')?.rsplit('|').next()?;
    Some(cell.split(',').map(|name| name.trim().trim_matches('`')).collect())
}

fn gets_into_drivers(dependency: &Dependency) -> bool {
    let is_for_tests = dependency.kind.as_deref() == Some("dev");
    let is_for_desk = dependency.target.as_deref().is_some_and(|target| NO_DRIVER.contains(&target));
    !is_for_tests && !is_for_desk
}

fn may_use(tree: &Tree, room: &str, allowed: &[&str], name: &str) -> bool {
    // Contracts lie beside the drivers that share them; law 1 lets drivers speak to the kernel themselves.
    let is_neighbour =
        || tree.packages().iter().any(|package| package.name == name && is_in(package, DRIVERS));
    let is_kernel = || name == "wdk" || name.starts_with("wdk-");
    allowed.contains(&name) || room == DRIVERS && (is_neighbour() || is_kernel())
}

fn finding(tree: &Tree, package: &Package, name: &str, room: &str, allowed: &[&str]) -> Finding {
    let manifest = package.manifest();
    let line = tree.file(&manifest).map_or(0, |file| file.line_of_dependency(name));
    let what =
        format!("{} depends on {name}, and {room} may use {} in a driver", package.name, allowed.join(", "));
    let remedy = format!(
        "do without it, or move it to [dev-dependencies]; if drivers need it, put it into the map of {MAP} and say why"
    );
    Finding::new(LAW, &manifest, line, what, remedy)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{files_and_packages, places};
    use super::super::tree::Tree;
    use super::check;

    const ROWS: &str = "| room | what it is | may use |\n|---|---|---|\n\
        | `crates/nmr-abi` | the C contract | `core` |\n\
        | `crates/nmr` | the framework | nmr-abi, arrayvec |\n\
        | `crates/nmr-wdk` | the kernel | nmr, wdk-sys |\n\
        | `drivers/*` | samples | nmr, nmr-wdk |\n";

    fn tree(rows: &str, packages: &[(&str, &str, &[&str])]) -> Tree {
        files_and_packages(&[("ARCHITECTURE.md", rows)], packages)
    }

    #[test]
    fn a_crate_that_the_map_does_not_name_is_found() {
        let tree = tree(
            ROWS,
            &[
                ("nmr-abi", "crates/nmr-abi", &["arrayvec"]),
                ("nmr", "crates/nmr", &["nmr-abi", "rand", "cc:build"]),
                ("nmr-wdk", "crates/nmr-wdk", &["nmr", "wdk-sys", "spin"]),
                ("echo", "drivers/echo", &["nmr-wdk", "arrayvec"]),
            ],
        );
        let findings = check(&tree);
        let expected = [
            "crates/nmr-abi/Cargo.toml:2",
            "crates/nmr/Cargo.toml:3",
            "crates/nmr/Cargo.toml:4",
            "crates/nmr-wdk/Cargo.toml:4",
            "drivers/echo/Cargo.toml:3",
        ];
        assert_eq!(places(&findings), expected);
        let text = findings[1].to_string();
        assert!(text.contains("nmr depends on rand, and crates/nmr may use nmr-abi, arrayvec"), "{text}");
    }

    #[test]
    fn tests_the_desk_contracts_and_the_kernel_are_no_more() {
        let tree = tree(
            ROWS,
            &[
                ("nmr", "crates/nmr", &["nmr-abi", "proptest:dev", "loom@cfg(loom)"]),
                ("nmr-wdk", "crates/nmr-wdk", &["nmr", "nmr-sim@cfg(not(nmr_driver))"]),
                ("echo-npi", "drivers/echo-npi", &["nmr"]),
                ("echo", "drivers/echo", &["echo-npi", "wdk", "nmr-sim:dev"]),
                ("xtask", "xtask", &["anyhow"]),
            ],
        );
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn a_condition_that_drivers_fulfil_hides_nothing() {
        let tree = tree(ROWS, &[("nmr", "crates/nmr", &["rand@cfg(nmr_driver)"])]);
        assert_eq!(places(&check(&tree)), ["crates/nmr/Cargo.toml:2"]);
    }

    #[test]
    fn a_room_without_a_row_may_use_nothing() {
        let tree = tree("", &[("nmr", "crates/nmr", &["nmr-abi"])]);
        assert_eq!(places(&check(&tree)), ["ARCHITECTURE.md:0"]);
    }
}
