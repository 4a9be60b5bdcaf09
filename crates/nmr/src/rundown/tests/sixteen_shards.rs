//! All sixteen shards at once, on plain threads and under Miri; too many for loom, which has two.

#![cfg(not(loom))]

use crate::rundown::{Departure, DetachAnswer, References, Rundown, ShardWord};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::vec::Vec;

const SHARDS: usize = 16;

struct Slot {
    rundown: Rundown<[ShardWord; SHARDS]>,
    completions: AtomicUsize,
    entered: AtomicUsize,
}

/// Callers on every shard, a closer and a detacher, over several generations of one slot.
#[test]
fn callers_on_every_shard_and_one_completion() {
    let generations = if cfg!(miri) { 3 } else { 300 };
    let callers = if cfg!(miri) { 5 } else { 8 };
    let slot = Arc::new(Slot {
        rundown: Rundown::new(),
        completions: AtomicUsize::new(0),
        entered: AtomicUsize::new(0),
    });
    for generation in 0..generations {
        slot.rundown.renew();
        assert!(slot.rundown.open());
        let epoch = slot.rundown.open_epoch().expect("just opened");
        let begin = Arc::new(Barrier::new(callers + 1));
        let threads: Vec<_> = (0..callers)
            .map(|caller| {
                let (slot, begin) = (slot.clone(), begin.clone());
                thread::spawn(move || {
                    begin.wait();
                    for shard in (0..SHARDS).map(|shard| (shard + caller * 3) % SHARDS) {
                        let departure = match slot.rundown.enter(epoch, shard) {
                            Ok(()) => {
                                slot.entered.fetch_add(1, Ordering::Relaxed);
                                slot.rundown.leave(epoch, shard)
                            }
                            Err(refused) => refused.departure,
                        };
                        if departure == Departure::CompletesDetach {
                            slot.completions.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                })
            })
            .collect();
        begin.wait();
        let answer = slot.rundown.detach(|_| References::None);
        for thread in threads {
            thread.join().expect("no panic");
        }
        let completions = slot.completions.swap(0, Ordering::Relaxed);
        let expected = usize::from(answer == DetachAnswer::Pending);
        assert_eq!(completions, expected, "generation {generation}: {answer:?}");
        assert_eq!(slot.rundown.in_flight(), 0);
    }
}

/// Calls in flight are the sum over all shards, before and after the rundown is closed.
#[test]
fn calls_in_flight_are_counted_before_and_after_closing() {
    let rundown = Rundown::<[ShardWord; SHARDS]>::new();
    rundown.open();
    let epoch = rundown.open_epoch().expect("just opened");
    for shard in 0..SHARDS {
        rundown.enter(epoch, shard).expect("open");
    }
    assert_eq!(rundown.in_flight(), 16);
    assert_eq!(rundown.detach(|_| References::None), DetachAnswer::Pending);
    assert_eq!(rundown.in_flight(), 16);
    for shard in 0..SHARDS {
        let last = rundown.leave(epoch, shard) == Departure::CompletesDetach;
        assert_eq!((last, rundown.in_flight()), (shard == SHARDS - 1, 15 - shard as u64));
    }
}
