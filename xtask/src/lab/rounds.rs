//! One round: load the drivers in some order, wait until calls flow, unload them in some order while they flow.

use anyhow::{Result, bail};
use nmr_lab::log::Position;
use nmr_lab::{Lab, Nmrctl};
use std::time::Instant;

use super::expectations::{DRIVERS, LOAD_LIMIT, TRAFFIC, TRAFFIC_LIMIT, UNLOAD_LIMIT, number, pattern};
use super::orders::Orders;
use super::tally::Counter;

/// What the rounds need.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    pub(super) lab: &'a Lab,
    pub(super) nmrctl: &'a Nmrctl<'a>,
}

impl Stage<'_> {
    /// Plays one round. `Err` says what went wrong, in one sentence or several lines.
    pub(super) fn play(&self, orders: Orders, counter: &mut Counter) -> Result<()> {
        let begin = self.lab.log().end()?;
        for index in orders.start {
            self.nmrctl.start(DRIVERS[index], LOAD_LIMIT)?;
        }
        self.lab.mark_well();
        self.wait_for_traffic(begin)?;
        for index in orders.stop {
            self.nmrctl.stop(DRIVERS[index], UNLOAD_LIMIT)?;
        }
        judge(self.lab, begin, counter)
    }

    /// Waits until calls have gone through Echo and through Relay.
    fn wait_for_traffic(&self, since: Position) -> Result<()> {
        let traffic = pattern(TRAFFIC);
        let begin = Instant::now();
        let mut position = since;
        while begin.elapsed() < TRAFFIC_LIMIT {
            let (lines, next) = self.lab.log().since(position)?;
            position = next;
            for line in &lines {
                if let Some(captures) = traffic.captures(&line.text)
                    && number(&captures, "echoed") > 0
                    && number(&captures, "relayed") > 0
                {
                    return Ok(());
                }
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        bail!("no calls went through both Echo and Relay within {} s of loading", TRAFFIC_LIMIT.as_secs())
    }
}

/// Looks at everything that was said since `begin`, when all drivers are unloaded.
pub(super) fn judge(lab: &Lab, begin: Position, counter: &mut Counter) -> Result<()> {
    let wrong_before = counter.tally.wrong;
    judge_rules(lab, begin, counter)?;
    let wrong = counter.tally.wrong - wrong_before;
    if wrong > 0 {
        bail!("{wrong} calls gave back something else than they should");
    }
    Ok(())
}

/// The same, whatever calls gave back.
pub(super) fn judge_rules(lab: &Lab, begin: Position, counter: &mut Counter) -> Result<()> {
    let signs = lab.crash_signs(begin)?;
    if let [first, ..] = signs.as_slice() {
        bail!("the machine crashed: {first}");
    }
    let (lines, _) = lab.log().since(begin)?;
    let violations = counter.count(&lines);
    if !violations.is_empty() {
        bail!("a rule of the NMR was broken:\n    {}", violations.join("\n    "));
    }
    let left = counter.tally.left;
    if left.registrations > 0 || left.bindings > 0 {
        let (registrations, bindings) = (left.registrations, left.bindings);
        bail!(
            "all drivers are unloaded, and NMR still has {registrations} registrations and {bindings} bindings"
        );
    }
    Ok(())
}
