//! The world: one Network Module Registrar and all that is registered with it.

use crate::binding::{Binding, Settings};
use crate::builder::{Order, Sequence, WorldBuilder};
use crate::contract::{Record, Rule, Violation};
use crate::epitaphs::Epitaphs;
use crate::faults::Faults;
use crate::frames;
use crate::irql::Irql;
use crate::memory::Memory;
use crate::npi::Npis;
use crate::patience::Patience;
use crate::registration::Registration;
use crate::schedule::{Point, Schedule};
use crate::sync::lock;
use crate::table::Table;
use crate::trace::{Diagram, Event, Trace, What, json};
use nmr_abi::ModuleId;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A Network Module Registrar. The value is a cheap handle; clones are the same world. Nothing is shared between
/// worlds, so that tests run in parallel.
///
/// Modules reach it through [`nmr_abi::Registrar`]. Statuses that the documentation does not give are these: a
/// deregistration or wait that breaks a rule answers STATUS_INVALID_PARAMETER, a wait inside a callback that it would
/// wait for, or at DISPATCH_LEVEL, STATUS_INVALID_DEVICE_STATE, and a fault that was asked for
/// STATUS_INSUFFICIENT_RESOURCES.
#[derive(Clone)]
pub struct World {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    /// Part of every handle, where handles of several worlds may meet.
    pub(crate) mark: u8,
    pub(crate) npis: Npis,
    pub(crate) registrations: Table<Registration>,
    pub(crate) bindings: Table<Binding>,
    pub(crate) epitaphs: Epitaphs,
    pub(crate) faults: Faults,
    pub(crate) memory: Memory,
    pub(crate) trace: Trace,
    pub(crate) contract: Record,
    pub(crate) settings: Settings,
    pub(crate) detach_order: Order,
    pub(crate) cleanup_order: Order,
    pub(crate) cleanup_for_null_context: bool,
    pub(crate) idle_deregister_succeeds: bool,
    pub(crate) sequence: Sequence,
    pub(crate) detach_irql: Irql,
    pub(crate) patience: Patience,
    pub(crate) schedule: Option<Box<dyn Schedule>>,
}

