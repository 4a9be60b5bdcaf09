//! The rule system-locks: the framework locks with the system's spin lock, which raises the IRQL.

use super::finding::Finding;
use super::storage::CRATES;
use super::tokens::find;
use super::tree::Tree;

const RULE: &str = "system-locks";

/// Locks that leave the IRQL as it is. `spin::Once` runs before anybody else knows of the storage.
const LOCKS: [&str; 9] = [
    "spin :: Mutex",
    "spin :: mutex",
    "spin :: RwLock",
    "spin :: rwlock",
    "spin :: Barrier",
    "SpinMutex",
    "TicketMutex",
    "FairMutex",
    "spin :: {",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in CRATES.into_iter().flat_map(|folder| tree.product(folder)) {
        let tokens = file.product_tokens();
        for at in LOCKS.iter().flat_map(|lock| find(tokens, lock)) {
            findings.push(Finding::new(
                RULE,
                &file.path,
                tokens[at].line,
                "a lock that does not raise the IRQL: a DPC that wants it on its holder's processor spins for ever",
                "use `Lock` of crates/nmr/src/lock.rs, which is the system's, and name what else is taken of `spin` one by one",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::sample::{files, places};
    use super::check;

    fn found(code: &str) -> Vec<String> {
        places(&check(&files(&[("crates/nmr/src/a.rs", code)])))
    }

    #[test]
    fn a_lock_of_a_library_is_found() {
        for lock in [
            "static A: spin::Mutex<()> = spin::Once::new();",
            "use spin::{Mutex, Once};",
            "use spin::rwlock::RwLock;",
            "type Lock = spin::mutex::TicketMutex<u8>;",
        ] {
            let places = found(&format!("//! A.\n{lock}"));
            assert!(
                !places.is_empty() && places.iter().all(|place| place == "crates/nmr/src/a.rs:2"),
                "{lock}"
            );
        }
        assert_eq!(found("//! A.\nstatic A: spin::Once<u8> = spin::Once::new();"), [""; 0]);
        assert_eq!(found("//! A.\n#[cfg(test)]\nmod tests { use spin::Mutex; }"), [""; 0]);
    }
}
