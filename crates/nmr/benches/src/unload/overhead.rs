//! What unloading costs with nothing in flight, above the Nmr* calls that it has to make.

#![expect(unsafe_code, reason = "loads the driver in one and the same storage again and again")]

use anyhow::Result;
use nmr::host::{Host, Loaded};

use super::bare::{Registrations, take_down};
use super::wide::{REGISTRATIONS, Wide};
use super::{provider, world};
use crate::measurement::{Effort, Measurement};
use crate::raw_module::AtOnce;
use crate::sample::{Stretch, judge, median};

/// How often a repetition is tried.
const TRIES: usize = 200;

/// Microseconds for each registration, without bindings and with one idle binding each.
///
/// # Errors
/// A driver does not load.
pub(super) fn measure(effort: Effort, mut tell: impl FnMut(Measurement)) -> Result<usize> {
    let mut thrown_away = 0;
    for (name, with_bindings) in [("overhead_per_registration", false), ("overhead_per_idle_binding", true)] {
        let world = world();
        let _provider = with_bindings.then(|| provider(&world, AtOnce));
        let storage = Loaded::<Wide>::storage(Host::quiet(world.clone()));
        let registrations = Registrations::new(&world);
        let mut differences = Vec::new();
        for _ in 0..effort.repetitions(25, 301) {
            for _ in 0..TRIES {
                // SAFETY: the storage is this function's, and what was loaded in it before has been dropped.
                let loaded = unsafe { Loaded::of(storage) }?;
                let framework = Stretch::of(|| drop(loaded));
                let registered = registrations.register();
                let bare = Stretch::of(|| take_down(registered));
                if let (Some(framework), Some(bare)) = (judge(&[framework]), judge(&[bare])) {
                    let difference = framework.as_secs_f64() - bare.as_secs_f64();
                    differences.push(difference * 1e6 / REGISTRATIONS as f64);
                    break;
                }
                thrown_away += 1;
            }
        }
        if let Some(value) = median(differences) {
            tell(Measurement::new(name, value, "us"));
        }
    }
    Ok(thrown_away)
}
