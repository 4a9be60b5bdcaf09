//! What modules have done wrong in one world of the process, and how it is told.

use super::settings::OnViolation;
use crate::contract::{Rule, Severity, Violation};
use crate::sync::lock;
use crate::world::{Inner, World};
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, Weak};

/// So many violations keep their text: who breaks a rule in a loop shall not fill the memory.
const TEXTS_KEPT: usize = 1000;

/// So often a rule that only warns is told of; the rest is counted. A module that lives a thousand times is told once.
const WARNINGS_TOLD: u64 = 5;

/// The violations of one world.
#[derive(Debug)]
pub(crate) struct Ledger {
    on_violation: OnViolation,
    /// The world, for its story.
    world: OnceLock<Weak<Inner>>,
    /// How often each rule was broken, in the order of [`Rule::ALL`].
    counts: Vec<AtomicU64>,
    texts: Mutex<Vec<String>>,
}

impl Ledger {
    pub(crate) fn new(on_violation: OnViolation) -> Self {
        Self {
            on_violation,
            world: OnceLock::new(),
            counts: Rule::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
            texts: Mutex::default(),
        }
    }

    /// Says whose ledger this is.
    pub(crate) fn belongs_to(&self, world: &World) {
        let _ = self.world.set(std::sync::Arc::downgrade(&world.inner));
    }

    /// Takes `violation` down and tells of it, as was asked for.
    pub(crate) fn add(&self, violation: &Violation) {
        let place = Rule::ALL.iter().position(|rule| *rule == violation.rule);
        let before = place.map_or(0, |place| self.counts[place].fetch_add(1, Ordering::Relaxed));
        if self.on_violation == OnViolation::Count {
            return;
        }
        let is_error = violation.rule.severity() == Severity::Error;
        let kind = if is_error { "error" } else { "warning" };
        let text = format!("{kind} {violation}");
        if self.on_violation != OnViolation::Collect && (is_error || before < WARNINGS_TOLD) {
            say(&text);
            if !is_error && before + 1 == WARNINGS_TOLD {
                let rule = violation.rule.name();
                say(&format!("from here on {rule} is counted and not told: nmr_sim_violations(\"{rule}\")"));
            }
        }
        {
            let mut texts = lock(&self.texts);
            if texts.len() < TEXTS_KEPT {
                texts.push(text);
            }
        }
        if self.on_violation == OnViolation::Abort && is_error {
            self.abort();
        }
    }

    /// How often `rule` was broken, or any.
    pub(crate) fn count(&self, rule: Option<Rule>) -> u64 {
        let counts = Rule::ALL.iter().zip(&self.counts);
        let counted = counts.filter(|(known, _)| rule.is_none_or(|rule| rule == **known));
        counted.map(|(_, count)| count.load(Ordering::Relaxed)).sum()
    }

    /// The text of the violation `index`, counted from 0, if it was kept.
    pub(crate) fn text(&self, index: usize) -> Option<String> {
        lock(&self.texts).get(index).cloned()
    }

    /// Ends the process, after the story of the world if that is known.
    pub(crate) fn abort(&self) -> ! {
        let world = self.world.get().and_then(Weak::upgrade).map(|inner| World { inner });
        let story = world.map(|world| world.story()).unwrap_or_default();
        if story.is_empty() {
            say("aborted; NMR_SIM_EVENTS=record shows what led here");
        } else {
            say(&format!("aborted; what led here:\n{story}"));
        }
        std::process::abort();
    }
}

/// Writes a line to standard error, as a whole, so that those of several threads do not mix.
pub(crate) fn say(text: &str) {
    let line = format!("nmr-sim: {text}\n");
    // Where nobody reads, nobody is told.
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::{Ledger, TEXTS_KEPT};
    use crate::c_library::settings::OnViolation;
    use crate::contract::{Rule, Violation};

    fn violation(rule: Rule) -> Violation {
        Violation { rule, by: "a client does it".to_owned() }
    }

    #[test]
    fn violations_are_counted_by_rule_and_told_in_order() {
        let ledger = Ledger::new(OnViolation::Collect);
        ledger.add(&violation(Rule::CompletedTwice));
        ledger.add(&violation(Rule::LengthField));
        ledger.add(&violation(Rule::CompletedTwice));
        assert_eq!((ledger.count(None), ledger.count(Some(Rule::CompletedTwice))), (3, 2));
        assert_eq!(ledger.count(Some(Rule::WrongSide)), 0);
        let text = |index| ledger.text(index).expect("kept");
        assert!(text(0).starts_with("error completed-twice: a client does it; but "), "{}", text(0));
        assert!(text(1).starts_with("warning length-field: "), "{}", text(1));
        assert_eq!(ledger.text(3), None);
    }

    #[test]
    fn texts_are_kept_up_to_a_limit_and_not_at_all_when_only_counted() {
        for (on_violation, kept) in [(OnViolation::Collect, TEXTS_KEPT), (OnViolation::Count, 0)] {
            let ledger = Ledger::new(on_violation);
            for _ in 0..=TEXTS_KEPT {
                ledger.add(&violation(Rule::UnknownHandle));
            }
            assert_eq!(ledger.count(None), TEXTS_KEPT as u64 + 1);
            assert_eq!((0..).take_while(|index| ledger.text(*index).is_some()).count(), kept);
        }
    }
}
