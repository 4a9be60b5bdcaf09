//! Counts what happened, from the log alone: events of nmr-sim and lines of the drivers.

use std::collections::BTreeSet;

use nmr_lab::log::Line;
use regex::Regex;
use serde::Serialize;

use super::expectations::{LOADED, TRAFFIC, UNLOADED, VIOLATION, number, pattern};

/// What happened so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    /// How often NMR registered a module.
    pub(super) registrations: u64,
    /// How often a client and a provider were attached.
    pub(super) attaches: u64,
    /// How often a side was asked to detach.
    pub(super) detaches: u64,
    /// How many of them were answered STATUS_PENDING: calls were in flight.
    pub(super) detaches_pending: u64,
    /// Drivers that were loaded.
    pub(super) loads: u64,
    /// Drivers that were unloaded.
    pub(super) unloads: u64,
    /// Pool blocks that drivers allocated, and freed.
    pub(super) blocks: u64,
    /// Calls through Echo.
    pub(super) echoed: u64,
    /// Calls through Relay, which the composite driver serves through Echo.
    pub(super) relayed: u64,
    /// Calls through Relay while Echo was not there: answered with a failure, as the contract says.
    pub(super) not_relayed: u64,
    /// Calls that gave something else back than they should.
    pub(super) wrong: u64,
    /// Registrations that NMR still knew after the last deregistration it saw.
    #[serde(skip)]
    pub(super) left: Left,
}

/// What NMR still knew after the last deregistration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Left {
    /// Registrations.
    pub(super) registrations: u64,
    /// Bindings.
    pub(super) bindings: u64,
}

/// Reads lines into a tally.
#[derive(Debug)]
pub(super) struct Counter {
    event: Regex,
    left: Regex,
    loaded: Regex,
    traffic: Regex,
    unloaded: Regex,
    violation: Regex,
    /// Where images lay, or lie.
    places: BTreeSet<String>,
    pub(super) tally: Tally,
}

impl Counter {
    pub(super) fn new() -> Self {
        Self {
            event: pattern(r"^nmr-sim: \d+ (?<name>[a-z-]+)"),
            left: pattern(r"registrations-left=(?<registrations>\d+) bindings-left=(?<bindings>\d+)"),
            loaded: pattern(LOADED),
            traffic: pattern(TRAFFIC),
            unloaded: pattern(UNLOADED),
            violation: pattern(VIOLATION),
            places: BTreeSet::new(),
            tally: Tally::default(),
        }
    }

    /// Counts `lines`, and returns those that tell of a broken rule.
    pub(super) fn count(&mut self, lines: &[Line]) -> Vec<String> {
        let mut violations = Vec::new();
        for Line { text, .. } in lines {
            if self.violation.is_match(text) {
                violations.push(text.clone());
            } else if let Some(captures) = self.event.captures(text) {
                self.count_event(&captures["name"], text);
            } else if let Some(captures) = self.loaded.captures(text) {
                self.tally.loads += 1;
                if !self.places.insert(captures["base"].to_owned()) {
                    violations.push(format!("an image lies where another one lay: {text}"));
                }
            } else if let Some(captures) = self.unloaded.captures(text) {
                self.tally.unloads += 1;
                self.tally.blocks += number(&captures, "blocks");
            } else if let Some(captures) = self.traffic.captures(text)
                && &captures["when"] == "stop"
            {
                // The last word of each life of the client; what it says in between is contained in it.
                let tally = &mut self.tally;
                tally.echoed += number(&captures, "echoed");
                tally.relayed += number(&captures, "relayed");
                tally.not_relayed += number(&captures, "not_relayed");
                tally.wrong += number(&captures, "wrong");
            }
        }
        violations
    }

    fn count_event(&mut self, name: &str, text: &str) {
        let tally = &mut self.tally;
        match name {
            "registered" => {
                tally.registrations += 1;
                tally.left.registrations += 1;
            }
            "attached" => tally.attaches += 1,
            "detach-returned" => {
                tally.detaches += 1;
                tally.detaches_pending += u64::from(text.ends_with("status=STATUS_PENDING"));
            }
            "waited" => {
                if let Some(captures) = self.left.captures(text) {
                    let registrations = number(&captures, "registrations");
                    tally.left = Left { registrations, bindings: number(&captures, "bindings") };
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Vec<Line> {
        texts
            .iter()
            .map(|text| Line { time: String::new(), thread: String::new(), text: (*text).to_owned() })
            .collect()
    }

    #[test]
    fn events_and_last_words_are_counted() {
        let mut counter = Counter::new();
        let violations = counter.count(&lines(&[
            "nmr-sim: 1 registered side=provider registration=1 npi=x module=none number=0",
            "nmr-sim: 2 attached binding=1 client=2 provider=1 npi=x status=STATUS_SUCCESS",
            "nmr-sim: 3 detach-returned side=client binding=1 npi=x status=STATUS_PENDING",
            "nmr-sim: 4 detach-returned side=provider binding=1 npi=x status=STATUS_SUCCESS",
            "echo-client: progress: echoed 5 relayed 2 not_relayed 0 wrong 0",
            "echo-client: stop: echoed 7 relayed 3 not_relayed 1 wrong 0",
        ]));
        assert!(violations.is_empty());
        let Tally {
            registrations,
            attaches,
            detaches,
            detaches_pending,
            echoed,
            relayed,
            not_relayed,
            wrong,
            ..
        } = counter.tally;
        assert_eq!([registrations, attaches, detaches, detaches_pending], [1, 1, 2, 1]);
        assert_eq!([echoed, relayed, not_relayed, wrong], [7, 3, 1, 0]);
    }

    #[test]
    fn what_is_left_is_what_the_last_wait_says() {
        let mut counter = Counter::new();
        counter.count(&lines(&[
            "nmr-sim: 1 registered side=provider registration=1 npi=x module=none number=0",
        ]));
        assert_eq!(counter.tally.left.registrations, 1, "never deregistered");
        counter.count(&lines(&[
            "nmr-sim: 9 waited side=client registration=1 npi=x registrations-left=2 bindings-left=1",
        ]));
        assert_eq!(counter.tally.left, Left { registrations: 2, bindings: 1 });
        counter.count(&lines(&[
            "nmr-sim: 9 waited side=client registration=1 npi=x registrations-left=0 bindings-left=0",
        ]));
        assert_eq!(counter.tally.left, Left::default());
    }

    #[test]
    fn images_that_come_and_go_are_counted_and_lie_nowhere_twice() {
        let mut counter = Counter::new();
        let loaded = "nmr-lab: loaded driver=a.sys base=0x1000 size=0x1000";
        let gone = "nmr-lab: unloaded driver=a.sys blocks=7 leaked=0";
        assert!(counter.count(&lines(&[loaded, gone])).is_empty());
        let Tally { loads, unloads, blocks, .. } = counter.tally;
        assert_eq!([loads, unloads, blocks], [1, 1, 7]);
        assert!(counter.count(&lines(&[loaded]))[0].contains("where another one lay"));
    }

    #[test]
    fn a_broken_rule_is_returned() {
        let violation = "nmr-sim: VIOLATION 4 rule=twice text=a client completes twice; but once is enough";
        assert_eq!(Counter::new().count(&lines(&[violation])), [violation]);
    }
}
