//! One text for two worlds: plain threads and Miri by default, every schedule up to a bound under loom.

#![expect(unsafe_code, reason = "the protected value is a plain cell, so that a missing edge is a data race")]

use super::{Departure, DetachAnswer, Epoch, References, Rundown, ShardWord};
use crate::model_check::{Arc, AtomicUsize, Ordering, UnsafeCell, model, spawn};

mod at_dispatch;
mod door;
mod layout;
mod limits;
mod sixteen_shards;
mod walk;

/// A binding as NMR and its callers see it: a value that cleanup takes away, protected by nothing but the rundown.
struct Binding {
    rundown: Rundown<[ShardWord; 2]>,
    value: UnsafeCell<u64>,
    cleanups: AtomicUsize,
}

// SAFETY: the tests are there to prove that the rundown orders all access to `value`.
unsafe impl Sync for Binding {}
// SAFETY: as for `Sync`.
unsafe impl Send for Binding {}

const ALIVE: u64 = 0x00a1_1fe0;

impl Binding {
    fn unopened() -> Arc<Self> {
        let binding =
            Self { rundown: Rundown::new(), value: UnsafeCell::new(ALIVE), cleanups: AtomicUsize::new(0) };
        Arc::new(binding)
    }

    fn opened() -> (Arc<Self>, Epoch) {
        let binding = Self::unopened();
        assert!(binding.rundown.open());
        let epoch = binding.rundown.open_epoch().expect("just opened");
        (binding, epoch)
    }

    /// One guarded call through `shard`; whether it got in.
    fn call(&self, epoch: Epoch, shard: usize) -> bool {
        match self.rundown.enter(epoch, shard) {
            Ok(()) => {
                self.read();
                self.depart(self.rundown.leave(epoch, shard));
                true
            }
            Err(refused) => {
                self.depart(refused.departure);
                false
            }
        }
    }

    fn read(&self) {
        // SAFETY: entered, so cleanup has not run; that it has not is what is being checked.
        let value = self.value.with(|value| unsafe { *value });
        assert_eq!(value, ALIVE, "called after cleanup");
    }

    fn read_first(&self) -> References {
        self.read();
        References::None
    }

    fn depart(&self, departure: Departure) {
        if departure == Departure::CompletesDetach {
            self.cleanup();
        }
    }

    fn pre_close(&self, epoch: Epoch) {
        if self.rundown.enter(epoch, 0).map_err(|refused| self.depart(refused.departure)).is_ok() {
            self.depart(self.rundown.close(|_| self.read_first()));
            self.depart(self.rundown.leave(epoch, 0));
        }
    }

    fn detach(&self) -> DetachAnswer {
        let answer = self.rundown.detach(|_| self.read_first());
        if answer == DetachAnswer::Success {
            self.cleanup();
        }
        answer
    }

    fn cleanup(&self) {
        // SAFETY: the last one out, so nobody else is in; that nobody is, is what is being checked.
        self.value.with_mut(|value| unsafe { *value = 0 });
        self.cleanups.fetch_add(1, Ordering::Relaxed);
    }

    fn assert_cleaned_up_once(&self) {
        assert_eq!(self.cleanups.load(Ordering::Relaxed), 1);
    }
}

#[test]
fn preclose_drained_then_detach_answers_success() {
    model(|| {
        let (binding, epoch) = Binding::opened();
        let caller = {
            let binding = binding.clone();
            spawn(move || binding.call(epoch, 1))
        };
        binding.pre_close(epoch);
        caller.join().expect("no panic");
        assert_eq!(binding.detach(), DetachAnswer::Success, "drained before the detach callback");
        binding.assert_cleaned_up_once();
    });
}

#[test]
fn preclose_pending_then_detach_then_leave() {
    model(|| {
        let (binding, epoch) = Binding::opened();
        binding.rundown.enter(epoch, 1).expect("open");
        binding.pre_close(epoch);
        assert!(!binding.call(epoch, 0), "closed for new calls");
        assert_eq!(binding.detach(), DetachAnswer::Pending);
        binding.read();
        assert_eq!(binding.rundown.leave(epoch, 1), Departure::CompletesDetach);
    });
}

#[test]
fn detach_success_then_preclose_does_nothing() {
    model(|| {
        let (binding, epoch) = Binding::opened();
        assert_eq!(binding.detach(), DetachAnswer::Success);
        assert_eq!(binding.rundown.close(|_| panic!("closed before")), Departure::NotLast);
        binding.pre_close(epoch);
        binding.assert_cleaned_up_once();
    });
}

#[test]
fn detach_overtakes_preclose_midway() {
    model(|| {
        let (binding, epoch) = Binding::opened();
        let closer = {
            let binding = binding.clone();
            spawn(move || binding.pre_close(epoch))
        };
        let _ = binding.detach();
        closer.join().expect("no panic");
        binding.assert_cleaned_up_once();
    });
}

#[test]
fn two_callers_a_closer_and_a_detacher() {
    model(|| {
        let (binding, epoch) = Binding::opened();
        let callers = [0, 1].map(|shard| {
            let binding = binding.clone();
            spawn(move || {
                binding.call(epoch, shard);
            })
        });
        let closer = {
            let binding = binding.clone();
            spawn(move || binding.pre_close(epoch))
        };
        let _ = binding.detach();
        for thread in callers.into_iter().chain([closer]) {
            thread.join().expect("no panic");
        }
        binding.assert_cleaned_up_once();
    });
}

