//! The life of one client, one provider and their binding, written down once more, without a line of the implementation:
//! who stands where, who may go on, and where that leads. A step goes from one place where others may come in to the next.

use nmr_abi::Status;
use nmr_sim::{Order, Side};
use std::collections::{BTreeMap, BTreeSet};

/// What Windows leaves open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) detach_order: Order,
    pub(super) cleanup_order: Order,
    pub(super) cleanup_overtakes_detach: bool,
    pub(super) wait_covers_detach: bool,
    /// A module that answers STATUS_PENDING and never completes.
    pub(super) guilty: Option<Side>,
}

/// Something that is done, by a thread of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Deed {
    Registers(usize),
    Deregisters(usize),
    Waits(usize),
    Completes(usize),
}

/// Where a thread stands. Sides are 0 for the client and 1 for the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum At {
    BeforeAttach(usize),
    AfterAttach(usize),
    /// In the client's attach callback, which has attached.
    Attached,
    BeforeDetaching(usize),
    BeforeDetach(usize),
    /// In the detach callback.
    Detaching(usize),
    AfterDetach(usize),
    BeforeCompletion(usize),
    BeforeCleanup(usize),
    AfterCleanup(usize),
    Waits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Stage {
    New,
    Registered,
    Deregistering,
    Waiting,
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Phase {
    None,
    Offered,
    Attached,
    Detaching,
    Cleaning,
    /// Cleaned up, and a detach callback has not returned.
    Ended,
    Gone,
}

/// One side of the binding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Half {
    /// The NMR calls the detach callback.
    pub(super) called: bool,
    /// The module's callback was entered.
    pub(super) asked: bool,
    /// The module has decided what it answers: whether a completion follows.
    pub(super) pends: Option<bool>,
    /// The answer has arrived.
    pub(super) returned: bool,
    /// The module has begun to complete.
    pub(super) completing: bool,
    /// The completion has arrived.
    pub(super) completed: bool,
    pub(super) cleanup_called: bool,
    /// How often the module was told to clean up.
    pub(super) cleanups: u8,
}

impl Half {
    /// Whether this side lets go of the binding, as the documentation has it.
    fn is_detached(self, settings: &Settings) -> bool {
        if self.returned {
            self.pends == Some(false) || self.completed
        } else {
            self.called && self.completed && settings.cleanup_overtakes_detach
        }
    }

    fn may_complete(self) -> bool {
        self.asked && !self.completing && self.pends != Some(false)
    }
}

/// How everything stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Machine {
    pub(super) stages: [Stage; 2],
    pub(super) phase: Phase,
    pub(super) accepted: bool,
    pub(super) halves: [Half; 2],
    pub(super) threads: BTreeMap<Deed, At>,
    pub(super) done: BTreeSet<Deed>,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            stages: [Stage::New; 2],
            phase: Phase::None,
            accepted: false,
            halves: [Half::default(); 2],
            threads: BTreeMap::new(),
            done: BTreeSet::new(),
        }
    }
}

/// What one step does: whose it is, and what a detach callback answers if it decides that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Step {
    pub(super) deed: Deed,
    pub(super) pends: bool,
}

impl Machine {
    /// The steps that are possible.
    pub(super) fn steps(&self, settings: &Settings) -> Vec<Step> {
        let mut steps = Vec::new();
        for (deed, at) in &self.threads {
            match at {
                At::Waits if self.binding_is_there() => {}
                At::Detaching(side) => {
                    let half = self.halves[*side];
                    let guilty = settings.guilty.map(index) == Some(*side);
                    if !half.completing && !guilty {
                        steps.push(Step { deed: *deed, pends: false });
                    }
                    steps.push(Step { deed: *deed, pends: true });
                }
                _ => steps.push(Step { deed: *deed, pends: false }),
            }
        }
        for side in 0..2 {
            let deeds = [
                (Deed::Registers(side), true),
                (Deed::Deregisters(side), self.done.contains(&Deed::Registers(side))),
                (Deed::Waits(side), self.done.contains(&Deed::Deregisters(side))),
                (
                    Deed::Completes(side),
                    self.halves[side].may_complete() && settings.guilty.map(index) != Some(side),
                ),
            ];
            for (deed, may) in deeds {
                if may && !self.done.contains(&deed) && !self.threads.contains_key(&deed) {
                    steps.push(Step { deed, pends: false });
                }
            }
        }
        steps
    }

    /// Where `step` leads.
    pub(super) fn after(&self, step: Step, settings: &Settings) -> Self {
        let mut next = self.clone();
        let stands = match next.threads.remove(&step.deed) {
            None => next.begin(step.deed),
            Some(at) => next.go_on(at, step.pends, settings),
        };
        match stands {
            Some(at) => {
                next.threads.insert(step.deed, at);
            }
            None => {
                next.done.insert(step.deed);
                if let Deed::Waits(side) = step.deed {
                    next.stages[side] = Stage::Closed;
                }
            }
        }
        next
    }