/// What is left in a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Registrations that were not waited for, as text, in the order in which they were made.
    pub registrations: Vec<String>,
    /// How many bindings there are, from the offer to the last cleanup.
    pub bindings: usize,
    /// How many blocks of [`World::allocate`] were not freed.
    pub memory: usize,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// A world with nobody in it and the settings that [`WorldBuilder`] names as defaults.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A world in which a wait that has not returned after `limit` panics, with a list of the bindings that hold it.
    pub fn with_wait_limit(limit: Duration) -> Self {
        Self::builder().wait_limit(limit).build()
    }

    /// The settings of a new world.
    pub fn builder() -> WorldBuilder {
        WorldBuilder::default()
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    /// What happened so far, if the world records it.
    pub fn events(&self) -> Vec<Event> {
        self.inner.trace.events()
    }

    /// What happened so far, one line for each event.
    pub fn story(&self) -> String {
        self.events().iter().map(|event| format!("{event}\n")).collect()
    }

    /// What happened so far as a sequence diagram in text: clients, the NMR, providers, one line for each event.
    pub fn diagram(&self) -> String {
        Diagram::of(&self.events()).to_string()
    }

    /// What happened so far as a sequence diagram for [Mermaid](https://mermaid.js.org).
    pub fn mermaid(&self) -> String {
        Diagram::of(&self.events()).mermaid()
    }

    /// What happened so far as JSON: an array of objects, each with `sequence`, `event`, and the fields of [`What`] under
    /// the names that its text has; numbers are numbers, the module of who did not say is `null`.
    pub fn json(&self) -> String {
        json(&self.events())
    }

    /// Panics unless all of `expected` happened, in this order, whatever else did. Each is the beginning of the text of an
    /// event, without its sequence, of which any `key=value` may be left out.
    ///
    /// ```no_run
    /// # let world = nmr_sim::World::new();
    /// world.assert_happened(&["offered binding=1", "attached status=STATUS_SUCCESS", "ended binding=1"]);
    /// ```
    #[track_caller]
    pub fn assert_happened(&self, expected: &[&str]) {
        let told: Vec<String> = self.events().iter().map(|event| event.what.to_string()).collect();
        let mut left = told.iter();
        for wanted in expected {
            let is_it = |event: &&String| {
                let (mut words, mut event) = (wanted.split(' '), event.split(' '));
                words.next() == event.next() && words.all(|word| event.any(|known| known == word))
            };
            if left.find(is_it).is_none() {
                panic!("{wanted:?} did not happen, or not in this order");
            }
        }
    }

    /// The rules that were broken so far, warnings included.
    pub fn violations(&self) -> Vec<Violation> {
        self.judge_memory();
        self.inner.contract.violations()
    }

    /// Panics if a rule was broken, be it only a warning.
    #[track_caller]
    pub fn assert_clean(&self) {
        let violations = self.violations();
        if !violations.is_empty() {
            let list: String = violations.iter().map(|violation| format!("\n  {violation}")).collect();
            panic!("the NMR's contract was broken:{list}\nwhat happened:\n{}", self.story());
        }
    }

    /// What is registered or attached at this moment.
    pub fn left(&self) -> Left {
        Left {
            registrations: self.inner.registrations.all().iter().map(ToString::to_string).collect(),
            bindings: self.inner.bindings.len(),
            memory: self.inner.memory.live(),
        }
    }

    /// Panics if anything is left: all modules are unloaded now.
    #[track_caller]
    pub fn assert_unloaded(&self) {
        let Left { registrations, bindings, memory } = self.left();
        if !registrations.is_empty() || bindings > 0 || memory > 0 {
            let list = registrations.join("\n  ");
            let story = self.story();
            panic!(
                "{bindings} bindings and {memory} allocations are left, and of registrations:\n  {list}\n{story}"
            );
        }
    }

    /// Says that the module `id` is unloaded now: each registration of it that is left breaks
    /// [`Rule::LeftBehind`]. Returns how many there are.
    pub fn module_unloaded(&self, id: &ModuleId) -> usize {
        self.unloaded(|registration| registration.module.id().as_ref() == Some(id))
    }

    /// As [`Self::module_unloaded`], of every module: each registration that is left breaks [`Rule::LeftBehind`].
    pub fn all_unloaded(&self) -> usize {
        self.unloaded(|_| true)
    }

    fn unloaded(&self, gone: impl Fn(&Registration) -> bool) -> usize {
        let mut left = self.inner.registrations.all();
        left.retain(|registration| gone(registration));
        for registration in &left {
            self.violated(Rule::LeftBehind, || format!("{registration} is still there"));
        }
        left.len()
    }

    pub(crate) fn violated(&self, rule: Rule, by: impl FnOnce() -> String) {
        let violation = Violation { rule, by: by() };
        self.note(|| What::Violated(violation.clone()));
        self.inner.contract.add(violation);
    }

    #[inline]
    pub(crate) fn note(&self, what: impl FnOnce() -> What) {
        self.inner.trace.note(what);
    }

    pub(crate) fn pause(&self, point: Point) {
        if let Some(schedule) = &self.inner.schedule {
            frames::set_subject(None);
            schedule.pause(point);
        }
    }

    /// Pauses at a point that is about `binding`.
    pub(crate) fn pause_at(&self, point: Point, binding: &Binding) {
        if let Some(schedule) = &self.inner.schedule {
            frames::set_subject(Some((binding.client.module.number(), binding.provider.module.number())));
            schedule.pause(point);
        }
    }

    /// What tells this world from the others that a thread may be inside of.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.inner).addr()
    }
}

impl Drop for Inner {
    /// Lets go of what modules left behind: registrations and bindings know each other.
    fn drop(&mut self) {
        for registration in self.registrations.all() {
            registration.npi.leave(&registration);
            lock(&registration.life).bindings.clear();
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("left", &self.left()).field("violations", &self.violations()).finish()
    }
}
