//! What the libraries export.

use crate::toolchain::{have, libraries, run};
use std::collections::BTreeSet;
use std::process::Command;

const NMR: [&str; 9] = [
    "NmrClientAttachProvider",
    "NmrClientDetachProviderComplete",
    "NmrDeregisterClient",
    "NmrDeregisterProvider",
    "NmrProviderDetachClientComplete",
    "NmrRegisterClient",
    "NmrRegisterProvider",
    "NmrWaitForClientDeregisterComplete",
    "NmrWaitForProviderDeregisterComplete",
];

/// The names that a header declares as functions of the simulator.
fn declared() -> BTreeSet<String> {
    let header =
        std::fs::read_to_string(crate::toolchain::package().join("include/nmr_sim.h")).expect("the header");
    let declarations = header.lines().filter(|line| line.contains(" NTAPI nmr_sim_"));
    declarations
        .filter_map(|line| line.split("NTAPI ").nth(1)?.split('(').next().map(str::to_owned))
        .collect()
}

/// What `nm` lists as defined and visible.
fn defined(arguments: &[&str], library: &str) -> BTreeSet<String> {
    let ended = run(Command::new("nm").args(arguments).arg(libraries().join(library)));
    let names =
        ended.output.lines().filter_map(|line| line.split_once(" T ").map(|(_, name)| name.to_owned()));
    names.collect()
}

#[test]
fn the_shared_library_exports_what_the_headers_declare_and_nothing_else() {
    if !have("nm") {
        return;
    }
    let mut expected = declared();
    assert!(expected.len() > 10, "{expected:?}");
    expected.extend(NMR.map(str::to_owned));
    assert_eq!(defined(&["-D", "--defined-only"], "libnmr_sim.so"), expected);
}

#[test]
fn the_static_library_has_them_as_well() {
    if !have("nm") {
        return;
    }
    let defined = defined(&["--defined-only"], "libnmr_sim.a");
    for name in declared().iter().map(String::as_str).chain(NMR) {
        assert!(defined.contains(name), "{name}");
    }
}
