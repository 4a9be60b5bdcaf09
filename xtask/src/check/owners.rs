//! Law 6: one owner for each of the shutdown order, the completion of a detach, and the freeing of a binding.

use std::collections::BTreeMap;

use super::finding::Finding;
use super::tokens::{Token, find, inside};
use super::tree::Tree;

const LAW: &str = "law 6";

/// Something that one file does and no other.
struct Owned {
    what: &'static str,
    folder: &'static str,
    /// Any of these in a file's code means that it does it.
    patterns: &'static [&'static str],
    /// The file that defines the words and does not count.
    definition: &'static str,
}

const OWNED: [Owned; 7] = [
    Owned {
        what: "deregistering with NMR and waiting for it",
        folder: "crates/nmr",
        patterns: &[
            ". deregister_client (",
            ". deregister_provider (",
            ". wait_for_client_deregister_complete (",
            ". wait_for_provider_deregister_complete (",
        ],
        definition: "",
    },
    Owned {
        what: "completing a detach with NMR",
        folder: "crates/nmr",
        patterns: &[". client_detach_provider_complete (", ". provider_detach_client_complete ("],
        definition: "",
    },
    Owned {
        what: "the order of the unload",
        folder: "crates/nmr",
        patterns: &[". issue_deregister (", ". wait_deregistered ("],
        definition: "",
    },
    // Whoever has one may use it up, whatever it is called there: so others do not even name it.
    Owned {
        what: "holding a Completer",
        folder: "crates/nmr",
        patterns: &["Completer", ". complete (", ":: complete"],
        definition: "completer.rs",
    },
    Owned {
        what: "completing a detach for either role",
        folder: "crates/nmr",
        patterns: &[":: detach_complete (", ". detach_complete ("],
        definition: "",
    },
    Owned {
        what: "taking slots from the free list and giving them back to it",
        folder: "crates/nmr",
        patterns: &["FreeSlots"],
        definition: "free_slots.rs",
    },
    Owned {
        what: "calling NETIO.SYS",
        folder: "crates/nmr-wdk",
        patterns: &["NmrDeregisterClient (", "NmrDeregisterProvider (", "NmrClientDetachProviderComplete ("],
        definition: "",
    },
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for owned in &OWNED {
        one_owner(tree, owned, &mut findings);
    }
    completer(tree, &mut findings);
    findings
}

fn one_owner(tree: &Tree, owned: &Owned, findings: &mut Vec<Finding>) {
    let mut places = BTreeMap::new();
    let mut files = 0;
    for file in tree.product(owned.folder) {
        files += 1;
        if !owned.definition.is_empty() && file.path.ends_with(owned.definition) {
            continue;
        }
        let tokens = file.product_tokens();
        let first = owned
            .patterns
            .iter()
            .flat_map(|pattern| find(tokens, pattern))
            .filter(|at| is_use(tokens, *at))
            .min();
        if let Some(at) = first {
            places.insert(file.path.as_str(), tokens[at].line);
        }
    }
    if files > 0 && places.is_empty() {
        findings.push(Finding::new(
            LAW,
            &format!("{}/src", owned.folder),
            0,
            format!("nobody was found {}", owned.what),
            "teach xtask/src/check/owners.rs the words that it is done with now",
        ));
    }
    if places.len() > 1 {
        for (path, line) in &places {
            let others: Vec<&str> = places.keys().filter(|other| *other != path).copied().collect();
            findings.push(Finding::new(
                LAW,
                path,
                *line,
                format!("{} is also done in {}", owned.what, others.join(", ")),
                "leave it to one file",
            ));
        }
    }
}

/// Whether what stands at `at` is code that runs, and not the head of a definition.
fn is_use(tokens: &[Token], at: usize) -> bool {
    let heads = ["struct", "enum", "impl", "for", "fn", "use", "mod"];
    let before = |back| at.checked_sub(back).map(|at| &tokens[at]);
    let follows = |back, text| before(back).is_some_and(|token: &Token| token.is(text));
    // `impl<R> Word`, and not `-> Word`.
    let behind_parameters = follows(1, ">") && !follows(2, "-");
    !behind_parameters && !heads.iter().any(|head| follows(1, head))
}

