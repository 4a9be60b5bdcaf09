//! What happens when a module breaks a rule.

mod rule;

pub use rule::{Rule, Severity};

use crate::sync::lock;
use std::fmt;
use std::sync::Mutex;

/// A rule that a module has broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// Who broke it, and how.
    pub by: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.sentence())
    }
}

impl Violation {
    /// Who broke the rule and how, what the rule says, and where it stands.
    pub fn sentence(&self) -> String {
        format!("{}; but {} ({})", self.by, self.rule.text(), self.rule.page())
    }
}

/// What a world does when a module breaks a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnViolation {
    /// Collects it for [`World::violations`](crate::World::violations), and goes on as documented for the rule.
    #[default]
    Collect,
    /// Collects it, then panics on the thread that broke the rule. Warnings are collected only.
    Panic,
    /// Keeps nothing: [`WorldBuilder::violation_listener`](crate::WorldBuilder::violation_listener) says who is told.
    Tell,
}

/// Somebody who is told of each violation, with no lock of the world held.
pub(crate) type ViolationListener = Box<dyn Fn(&Violation) + Send + Sync>;

/// The violations of a world.
#[derive(Default)]
pub(crate) struct Record {
    on_violation: OnViolation,
    listener: Option<ViolationListener>,
    violations: Mutex<Vec<Violation>>,
}

impl Record {
    pub(crate) fn new(on_violation: OnViolation, listener: Option<ViolationListener>) -> Self {
        Self { on_violation, listener, violations: Mutex::default() }
    }

    pub(crate) fn violations(&self) -> Vec<Violation> {
        lock(&self.violations).clone()
    }

    /// Tells of `violation`, keeps it, and panics if that was asked for.
    pub(crate) fn add(&self, violation: Violation) {
        if let Some(listener) = &self.listener {
            listener(&violation);
        }
        if self.on_violation == OnViolation::Tell {
            return;
        }
        let fatal = self.on_violation == OnViolation::Panic && violation.rule.severity() == Severity::Error;
        lock(&self.violations).push(violation.clone());
        if fatal {
            panic!("the NMR's contract is broken: {violation}");
        }
    }
}
