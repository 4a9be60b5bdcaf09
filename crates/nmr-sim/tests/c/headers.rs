//! The headers: strict, self-contained, of the documented layout, and at peace with a host's own types.

use crate::toolchain::{compiler, folder, have, run, source};

const HEADERS: [&str; 8] = [
    "netioddk.h",
    "nmr_sim.h",
    "netiodef.h",
    "nmr_sim/nt_types.h",
    "nmr_sim/annotations.h",
    "nmr_sim/annotations/functions.h",
    "nmr_sim/annotations/locks.h",
    "nmr_sim/annotations/parameters.h",
];

/// Which language the sources are taken for, by which compiler and standard.
const LANGUAGES: [(&str, &str, &str); 5] = [
    ("cc", "c11", "c"),
    ("cc", "gnu17", "c"),
    ("g++", "c++17", "c++"),
    ("g++", "c++20", "c++"),
    ("clang", "c11", "c"),
];

/// Clang is not among the tools that are needed.
fn languages() -> Vec<(&'static str, &'static str, &'static str)> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let clang = std::env::split_paths(&path).any(|folder| folder.join("clang").is_file());
    LANGUAGES
        .into_iter()
        .filter(|(compiler, ..)| if *compiler == "clang" { clang } else { have(compiler) })
        .collect()
}

#[test]
fn each_header_stands_alone_and_may_be_included_twice() {
    for (name, standard, language) in languages() {
        for header in HEADERS {
            let file = folder("headers").join(format!("{}.{standard}", header.replace('/', "-")));
            std::fs::write(&file, format!("#include <{header}>\n#include <{header}>\nextern int more;\n"))
                .expect("a source");
            run(compiler(name, standard).args(["-fsyntax-only", "-x", language]).arg(&file)).succeeded();
        }
    }
}

#[test]
fn layouts_and_types_are_those_of_windows() {
    for (name, standard, language) in languages() {
        run(compiler(name, standard).args(["-fsyntax-only", "-x", language]).arg(source("layout.c")))
            .succeeded();
    }
}

#[test]
fn a_module_may_be_annotated_throughout() {
    for (name, standard, language) in languages() {
        let mut command = compiler(name, standard);
        run(command.args(["-fsyntax-only", "-x", language]).arg(source("annotated.c"))).succeeded();
    }
}

#[test]
fn a_host_may_have_the_types_already() {
    for (name, standard, language) in languages() {
        for more in [&[][..], &["-DSAME_TYPES"]] {
            let mut command = compiler(name, standard);
            run(command.args(["-fsyntax-only", "-x", language]).args(more).arg(source("host_types.c")))
                .succeeded();
        }
    }
}

/// The compiler for Windows brings the real types.
#[test]
fn windows_own_headers_come_first_on_windows() {
    let name = "x86_64-w64-mingw32-gcc";
    if have(name) {
        for program in ["layout.c", "annotated.c"] {
            run(compiler(name, "c11").arg("-fsyntax-only").arg(source(program))).succeeded();
        }
    }
}
