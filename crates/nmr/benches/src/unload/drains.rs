//! Peers that take their time to detach: some pend and complete later, some block.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nmr::Status;

use super::drain;
use crate::raw_module::{Bound, Detaching, Detachment};

/// The longest drain that really was. Sleeping threads wake late on a busy machine; that is not the unload's doing.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock(Arc<Mutex<Duration>>);

impl Clock {
    /// A drain that began at `began` is over.
    pub(super) fn drained(&self, began: Instant) {
        let mut longest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *longest = longest.max(began.elapsed());
    }

    pub(super) fn longest(&self) -> Duration {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Blocks in its detach callbacks.
#[derive(Debug)]
pub(super) struct Blocking(Clock);

impl Blocking {
    pub(super) fn new(clock: Clock) -> Self {
        Self(clock)
    }
}

impl Detaching for Blocking {
    fn detach(&self, bound: &Bound) -> Status {
        let began = Instant::now();
        thread::sleep(drain(bound.number));
        self.0.drained(began);
        Status::SUCCESS
    }
}

/// A detach that began, and when it is to be completed. Ordered by that time.
#[derive(Debug)]
struct Due {
    at: Instant,
    began: Instant,
    number: usize,
    detachment: Detachment,
}

impl Due {
    const fn key(&self) -> (Instant, usize) {
        (self.at, self.number)
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

/// Answers its detach callbacks with STATUS_PENDING; a thread completes them in time.
#[derive(Debug)]
pub(super) struct Pending {
    due: Mutex<Option<Sender<Due>>>,
    thread: Option<JoinHandle<()>>,
}

impl Pending {
    pub(super) fn start(clock: Clock) -> Self {
        let (sender, receiver) = channel();
        let thread = thread::spawn(move || complete_in_time(&receiver, &clock));
        Self { due: Mutex::new(Some(sender)), thread: Some(thread) }
    }
}

impl Detaching for Pending {
    fn detach(&self, bound: &Bound) -> Status {
        let (began, number) = (Instant::now(), bound.number);
        let due = Due { at: began + drain(number), began, number, detachment: bound.pend() };
        let sender = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        match sender.as_ref().map(|sender| sender.send(due)) {
            Some(Ok(())) => Status::PENDING,
            _ => Status::SUCCESS,
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        *self.due.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            std::panic::resume_unwind(panic);
        }
    }
}

fn complete_in_time(arriving: &Receiver<Due>, clock: &Clock) {
    let mut waiting: BinaryHeap<Reverse<Due>> = BinaryHeap::new();
    loop {
        let next = waiting.peek().map(|due| due.0.at.saturating_duration_since(Instant::now()));
        match arriving.recv_timeout(next.unwrap_or(Duration::from_secs(60))) {
            Ok(due) => waiting.push(Reverse(due)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) if waiting.is_empty() => return,
            Err(RecvTimeoutError::Disconnected) => thread::sleep(next.unwrap_or_default()),
        }
        while let Some(due) = waiting.pop() {
            if due.0.at > Instant::now() {
                waiting.push(due);
                break;
            }
            let Reverse(Due { began, detachment, .. }) = due;
            clock.drained(began);
            detachment.complete();
        }
    }
}
