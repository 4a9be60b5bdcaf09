//! The settings of a world: what Windows leaves open, and what a test wants to know.

use crate::binding::Settings;
use crate::contract::{OnViolation, Record, Violation, ViolationListener};
use crate::irql::Irql;
use crate::npi::Npis;
use crate::number_map::NumberMap;
use crate::patience::Patience;
use crate::schedule::{Point, Schedule};
use crate::side::Side;
use crate::trace::{Event, Listener, Trace};
use crate::world::{Inner, World};
use nmr_abi::NpiId;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Which of two callbacks comes first. Windows does not say; a module must bear any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The client's.
    #[default]
    ClientFirst,
    /// The provider's.
    ProviderFirst,
    /// The [`Schedule`] chooses each time.
    Scheduled,
}

/// In which order a registration is offered its peers, and a deregistration detaches its bindings. Windows does not say; a
/// module must bear any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sequence {
    /// Who registered, or was attached, first.
    #[default]
    OldestFirst,
    /// By the `Number` of the other side's registration instance, then as above.
    LowestNumberFirst,
    /// The [`Schedule`] chooses each time who is next.
    Scheduled,
}

/// The sizes in bytes of what the modules of an NPI show to each other: tables that stay as they are. 0 for what is not
/// there, or may change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// A client's `NpiSpecificCharacteristics`.
    pub client_characteristics: usize,
    /// A provider's `NpiSpecificCharacteristics`.
    pub provider_characteristics: usize,
    /// A client's dispatch table.
    pub client_dispatch: usize,
    /// A provider's dispatch table.
    pub provider_dispatch: usize,
}

impl Sizes {
    pub(crate) fn characteristics(self, side: Side) -> usize {
        match side {
            Side::Client => self.client_characteristics,
            Side::Provider => self.provider_characteristics,
        }
    }
}

/// The settings of a [`World`].
#[must_use]
pub struct WorldBuilder {
    detach_order: Order,
    cleanup_order: Order,
    cleanup_for_null_context: bool,
    idle_deregister_succeeds: bool,
    sizes: NumberMap<u128, Sizes>,
    sequence: Sequence,
    detach_irql: Irql,
    settings: Settings,
    patience: Patience,
    on_violation: OnViolation,
    violation_listener: Option<ViolationListener>,
    schedule: Option<Box<dyn Schedule>>,
    record: bool,
    diagram_on_panic: bool,
    listener: Option<Listener>,
    mark: u8,
}

impl fmt::Debug for WorldBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorldBuilder")
            .field("detach_order", &self.detach_order)
            .field("cleanup_order", &self.cleanup_order)
            .field("cleanup_for_null_context", &self.cleanup_for_null_context)
            .field("idle_deregister_succeeds", &self.idle_deregister_succeeds)
            .field("sequence", &self.sequence)
            .field("detach_irql", &self.detach_irql)
            .field("settings", &self.settings)
            .field("first_report_of_wait", &self.patience.first_stretch())
            .field("on_violation", &self.on_violation)
            .finish_non_exhaustive()
    }
}

impl Default for WorldBuilder {
    fn default() -> Self {
        Self {
            detach_order: Order::default(),
            cleanup_order: Order::default(),
            cleanup_for_null_context: true,
            idle_deregister_succeeds: false,
            sizes: NumberMap::default(),
            sequence: Sequence::default(),
            detach_irql: Irql::default(),
            settings: Settings { cleanup_overtakes_detach: true, wait_covers_detach: true },
            patience: Patience::default(),
            on_violation: OnViolation::default(),
            violation_listener: None,
            schedule: None,
            record: true,
            diagram_on_panic: true,
            listener: None,
            mark: 0,
        }
    }
}

impl WorldBuilder {
    /// Whose detach callback comes first; the client's by default.
    pub fn detach_order(mut self, order: Order) -> Self {
        self.detach_order = order;
        self
    }

    /// Whose cleanup callback comes first; the client's by default.
    pub fn cleanup_order(mut self, order: Order) -> Self {
        self.cleanup_order = order;
        self
    }

    /// In which order peers are offered and bindings are detached; the oldest first by default.
    pub fn sequence(mut self, sequence: Sequence) -> Self {
        self.sequence = sequence;
        self
    }

    /// The least level at which detach and cleanup callbacks run, as though whoever deregisters had raised to it: at
    /// [`Irql::Dispatch`] whatever a module does there that cannot be done there is reported. PASSIVE_LEVEL by default,
    /// which is the level of the caller. No callback runs above DISPATCH_LEVEL.
    pub fn detach_irql(mut self, level: Irql) -> Self {
        self.detach_irql = level.min(Irql::Dispatch);
        self
    }

    /// Whether the cleanup callback of a side whose binding context is NULL is called. Windows does not say; it is by
    /// default.
    pub fn cleanup_for_null_context(mut self, called: bool) -> Self {
        self.cleanup_for_null_context = called;
        self
    }

    /// Whether a deregistration after which no binding is left answers STATUS_SUCCESS and closes the handle, so that
    /// there is nothing to wait for. The documentation lists STATUS_PENDING as the only answer that is no error, and Windows is
    /// not seen to give another one; other simulators do. It answers STATUS_PENDING by default.
    pub fn idle_deregister_succeeds(mut self, succeeds: bool) -> Self {
        self.idle_deregister_succeeds = succeeds;
        self
    }

