//! A few clients and providers of one NPI that do everything they may, in every order.

use super::board::Board;
use super::puppet::Puppet;
use super::view::View;
use super::{Explored, explore};
use crate::builder::{Order, Sequence};
use crate::run::Run;
use crate::side::Side;
use crate::world::World;
use std::sync::Arc;

/// What a module's detach callbacks may answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answers {
    /// STATUS_SUCCESS: no completion follows.
    Success,
    /// STATUS_PENDING: the completion comes at any moment from the entry of the callback on.
    Pending,
    /// Either.
    #[default]
    Both,
}

/// Clients and providers of one NPI. Each registers, deregisters and waits; attach callbacks may decline if so set;
/// detach callbacks answer STATUS_SUCCESS or STATUS_PENDING, and the completion comes at any moment from the entry of
/// the callback on.
///
/// In every run it is looked at that each side's detach and cleanup callbacks are called once, cleanup only when both
/// sides have detached; that a wait returns only when nothing of the registration is left, and does return; that no rule
/// is broken; and that in the end nothing is left.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct SmallWorld {
    clients: usize,
    providers: usize,
    lives: usize,
    depth: usize,
    declines: bool,
    answers: [Answers; 2],
    detach_order: Order,
    cleanup_order: Order,
}

impl SmallWorld {
    /// So many clients and providers, each of which registers once and accepts every offer. Up to one action of another
    /// thread happens inside of one that has begun, besides those that a wait lets in.
    pub const fn new(clients: usize, providers: usize) -> Self {
        Self {
            clients,
            providers,
            lives: 1,
            depth: 1,
            declines: false,
            answers: [Answers::Both; 2],
            detach_order: Order::ClientFirst,
            cleanup_order: Order::ClientFirst,
        }
    }

    /// How often each module registers.
    pub const fn lives(mut self, lives: usize) -> Self {
        self.lives = lives;
        self
    }

    /// How many actions of other threads are inside of each other, see [`Run::with_depth`].
    pub const fn depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }

    /// Whether attach callbacks may decline.
    pub const fn declines(mut self, declines: bool) -> Self {
        self.declines = declines;
        self
    }

    /// What the detach callbacks of clients and of providers may answer; the fewer, the larger worlds can be explored.
    pub const fn answers(mut self, clients: Answers, providers: Answers) -> Self {
        self.answers = [clients, providers];
        self
    }

    /// Whose detach and whose cleanup callback comes first.
    pub const fn orders(mut self, detach: Order, cleanup: Order) -> Self {
        self.detach_order = detach;
        self.cleanup_order = cleanup;
        self
    }

    /// Takes every choice every way, and counts the states.
    ///
    /// # Panics
    /// When a property does not hold, with the smallest choices for which it does not, what the actions did, and what is
    /// wrong.
    pub fn explore(self) -> Explored {
        explore(self.depth, |run| self.live(run, false))
    }

    /// One run, under the choices of `run`, whose events are recorded.
    ///
    /// # Panics
    /// As [`Self::explore`].
    pub fn run(self, run: &Run) {
        self.live(run, true);
    }

    fn live(self, run: &Run, record: bool) {
        let world = World::builder()
            .schedule(run.schedule())
            .detach_order(self.detach_order)
            .cleanup_order(self.cleanup_order)
            .sequence(Sequence::LowestNumberFirst)
            .record(record)
            .build();
        let sizes = (self.clients, self.providers);
        let board = Arc::new(Board::new(world.clone(), run.clone(), sizes, self.declines, self.answers));
        let clients = (0..self.clients).map(|n| Puppet::new(Side::Client, n, self.providers, &board));
        let mut puppets: Vec<Arc<Puppet>> = clients.collect();
        puppets.extend((0..self.providers).map(|n| Puppet::new(Side::Provider, n, self.clients, &board)));
        for puppet in &puppets {
            puppet.add_actions(self.lives);
        }
        let (known, seen, observed) = (Arc::clone(&board), puppets.clone(), world.clone());
        // Without actions inside of each other it does not matter who is older: nobody meets a module between two offers.
        let ages = self.depth > 0;
        run.observe(move || {
            let lives: Vec<_> = seen.iter().map(|puppet| puppet.life()).collect();
            (lives, known.parts(), View::of(&observed.state(), ages))
        });
        run.perform();
        let mut failures = board.failures();
        failures.extend(world.violations().iter().map(ToString::to_string));
        let left = world.left();
        if !left.registrations.is_empty() || left.bindings > 0 {
            failures.push(format!("in the end there was something left: {left:?}"));
        }
        if !failures.is_empty() {
            panic!("{}\n{}", failures.join("\n"), world.story());
        }
    }
}
