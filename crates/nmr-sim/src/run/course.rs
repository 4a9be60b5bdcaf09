//! How far a run has come: the actions that have begun and not ended, and where each of them stands.

use super::gate::Gate;
use crate::choices::Choices;
use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Whether a wait is over.
pub(super) type IsOver = Arc<dyn Fn() -> bool + Send + Sync>;

/// An action that has begun and not ended, on a thread of its own.
pub(super) struct Activity {
    /// Tells it from others of the same run.
    pub(super) id: u64,
    pub(super) action: usize,
    /// Where it stands, as a hash of what its thread said when it came there.
    pub(super) place: u128,
    /// The same to read, if somebody watches.
    pub(super) shown: Option<String>,
    /// What it waits for, if it does.
    pub(super) waits_for: Option<IsOver>,
    /// Nothing will ever end its wait.
    pub(super) stuck: bool,
    pub(super) gate: Arc<Gate>,
}

impl Hash for Activity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.action, self.place, self.waits_for.is_some()).hash(state);
    }
}

/// How far a run has come. One thread at a time is at work in a run, and it alone changes this.
pub(super) struct Course {
    pub(super) choices: Choices,
    pub(super) performing: bool,
    pub(super) activities: Vec<Activity>,
    pub(super) begun: u64,
    /// The action that had the last turn.
    pub(super) last: Option<usize>,
    /// Which action did what.
    pub(super) steps: Vec<(usize, &'static str)>,
    /// What the first action that panicked said.
    pub(super) panic: Option<Box<dyn Any + Send>>,
}

impl Course {
    pub(super) fn new(choices: Choices) -> Self {
        Self {
            choices,
            performing: false,
            activities: Vec::new(),
            begun: 0,
            last: None,
            steps: Vec::new(),
            panic: None,
        }
    }

    pub(super) fn activity(&mut self, id: u64) -> Option<&mut Activity> {
        self.activities.iter_mut().find(|activity| activity.id == id)
    }

    /// How many actions have begun that do not wait.
    pub(super) fn at_work(&self) -> usize {
        self.activities.iter().filter(|activity| activity.waits_for.is_none()).count()
    }
}
