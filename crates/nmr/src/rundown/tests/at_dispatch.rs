//! Calls that are counted nowhere, against the end of a grace period.
//!
//! The assumption of the model: code at DISPATCH_LEVEL holds its processor's mutex, and a DPC takes it. In the kernel that
//! is what DISPATCH_LEVEL is; it cannot be proved here.

use super::{Arc, Binding, DetachAnswer, Epoch, References, model, spawn};
use crate::model_check::Mutex;

const PROCESSORS: usize = 2;

struct Machine {
    processors: [Mutex<()>; PROCESSORS],
    binding: Arc<Binding>,
}

impl Machine {
    fn with(binding: Arc<Binding>) -> Arc<Self> {
        Arc::new(Self { processors: [Mutex::new(()), Mutex::new(())], binding })
    }

    /// A call at DISPATCH_LEVEL on `processor`.
    fn call(&self, epoch: Epoch, processor: usize) {
        let _at_dispatch = self.processors[processor].lock().expect("no panic");
        if self.binding.rundown.is_open_in(epoch) {
            self.binding.read();
        }
    }

    /// The DPC that goes from processor to processor, and drops the closer's reference at the end.
    fn grace_period(&self) {
        for processor in &self.processors {
            drop(processor.lock().expect("no panic"));
        }
        self.binding.depart(self.binding.rundown.drop_reference());
    }

    /// Detaches, with the grace period on a thread of its own.
    fn detach(machine: &Arc<Self>) -> DetachAnswer {
        let mut period = None;
        let answer = machine.binding.rundown.detach(|first| {
            if !first.was_open {
                return References::None;
            }
            let machine = machine.clone();
            period = Some(spawn(move || machine.grace_period()));
            References::One
        });
        if answer == DetachAnswer::Success {
            machine.binding.cleanup();
        }
        if let Some(period) = period {
            period.join().expect("no panic");
        }
        answer
    }
}

#[test]
fn a_call_at_dispatch_is_over_before_cleanup() {
    model(|| {
        let (binding, epoch) = Binding::opened();
        let machine = Machine::with(binding);
        let caller = {
            let machine = machine.clone();
            spawn(move || machine.call(epoch, 1))
        };
        Machine::detach(&machine);
        caller.join().expect("no panic");
        machine.binding.assert_cleaned_up_once();
    });
}

/// A counted caller and an uncounted one; either may be the last.
#[test]
fn counted_and_uncounted_calls_together() {
    model(|| {
        let (binding, epoch) = Binding::opened();
        let machine = Machine::with(binding);
        let counted = {
            let machine = machine.clone();
            spawn(move || {
                machine.binding.call(epoch, 1);
            })
        };
        let answer = Machine::detach(&machine);
        machine.call(epoch, 0);
        counted.join().expect("no panic");
        machine.binding.assert_cleaned_up_once();
        assert!(matches!(answer, DetachAnswer::Pending | DetachAnswer::Success));
    });
}

/// The period that a pre-close has begun may be over before the detach callback comes, and then it answers SUCCESS.
#[test]
fn a_grace_period_that_ended_before_the_detach() {
    model(|| {
        let (binding, epoch) = Binding::opened();
        binding.rundown.enter(epoch, 0).expect("open");
        binding.depart(binding.rundown.close(|first| {
            assert!(first.was_open);
            References::One
        }));
        binding.depart(binding.rundown.leave(epoch, 0));
        binding.depart(binding.rundown.drop_reference());
        assert_eq!(binding.detach(), DetachAnswer::Success);
        binding.assert_cleaned_up_once();
    });
}

/// A period that has not ended keeps the detach pending, and its end completes it.
#[test]
fn a_grace_period_that_outlasts_the_detach() {
    model(|| {
        let (binding, _) = Binding::opened();
        assert_eq!(binding.rundown.detach(|_| References::One), DetachAnswer::Pending);
        binding.read();
        binding.depart(binding.rundown.drop_reference());
        binding.assert_cleaned_up_once();
    });
}

/// The period ends while the closer still holds the central word, before its reference is carried over.
#[test]
fn a_grace_period_that_ends_before_its_reference_is_counted() {
    model(|| {
        let (binding, _) = Binding::opened();
        let answer = binding.rundown.detach(|_| {
            binding.depart(binding.rundown.drop_reference());
            References::One
        });
        assert_eq!(answer, DetachAnswer::Success, "nothing is left that could complete");
    });
}