    /// How large the things are that modules of `npi` show to each other. Without it the NMR cannot know, and
    /// [`Rule::CharacteristicsChanged`](crate::Rule::CharacteristicsChanged) and
    /// [`Rule::DispatchChanged`](crate::Rule::DispatchChanged) see a changed pointer only.
    pub fn sizes(mut self, npi: NpiId, sizes: Sizes) -> Self {
        self.sizes.insert(npi.to_u128(), sizes);
        self
    }

    /// Whether a completion that arrives while the same side's detach callback is still running counts at once, so
    /// that the cleanup callback may run before the detach callback has returned. Windows does not say; it may by
    /// default.
    pub fn cleanup_overtakes_detach(mut self, overtakes: bool) -> Self {
        self.settings.cleanup_overtakes_detach = overtakes;
        self
    }

    /// Whether a wait also covers detach callbacks that have completed but not returned yet. Windows does not say; it
    /// does by default.
    pub fn wait_covers_detach(mut self, covers: bool) -> Self {
        self.settings.wait_covers_detach = covers;
        self
    }

    /// Makes a wait panic that has not returned after `limit`, with a list of the bindings that hold it.
    pub fn wait_limit(mut self, limit: Duration) -> Self {
        self.patience = Patience::Panics(limit);
        self
    }

    /// Instead of a [`Self::wait_limit`]: calls `overdue` on a thread whose wait has not returned after `first`, with a
    /// text that lists the bindings that hold it and the time that it has waited. The answer says how much longer to
    /// wait before it is called again; `None` for ever. No lock is held.
    pub fn overdue_wait(
        mut self,
        first: Duration,
        overdue: impl Fn(&str, Duration) -> Option<Duration> + Send + Sync + 'static,
    ) -> Self {
        self.patience = Patience::Asks(first, Box::new(overdue));
        self
    }

    /// What happens when a module breaks a rule; it is collected by default.
    pub fn on_violation(mut self, on_violation: OnViolation) -> Self {
        self.on_violation = on_violation;
        self
    }

    /// Tells `listener` of each violation, warnings included, on the thread that broke the rule and before anything else
    /// that [`Self::on_violation`] asks for. No lock is held.
    pub fn violation_listener(mut self, listener: impl Fn(&Violation) + Send + Sync + 'static) -> Self {
        self.violation_listener = Some(Box::new(listener));
        self
    }

    /// Who holds threads up and makes choices; nobody by default.
    pub fn schedule(mut self, schedule: impl Schedule) -> Self {
        self.schedule = Some(Box::new(schedule));
        self
    }

    /// Whether events are kept for [`World::events`]; they are by default. Without it, and without a listener, a world
    /// makes no events at all.
    pub fn record(mut self, record: bool) -> Self {
        self.record = record;
        self
    }

    /// Whether the world, if it records events, prints its diagram when a handle to it goes while its thread panics: a
    /// test that fails tells what happened. It does by default, once.
    pub fn diagram_on_panic(mut self, print: bool) -> Self {
        self.diagram_on_panic = print;
        self
    }

    /// Tells `listener` of each event, in order, on the thread that causes it. It must not call the world.
    pub fn listener(mut self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    /// What tells handles of this world from those of others.
    #[cfg(feature = "exports")]
    pub(crate) fn mark(mut self, mark: u8) -> Self {
        self.mark = mark;
        self
    }

    /// The world.
    pub fn build(self) -> World {
        World::from_inner(Inner {
            mark: self.mark,
            npis: Npis::new(self.sizes),
            registrations: Default::default(),
            bindings: Default::default(),
            epitaphs: Default::default(),
            faults: Default::default(),
            memory: Default::default(),
            trace: Trace::new(self.record, self.listener).telling(self.diagram_on_panic),
            contract: Record::new(self.on_violation, self.violation_listener),
            settings: self.settings,
            detach_order: self.detach_order,
            cleanup_order: self.cleanup_order,
            cleanup_for_null_context: self.cleanup_for_null_context,
            idle_deregister_succeeds: self.idle_deregister_succeeds,
            sequence: self.sequence,
            detach_irql: self.detach_irql,
            patience: self.patience,
            schedule: self.schedule,
        })
    }
}

impl World {
    /// Takes who is next out of `left`, which is in the order of age; `number` is that of the other side's instance.
    pub(crate) fn next_of<T>(
        &self,
        left: &mut VecDeque<Arc<T>>,
        point: Point,
        number: impl Fn(&T) -> u32,
    ) -> Option<Arc<T>> {
        let place = match self.inner.sequence {
            Sequence::OldestFirst => 0,
            Sequence::LowestNumberFirst => {
                (0..left.len()).min_by_key(|place| number(&left[*place])).unwrap_or(0)
            }
            Sequence::Scheduled => {
                let schedule = self.inner.schedule.as_ref();
                schedule.map_or(0, |schedule| schedule.choose(point, left.len()))
            }
        };
        let last = left.len().checked_sub(1)?;
        left.remove(place.min(last))
    }

    /// Both sides, in the order that `order` asks for.
    pub(crate) fn order(&self, order: Order, point: Point) -> [Side; 2] {
        let provider_first = match order {
            Order::ClientFirst => false,
            Order::ProviderFirst => true,
            Order::Scheduled => {
                self.inner.schedule.as_ref().is_some_and(|schedule| schedule.choose(point, 2) > 0)
            }
        };
        if provider_first { [Side::Provider, Side::Client] } else { [Side::Client, Side::Provider] }
    }
}