/// The right to complete exists once: it is not copied, not dropped unseen, and used up.
fn completer(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.product("crates/nmr") {
        let tokens = file.product_tokens();
        let mut report = |line, what: &str, remedy: &str| {
            findings.push(Finding::new(LAW, &file.path, line, what, remedy));
        };
        for at in find(tokens, "struct Completer") {
            let before =
                tokens[..at].iter().rposition(|token| [";", "{", "}"].iter().any(|end| token.is(end)));
            let attributes = &tokens[before.map_or(0, |before| before + 1)..at];
            let derived =
                find(attributes, "derive (").into_iter().flat_map(|derive| inside(attributes, derive + 1));
            if derived.into_iter().any(|token| token.is("Clone") || token.is("Copy")) {
                report(
                    tokens[at].line,
                    "a Completer can be copied",
                    "take Clone and Copy out: a detach is completed once",
                );
            }
            if find(attributes, "must_use").is_empty() {
                report(tokens[at].line, "a Completer can be dropped unseen", "mark it #[must_use]");
            }
        }
        for at in find(tokens, "for Completer") {
            if at > 0 && (tokens[at - 1].is("Clone") || tokens[at - 1].is("Copy")) {
                report(
                    tokens[at].line,
                    "a Completer can be copied",
                    "take Clone and Copy out: a detach is completed once",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{files, places};
    use super::check;

    const WHOLE: &str = "//! W.\n#[must_use]\nstruct Completer<R> { slot: R }\n\
        fn f() { n.deregister_client(h); n.client_detach_provider_complete(b); r.issue_deregister(); }\n\
        fn g() -> Completer<R> { Completer::of(slot); R::detach_complete(n); FreeSlots::new() }\n";

    fn found(code: &str) -> Vec<String> {
        places(&check(&files(&[("crates/nmr/src/w.rs", WHOLE), ("crates/nmr/src/x.rs", code)])))
    }

    #[test]
    fn each_has_one_owner() {
        assert_eq!(found("//! X."), [""; 0]);
        for second in [
            "fn f() { n.wait_for_provider_deregister_complete(h); }",
            "fn f() { n.provider_detach_client_complete(h); }",
            "fn f() { r.wait_deregistered(&at); }",
            "fn f() { drop(Completer::of(slot)) }",
            "fn f(c: super::Completer) { c.complete(); }",
            "fn f() -> Completer { g() }",
            "fn f() { detachments().for_each(|c| c.complete()); }",
            "fn f() { g().map(C::complete); }",
            "use super::completer::Completer as Done;",
            "fn f() { Client::detach_complete(n) }",
            "static FREE: FreeSlots = f();",
        ] {
            let found = found(&format!("//! X.\n{second}"));
            assert_eq!(found.len(), 2, "{second}: {found:?}");
            assert_eq!(found[1], "crates/nmr/src/x.rs:2", "{second}");
        }
    }

    #[test]
    fn definitions_and_tests_do_not_count() {
        for fine in [
            "trait R { fn wait_deregistered(&self); }",
            "impl Completer { fn complete(self) {} }",
            "#[cfg(test)] mod tests { fn f() { n.deregister_client(h); } }",
        ] {
            assert_eq!(found(&format!("//! X.\n{fine}")), [""; 0], "{fine}");
        }
    }

    #[test]
    fn a_completer_exists_once() {
        let with = |attributes: &str| {
            let whole = WHOLE.replace("#[must_use]", attributes);
            places(&check(&files(&[("crates/nmr/src/w.rs", whole.as_str())])))
        };
        assert_eq!(with("#[must_use] #[derive(Debug)]"), [""; 0]);
        assert_eq!(with("#[must_use] #[derive(Debug, Clone)]"), ["crates/nmr/src/w.rs:3"]);
        assert_eq!(with("#[derive(Debug)]"), ["crates/nmr/src/w.rs:3"]);
        assert_eq!(found("//! X.\nimpl Clone for Completer<R> {}"), ["crates/nmr/src/x.rs:2"]);
    }

    #[test]
    fn what_nobody_does_is_not_believed() {
        assert_eq!(check(&files(&[("crates/nmr/src/x.rs", "//! X.")])).len(), 6);
    }
}
