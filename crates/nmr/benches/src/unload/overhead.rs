//! What unloading costs with nothing in flight, above the Nmr* calls that it has to make.

#![expect(unsafe_code, reason = "loads the driver in one and the same storage again and again")]

use anyhow::Result;
use nmr::Driver as _;
use nmr::host::{Host, Loaded};

use super::bare::{Registrations, take_down};
use super::wide::{REGISTRATIONS, Wide};
use super::{provider, world};
use crate::measurement::{Effort, Measurement};
use crate::raw_module::AtOnce;
use crate::sample::{Stretch, judge, median};

/// How often a repetition is tried.
const TRIES: usize = 200;

/// With which bindings, and with which threads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unloading {
    Unbound,
    /// One idle binding for each registration, and the system makes no thread for the monitor.
    Idle,
    /// The same with the monitor, which is made and joined once for each unload.
    Watched,
}

/// Microseconds for each registration, without bindings and with one idle binding each, and for the monitor of an unload.
///
/// # Errors
/// A driver does not load.
pub(super) fn measure(effort: Effort, mut tell: impl FnMut(Measurement)) -> Result<usize> {
    let mut thrown_away = 0;
    let mut middle = |unloading| {
        let differences = differences(unloading, effort, &mut thrown_away)?;
        anyhow::Ok(median(differences).map(|seconds| seconds * 1e6))
    };
    let (unbound, idle) = (middle(Unloading::Unbound)?, middle(Unloading::Idle)?);
    let watched = middle(Unloading::Watched)?;
    let each = |value: Option<f64>| value.map(|value| value / REGISTRATIONS as f64);
    let figures = [
        ("overhead_per_registration", each(unbound)),
        ("overhead_per_idle_binding", each(idle)),
        ("monitor", watched.zip(idle).map(|(with, without)| with - without)),
    ];
    for (name, value) in figures {
        if let Some(value) = value {
            tell(Measurement::new(name, value, "us"));
        }
    }
    Ok(thrown_away)
}

/// By how many seconds unload takes longer than the bare calls, in each repetition.
fn differences(unloading: Unloading, effort: Effort, thrown_away: &mut usize) -> Result<Vec<f64>> {
    let world = world();
    let _provider = (unloading != Unloading::Unbound).then(|| provider(&world, AtOnce));
    let storage = Loaded::<Wide>::storage(Host::quiet(world.clone()));
    let registrations = Registrations::new(&world);
    let mut differences = Vec::new();
    for _ in 0..effort.repetitions(25, 301) {
        for _ in 0..TRIES {
            // SAFETY: the storage is this function's, and what was loaded in it before has been dropped.
            let loaded = unsafe { Loaded::of(storage) }?;
            let system = loaded.driver().system();
            system.fail_nth_spawn(if unloading == Unloading::Idle { system.spawned() + 1 } else { 0 });
            let framework = Stretch::of(|| drop(loaded));
            let registered = registrations.register();
            let bare = Stretch::of(|| take_down(registered));
            if let (Some(framework), Some(bare)) = (judge(&[framework]), judge(&[bare])) {
                differences.push(framework.as_secs_f64() - bare.as_secs_f64());
                break;
            }
            *thrown_away += 1;
        }
    }
    Ok(differences)
}
