//! Law 4: storage is static and fixed. No heap in the framework or a driver, but for requests of the I/O manager, and no
//! wait in a detach or cleanup callback.

use super::finding::Finding;
use super::source::SourceFile;
use super::tokens::{Kind, Token, find, inside};
use super::tree::Tree;

const LAW: &str = "law 4";

/// What is linked into every driver.
pub(super) const CRATES: [&str; 3] = ["crates/nmr", "crates/nmr-abi", "crates/nmr-wdk"];

/// The one place with the routines of the pool: an IRP comes from there too, and outlives whoever has sent it. `images.rs` sees
/// that no driver without requests has them.
const POOL: &str = "crates/nmr-wdk/src/kernel/io_request/pool.rs";

/// Code that needs an allocator, whatever it is called by the file.
const HEAP: [&str; 24] = [
    "extern crate alloc",
    "extern crate std",
    "alloc ::",
    "std ::",
    "vec !",
    "format !",
    "Box ::",
    "Box <",
    "Vec ::",
    "Vec <",
    "String",
    "ToString",
    "ToOwned",
    "Rc ::",
    "Rc <",
    "Arc ::",
    "Arc <",
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
    "HashMap",
    "HashSet",
    "LinkedList",
    "VecDeque",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let drivers = tree.packages().iter().filter(|package| package.folder.starts_with("drivers/"));
    let folders = CRATES.into_iter().chain(drivers.map(|package| package.folder.as_str()));
    for file in folders.flat_map(|folder| tree.product(folder)) {
        heap(file, &mut findings);
    }
    let mut callbacks = 0;
    for file in tree.product("crates/nmr") {
        callbacks += waits(file, &mut findings);
    }
    if callbacks == 0 && tree.product("crates/nmr").next().is_some() {
        findings.push(Finding::new(
            LAW,
            "crates/nmr/src",
            0,
            "no `extern \"system\"` function for detach or cleanup was found, so nothing was checked",
            "name them so, or teach xtask/src/check/storage.rs their names",
        ));
    }
    for package in tree.packages().iter().filter(|package| package.name != "wdk-upstream-probe") {
        if package.dependencies.iter().any(|dependency| dependency.name == "wdk-alloc") {
            let manifest = package.manifest();
            let line = tree.file(&manifest).map_or(0, |file| file.line_of_dependency("wdk-alloc"));
            let what = format!("{} depends on wdk-alloc", package.name);
            findings.push(Finding::new(
                LAW,
                &manifest,
                line,
                what,
                "keep what it allocates in static storage",
            ));
        }
    }
    findings
}

fn heap(file: &SourceFile, findings: &mut Vec<Finding>) {
    let tokens = file.product_tokens();
    let mut found: Vec<(usize, String)> = HEAP
        .iter()
        .flat_map(|pattern| {
            find(tokens, pattern).into_iter().map(|at| (tokens[at].line, pattern.replace(' ', "")))
        })
        .collect();
    let routines = tokens.iter().filter(|token| {
        file.path != POOL
            && token.kind == Kind::Word
            && ["ExAllocatePool", "ExFreePool"].iter().any(|name| token.text.starts_with(name))
    });
    found.extend(routines.map(|token| (token.line, token.text.clone())));
    found.sort();
    found.dedup_by_key(|(line, _)| *line);
    for (line, what) in found {
        findings.push(Finding::new(
            LAW,
            &file.path,
            line,
            format!("{what} needs a heap, which drivers do not have"),
            "use a fixed array in place, or mark the item `#[cfg(test)]` if it is for tests",
        ));
    }
}

/// Looks for waits in the callbacks of `file`; answers how many callbacks there are.
fn waits(file: &SourceFile, findings: &mut Vec<Finding>) -> usize {
    let tokens = file.product_tokens();
    let mut callbacks = 0;
    for at in find(tokens, "fn _") {
        let name = &tokens[at + 1].text;
        let is_callback = at > 0 && tokens[at - 1].text == "\"system\"";
        if !is_callback || !["detach", "cleanup"].iter().any(|kind| name.contains(kind)) {
            continue;
        }
        let Some(open) = (at..tokens.len()).find(|at| tokens[*at].is("{")) else { continue };
        callbacks += 1;
        for token in inside(tokens, open).iter().filter(|token| is_wait(token)) {
            findings.push(Finding::new(
                LAW,
                &file.path,
                token.line,
                format!("the callback {name} names {}, which waits", token.text),
                "answer STATUS_PENDING and let the last user complete: the callback may run at DISPATCH_LEVEL",
            ));
        }
    }
    callbacks
}

fn is_wait(token: &Token) -> bool {
    let starts = ["wait", "sleep", "join", "park", "KeWait", "KeDelay", "MayWait"];
    token.kind == Kind::Word && starts.iter().any(|start| token.text.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{files, packages, places};
    use super::check;

    const CALLBACKS: &str = "//! T.\nunsafe extern \"system\" fn detach(c: *mut u8) {}\n";

    fn found(code: &str) -> Vec<String> {
        places(&check(&files(&[("crates/nmr/src/t.rs", CALLBACKS), ("crates/nmr/src/a.rs", code)])))
    }

    #[test]
    fn the_framework_has_no_heap() {
        for heap in [
            "extern crate alloc;",
            "use std::collections::HashMap;",
            "fn f() -> Box<u8> { g() }",
            "fn f() { vec![1]; }",
            "macro_rules! m { () => { Vec::new() } }",
            "fn f() { unsafe { ExAllocatePool2(1) } }",
        ] {
            assert_eq!(found(&format!("//! A.\n{heap}")), ["crates/nmr/src/a.rs:2"], "{heap}");
        }
        let fine = "//! A Box<u8>.\nuse arrayvec::ArrayVec;\n#[cfg(test)]\nmod tests { extern crate std; }\n";
        assert_eq!(found(fine), [""; 0]);
    }

    #[test]
    fn one_file_has_the_pool() {
        let code = "//! A.\nfn f() { unsafe { ExAllocatePool2(1) } }\nfn g() -> Box<u8> { h() }";
        let callbacks = ("crates/nmr/src/t.rs", CALLBACKS);
        let of = |path: &str| places(&check(&files(&[callbacks, (path, code)])));
        assert_eq!(of(super::POOL), [format!("{}:3", super::POOL)], "and no other heap");
        assert_eq!(of("crates/nmr-wdk/src/a.rs").len(), 2);
    }

    #[test]
    fn a_detach_callback_does_not_wait() {
        let callback = "//! A.\nextern \"system\" fn on_cleanup() {\n    event.wait_for(1);\n}";
        assert_eq!(found(callback), ["crates/nmr/src/a.rs:3"]);
        let attach = "//! A.\nextern \"system\" fn attach() {\n    event.wait_for(1);\n}";
        assert_eq!(found(attach), [""; 0]);
        let other = "//! A.\nfn detach() {\n    event.wait_for(1);\n}";
        assert_eq!(found(other), [""; 0]);
    }

    #[test]
    fn a_framework_without_callbacks_is_not_believed() {
        assert_eq!(places(&check(&files(&[("crates/nmr/src/a.rs", "//! A.")]))), ["crates/nmr/src:0"]);
    }

    #[test]
    fn no_driver_links_an_allocator() {
        let tree = packages(&[
            ("composite", "drivers/composite", &["wdk-alloc"]),
            ("wdk-upstream-probe", "crates/wdk-build/upstream-probe", &["wdk-alloc"]),
        ]);
        assert_eq!(places(&check(&tree)), ["drivers/composite/Cargo.toml:2"]);
    }
}
