//! What the puppets of a run know of each other: the world, the run, and how far each half of each binding has come.

use super::Answers;
use crate::run::Run;
use crate::side::Side;
use crate::sync::lock;
use crate::world::World;
use nmr_abi::Status;
use std::sync::Mutex;

/// How far a half of a binding has come, as its module knows it. What was answered and has not arrived in the NMR yet
/// is known here alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Part {
    pub(super) attached: bool,
    /// The detach callback was entered.
    pub(super) asked: bool,
    /// What the detach callback returns.
    pub(super) answer: Option<Status>,
    pub(super) completed: bool,
}

impl Part {
    pub(super) fn is_detached(self) -> bool {
        self.answer == Some(Status::SUCCESS) || self.completed
    }

    /// A module completes a detach that it was asked for and has not answered with STATUS_SUCCESS, once.
    pub(super) fn may_complete(self) -> bool {
        self.asked && !self.is_detached()
    }
}

/// What all puppets of a run share.
pub(super) struct Board {
    pub(super) world: World,
    pub(super) run: Run,
    /// Whether attach callbacks may decline.
    pub(super) declines: bool,
    /// What the detach callbacks of clients and of providers answer.
    answers: [Answers; 2],
    providers: usize,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// The client's and the provider's half of each pair.
    parts: Vec<[Part; 2]>,
    /// Their binding handles.
    binding_handles: Vec<[usize; 2]>,
    /// Of clients, and of providers.
    handles: [Vec<usize>; 2],
    /// What the NMR did that it must not do.
    failures: Vec<String>,
}

impl Board {
    pub(super) fn new(
        world: World,
        run: Run,
        (clients, providers): (usize, usize),
        declines: bool,
        answers: [Answers; 2],
    ) -> Self {
        let known = Known {
            parts: vec![Default::default(); clients * providers],
            binding_handles: vec![Default::default(); clients * providers],
            handles: [vec![0; clients], vec![0; providers]],
            failures: Vec::new(),
        };
        Self { world, run, declines, answers, providers, known: Mutex::new(known) }
    }

    pub(super) fn answers(&self, side: Side) -> Answers {
        self.answers[index(side)]
    }

    /// Every half of every pair.
    pub(super) fn parts(&self) -> Vec<[Part; 2]> {
        lock(&self.known).parts.clone()
    }

    pub(super) fn part(&self, side: Side, number: usize, peer: usize) -> Part {
        lock(&self.known).parts[self.pair(side, number, peer)][index(side)]
    }

    pub(super) fn change(&self, side: Side, number: usize, peer: usize, change: impl FnOnce(&mut Part)) {
        change(&mut lock(&self.known).parts[self.pair(side, number, peer)][index(side)]);
    }

    pub(super) fn binding_handle(&self, side: Side, number: usize, peer: usize) -> usize {
        lock(&self.known).binding_handles[self.pair(side, number, peer)][index(side)]
    }

    pub(super) fn set_binding_handle(&self, side: Side, number: usize, peer: usize, handle: usize) {
        lock(&self.known).binding_handles[self.pair(side, number, peer)][index(side)] = handle;
    }

    pub(super) fn handle(&self, side: Side, number: usize) -> usize {
        lock(&self.known).handles[index(side)][number]
    }

    pub(super) fn set_handle(&self, side: Side, number: usize, handle: usize) {
        lock(&self.known).handles[index(side)][number] = handle;
    }

    pub(super) fn fail(&self, failure: String) {
        lock(&self.known).failures.push(failure);
    }

    pub(super) fn failures(&self) -> Vec<String> {
        lock(&self.known).failures.clone()
    }

    fn pair(&self, side: Side, number: usize, peer: usize) -> usize {
        let (client, provider) = match side {
            Side::Client => (number, peer),
            Side::Provider => (peer, number),
        };
        client * self.providers + provider
    }
}

fn index(side: Side) -> usize {
    match side {
        Side::Client => 0,
        Side::Provider => 1,
    }
}