#[test]
fn detach_overtakes_commit() {
    model(|| {
        let binding = Binding::unopened();
        let committer = {
            let binding = binding.clone();
            spawn(move || {
                binding.rundown.open();
                if let Some(epoch) = binding.rundown.open_epoch() {
                    binding.call(epoch, 1);
                }
            })
        };
        let _ = binding.detach();
        committer.join().expect("no panic");
        assert!(binding.rundown.open_epoch().is_none(), "closed is final");
        binding.assert_cleaned_up_once();
    });
}

/// Whoever looks for a peer goes round until it gets in or finds none open. If a rundown could be found open and then
/// refuse the caller for another reason than closing, that would be for ever where the one who opens it is not running.
#[test]
fn what_is_found_open_lets_in() {
    model(|| {
        let binding = Binding::unopened();
        let looking = {
            let binding = binding.clone();
            spawn(move || {
                if let Some(epoch) = binding.rundown.open_epoch() {
                    assert!(binding.call(epoch, 1), "found open, and refused");
                }
            })
        };
        assert!(binding.rundown.open());
        looking.join().expect("no panic");
    });
}

/// The oldest peer is remembered as an epoch and no more: what was written before the opening comes with the entry.
#[test]
fn an_epoch_is_enough_to_see_what_was_there_before_the_opening() {
    for shard in [0, 1] {
        model(move || {
            let binding = Binding::unopened();
            // SAFETY: nobody else knows the binding.
            binding.value.with_mut(|value| unsafe { *value = 0 });
            let remembered = Arc::new(AtomicUsize::new(0));
            let caller = {
                let (binding, remembered) = (binding.clone(), remembered.clone());
                spawn(move || {
                    let epoch = Epoch::from_bits(remembered.load(Ordering::Relaxed) as u32);
                    if epoch.is_open() {
                        assert!(binding.call(epoch, shard));
                    }
                })
            };
            let opening = {
                let binding = binding.clone();
                spawn(move || {
                    // SAFETY: nobody is inside before the opening; that nobody is, is what is being checked.
                    binding.value.with_mut(|value| unsafe { *value = ALIVE });
                    assert!(binding.rundown.open());
                    let epoch = binding.rundown.open_epoch().expect("just opened");
                    remembered.store(epoch.to_bits() as usize, Ordering::Relaxed);
                })
            };
            caller.join().expect("no panic");
            opening.join().expect("no panic");
        });
    }
}

/// Who finds it open at DISPATCH_LEVEL counts nowhere, and sees what was written before the opening all the same.
#[test]
fn a_look_is_enough_to_see_what_was_there_before_the_opening() {
    model(|| {
        let binding = Binding::unopened();
        let open = Epoch::open_in(0);
        // SAFETY: nobody else knows the binding.
        binding.value.with_mut(|value| unsafe { *value = 0 });
        let caller = {
            let binding = binding.clone();
            spawn(move || {
                if binding.rundown.is_open_in(open) {
                    binding.read();
                }
            })
        };
        // SAFETY: as above, before the opening.
        binding.value.with_mut(|value| unsafe { *value = ALIVE });
        assert!(binding.rundown.open());
        caller.join().expect("no panic");
    });
}

#[test]
fn leaver_between_flip_and_transfer() {
    model(|| {
        let (binding, epoch) = Binding::opened();
        binding.rundown.enter(epoch, 1).expect("open");
        let answer = binding.rundown.detach(|_| {
            let departure = binding.rundown.leave(epoch, 1);
            assert_eq!(departure, Departure::NotLast, "the detach has not decided yet");
            References::None
        });
        assert_eq!(answer, DetachAnswer::Success, "nothing is in flight any more");
    });
}

#[test]
fn backoff_after_slot_reuse() {
    model(|| {
        let (binding, _) = Binding::opened();
        assert_eq!(binding.detach(), DetachAnswer::Success);
        let late = binding.rundown.shards[1].count_in();
        assert!(late.is_closed());
        binding.rundown.renew();
        assert!(binding.rundown.open());
        assert_eq!(
            binding.rundown.detach(|_| References::None),
            DetachAnswer::Pending,
            "the late caller was counted"
        );
        assert_eq!(binding.rundown.leave(late, 1), Departure::CompletesDetach);
    });
}

#[test]
fn backoff_in_a_binding_that_was_born_closed() {
    model(|| {
        let binding = Binding::unopened();
        let early = binding.rundown.shards[0].count_in();
        assert_eq!(
            binding.rundown.detach(|_| References::None),
            DetachAnswer::Pending,
            "the early caller was counted"
        );
        assert_eq!(binding.rundown.leave(early, 0), Departure::CompletesDetach);
    });
}

#[test]
fn stale_handle_after_slot_reuse() {
    model(|| {
        let (binding, stale) = Binding::opened();
        assert_eq!(binding.rundown.detach(|_| References::None), DetachAnswer::Success);
        binding.rundown.renew();
        assert!(binding.rundown.open());
        let fresh = binding.rundown.open_epoch().expect("just opened");
        assert_ne!(fresh, stale);
        let caller = {
            let binding = binding.clone();
            spawn(move || binding.call(stale, 0))
        };
        let answer = binding.detach();
        assert!(!caller.join().expect("no panic"), "a handle of the last binding does not enter this one");
        binding.assert_cleaned_up_once();
        let _ = answer;
    });
}
