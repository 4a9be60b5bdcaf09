//! The drivers of a bundle that the lab knows nothing about: each is loaded among the samples, which may be its peers, and
//! unloaded again, before them and after them.

use anyhow::{Context as _, Result};
use nmr_lab::{Lab, Nmrctl};
use nmrctl::bundle::Bundle;

use super::expectations::{DRIVERS, LOAD_LIMIT, UNLOAD_LIMIT};
use super::rounds;
use super::tally::Counter;
use crate::context::Context;

/// The names of the drivers in `bundle` that are not samples.
fn names(bundle: &Bundle) -> Vec<&str> {
    let names = bundle.manifest.drivers.iter().map(|driver| driver.service.as_str());
    names.filter(|name| !DRIVERS.contains(name)).collect()
}

/// Loads and unloads them, and answers what was seen, in one sentence; nothing if there are none.
pub(super) fn run(
    context: &Context,
    lab: &Lab,
    nmrctl: &Nmrctl<'_>,
    bundle: &Bundle,
) -> Result<Option<String>> {
    let guests = names(bundle);
    if guests.is_empty() {
        return Ok(None);
    }
    let step = context.ui.step(format!("other drivers: {}", guests.join(", ")));
    for order in orders(&guests) {
        let begin = lab.log().end()?;
        for name in DRIVERS.iter().chain(&guests) {
            nmrctl.start(name, LOAD_LIMIT).with_context(|| format!("{name} was not loaded"))?;
        }
        lab.mark_well();
        for name in &order {
            nmrctl.stop(name, UNLOAD_LIMIT).with_context(|| format!("{name} was not unloaded"))?;
        }
        // What a guest answers when a sample calls it is its own: a new provider of Echo does not echo yet.
        rounds::judge_rules(lab, begin, &mut Counter::new())
            .with_context(|| format!("unloaded in the order {}", order.join(", ")))?;
    }
    step.done("");
    Ok(Some(format!("loaded among the samples, and unloaded before and after them: {}", guests.join(", "))))
}

/// The guests go first, then last.
fn orders<'a>(guests: &[&'a str]) -> [Vec<&'a str>; 2] {
    [[guests, &DRIVERS].concat(), [&DRIVERS[..], guests].concat()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guests_are_unloaded_before_and_after_the_samples() {
        let [before, after] = orders(&["guest"]);
        assert_eq!((before[0], after[0], after[DRIVERS.len()]), ("guest", DRIVERS[0], "guest"));
        assert_eq!((before.len(), after.len()), (DRIVERS.len() + 1, DRIVERS.len() + 1));
    }
}
