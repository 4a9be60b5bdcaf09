//! A client of WSK over the requests of the I/O manager, and a WSK in C: they come and go in an order drawn from the seed,
//! with requests outstanding.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nmr_lab::log::Line;
use nmr_lab::{Lab, c_driver};

use super::expectations::{number, pattern};
use super::peers;
use super::rounds;
use super::tally::Counter;
use super::walk::Walk;
use crate::context::Context;

/// The package of the client, and its service.
pub(super) const CLIENT: &str = "wsk-client";
const SUBSYSTEM: &str = "wsk-subsystem";
/// How often one of the two is loaded and unloaded.
const CYCLES: u32 = 40;
/// All cycles, on a machine that does anything at all.
const LIMIT: Duration = Duration::from_secs(300);

const CLIENT_SAYS: &str = r"^wsk-client: stop: echoed (?<echoed>\d+) ended (?<ended>\d+) failed (?<failed>\d+) wrong (?<wrong>\d+)$";
const SUBSYSTEM_SAYS: &str = r"^wsk-subsystem: stop: cancelled (?<cancelled>\d+) at_once (?<at_once>\d+) at_dispatch (?<at_dispatch>\d+) wrong (?<wrong>\d+)$";

/// What both have said when they were unloaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    /// Datagrams that came back.
    echoed: u64,
    /// Calls that ended because the other side, or the client itself, went.
    ended: u64,
    /// Requests that were completed because they were cancelled.
    cancelled: u64,
    /// Requests that were completed before the call returned.
    at_once: u64,
    /// Requests that were completed at DISPATCH_LEVEL.
    at_dispatch: u64,
    /// Anything that should not be.
    wrong: u64,
}

/// Plays the cycles, and answers what was seen, in one sentence.
pub(super) fn run(context: &Context, lab: &Lab, client: &Path, seed: u64) -> Result<String> {
    let step = context.ui.step("WSK");
    lab.add_driver(CLIENT, client)?;
    let image = lab.folder().join(format!("{SUBSYSTEM}.sys"));
    c_driver::compile(&peers::source(context, "wsk.c"), &image, &[])?;
    lab.add_driver(SUBSYSTEM, &image)?;
    let walk = Walk::prepare(context, lab, "wsk", (seed, &[CLIENT, SUBSYSTEM], CYCLES))?;

    let begin = lab.log().end()?;
    lab.mark_well();
    let finished = walk.play(LIMIT)?;
    rounds::judge(lab, begin, &mut Counter::new()).context("a client of WSK")?;
    ensure!(finished.status.success(), "a client of WSK: {}", finished.stdout.trim());
    let (lines, _) = lab.log().since(begin)?;
    let seen = Seen::of(&lines);
    seen.judge()?;
    step.done("");
    let Seen { echoed, ended, cancelled, .. } = seen;
    Ok(format!(
        "a client of WSK and a WSK came and went {CYCLES} times: {echoed} datagrams over IRPs, {ended} calls ended by a detach, {cancelled} IRPs cancelled"
    ))
}

impl Seen {
    fn of(lines: &[Line]) -> Self {
        let (client, subsystem) = (pattern(CLIENT_SAYS), pattern(SUBSYSTEM_SAYS));
        let mut seen = Self::default();
        for Line { text, .. } in lines {
            if let Some(said) = client.captures(text) {
                seen.echoed += number(&said, "echoed");
                seen.ended += number(&said, "ended");
                seen.wrong += number(&said, "wrong");
            } else if let Some(said) = subsystem.captures(text) {
                seen.cancelled += number(&said, "cancelled");
                seen.at_once += number(&said, "at_once");
                seen.at_dispatch += number(&said, "at_dispatch");
                seen.wrong += number(&said, "wrong");
            }
        }
        seen
    }

    /// Demands that nothing was wrong, and that every way of completing a request was seen.
    fn judge(self) -> Result<()> {
        let Self { echoed, ended, cancelled, at_once, at_dispatch, wrong } = self;
        ensure!(wrong == 0, "{wrong} times a client of WSK, or the WSK, met what should not be");
        let ways = [echoed, ended, cancelled, at_once, at_dispatch];
        ensure!(ways.iter().all(|count| *count > 0), "too little was seen of WSK to show anything: {self:?}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_added_up_and_must_show_everything() {
        let none = String::new;
        let line = |text: &str| Line { time: none(), thread: none(), text: text.to_owned() };
        let lines = [
            line("wsk-client: stop: echoed 5 ended 1 failed 0 wrong 0"),
            line("wsk-client: stop: echoed 7 ended 2 failed 3 wrong 0"),
            line("wsk-subsystem: stop: cancelled 2 at_once 4 at_dispatch 6 wrong 0"),
        ];
        let seen = Seen::of(&lines);
        let expected = Seen { echoed: 12, ended: 3, cancelled: 2, at_once: 4, at_dispatch: 6, wrong: 0 };
        assert_eq!(seen, expected);
        seen.judge().unwrap();
        assert!(Seen { wrong: 1, ..seen }.judge().is_err());
        assert!(Seen { cancelled: 0, ..seen }.judge().is_err());
    }
}
