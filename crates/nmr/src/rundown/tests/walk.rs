//! Whoever walks a registration's slots enters each one, and may turn out to be the last one out of it.

use super::{Arc, Binding, DetachAnswer, model, spawn};

/// Walks two bindings as `peers()` does: one guard after the other, each dropped on the way. No lock is held, so a guard
/// that completes a detach does so wherever it is dropped.
#[test]
fn guard_dropped_while_gathering() {
    model(|| {
        let bindings = [Binding::opened().0, Binding::opened().0];
        let walker = {
            let bindings = bindings.each_ref().map(Arc::clone);
            spawn(move || {
                for binding in &bindings {
                    let Some(epoch) = binding.rundown.open_epoch() else { continue };
                    binding.call(epoch, 1);
                }
            })
        };
        for binding in &bindings {
            let _ = binding.detach();
        }
        walker.join().expect("no panic");
        for binding in &bindings {
            binding.assert_cleaned_up_once();
        }
    });
}

/// All guards are taken first and dropped at the end, as a driver may do with those that `peers()` gives it.
#[test]
fn guards_gathered_and_dropped_together() {
    model(|| {
        let (binding, epoch) = Binding::opened();
        let walker = {
            let binding = binding.clone();
            spawn(move || {
                let entered = [0, 1].map(|shard| match binding.rundown.enter(epoch, shard) {
                    Ok(()) => Some(shard),
                    Err(refused) => {
                        binding.depart(refused.departure);
                        None
                    }
                });
                for shard in entered.into_iter().flatten() {
                    binding.read();
                    binding.depart(binding.rundown.leave(epoch, shard));
                }
            })
        };
        let answer = binding.detach();
        walker.join().expect("no panic");
        binding.assert_cleaned_up_once();
        assert!(matches!(answer, DetachAnswer::Success | DetachAnswer::Pending));
    });
}