    /// Whether everybody came and went.
    pub(super) fn is_over(&self) -> bool {
        self.stages == [Stage::Closed; 2] && self.threads.is_empty() && !self.binding_is_there()
    }

    pub(super) fn binding_is_there(&self) -> bool {
        !matches!(self.phase, Phase::None | Phase::Gone)
    }

    fn begin(&mut self, deed: Deed) -> Option<At> {
        match deed {
            Deed::Registers(side) => {
                self.stages[side] = Stage::Registered;
                let meets = self.stages[1 - side] == Stage::Registered;
                meets.then(|| {
                    self.phase = Phase::Offered;
                    At::BeforeAttach(0)
                })
            }
            Deed::Deregisters(side) => {
                self.stages[side] = Stage::Deregistering;
                Some(At::BeforeDetaching(side))
            }
            Deed::Waits(side) => {
                self.stages[side] = Stage::Waiting;
                self.binding_is_there().then_some(At::Waits)
            }
            Deed::Completes(side) => {
                self.halves[side].completing = true;
                Some(At::BeforeCompletion(side))
            }
        }
    }

    fn go_on(&mut self, at: At, pends: bool, settings: &Settings) -> Option<At> {
        match at {
            // The client accepts every offer.
            At::BeforeAttach(0) => Some(At::BeforeAttach(1)),
            At::BeforeAttach(_) => Some(At::AfterAttach(1)),
            At::AfterAttach(1) => {
                self.accepted = true;
                Some(At::Attached)
            }
            At::Attached => Some(At::AfterAttach(0)),
            At::AfterAttach(_) => {
                self.phase = Phase::Attached;
                // Somebody has begun to leave: who attaches also detaches.
                if self.stages == [Stage::Registered; 2] { None } else { self.detach(settings) }
            }
            At::BeforeDetaching(_) if self.phase == Phase::Attached => self.detach(settings),
            At::BeforeDetaching(_) => None,
            At::BeforeDetach(side) => {
                self.halves[side].asked = true;
                Some(At::Detaching(side))
            }
            At::Detaching(side) => {
                self.halves[side].pends = Some(pends);
                Some(At::AfterDetach(side))
            }
            At::AfterDetach(side) => {
                self.halves[side].returned = true;
                let inside = self.halves.iter().any(|half| half.called && !half.returned);
                if self.phase == Phase::Ended && !inside && settings.wait_covers_detach {
                    self.phase = Phase::Gone;
                }
                let [first, second] = order(settings.detach_order);
                if side == first {
                    self.halves[second].called = true;
                    return Some(At::BeforeDetach(second));
                }
                self.clean_up(settings)
            }
            At::BeforeCompletion(side) => {
                self.halves[side].completed = true;
                self.clean_up(settings)
            }
            At::BeforeCleanup(side) => {
                self.halves[side].cleanups += 1;
                Some(At::AfterCleanup(side))
            }
            At::AfterCleanup(side) => {
                let [first, second] = order(settings.cleanup_order);
                if side == first {
                    self.halves[second].cleanup_called = true;
                    return Some(At::BeforeCleanup(second));
                }
                let inside = self.halves.iter().any(|half| half.called && !half.returned);
                self.phase = if inside && settings.wait_covers_detach { Phase::Ended } else { Phase::Gone };
                None
            }
            At::Waits => None,
        }
    }

    fn detach(&mut self, settings: &Settings) -> Option<At> {
        self.phase = Phase::Detaching;
        let [first, _] = order(settings.detach_order);
        self.halves[first].called = true;
        Some(At::BeforeDetach(first))
    }

    /// Cleans up if both sides have detached and nobody does it yet.
    fn clean_up(&mut self, settings: &Settings) -> Option<At> {
        let detached = self.halves.iter().all(|half| half.is_detached(settings));
        if self.phase != Phase::Detaching || !detached {
            return None;
        }
        self.phase = Phase::Cleaning;
        let [first, _] = order(settings.cleanup_order);
        self.halves[first].cleanup_called = true;
        Some(At::BeforeCleanup(first))
    }
}

pub(super) fn index(side: Side) -> usize {
    match side {
        Side::Client => 0,
        Side::Provider => 1,
    }
}

fn order(order: Order) -> [usize; 2] {
    if order == Order::ProviderFirst { [1, 0] } else { [0, 1] }
}

/// What a detach callback answers.
pub(super) fn answer(pends: bool) -> Status {
    if pends { Status::PENDING } else { Status::SUCCESS }
}
