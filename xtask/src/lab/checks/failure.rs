//! What becomes of a driver when NMR fails to let go of it: the machine stops with the documented code and parameters, or
//! Unload never returns and says why.
//!
//! Each of these drivers has a process of its own, so that it takes nobody along.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use nmr_lab::log::Position;
use nmr_lab::{Failing, Lab, Nmrctl};

use super::super::expectations::{LOAD_LIMIT, pattern};
use super::super::images::FailureProbes;
use super::{SOON, ensure_in_log, lines_since, unload_blocker};

const DEREGISTER: &str = "NmrDeregisterClient";
const WAIT: &str = "NmrWaitForClientDeregisterComplete";
const PARKS: &str = "failure-parks";
/// A driver whose registration NMR does not let go of: service, which routine fails, the code that is documented for it.
const STOPS: [(&str, &str, u32); 2] =
    [("stops-at-deregister", DEREGISTER, 0x4e4d_5244), ("stops-at-wait", WAIT, 0x4e4d_5257)];
/// As documented: STATUS_UNSUCCESSFUL, a client, and the two halves of Echo's identifier.
const PARAMETERS: [u64; 4] = [0xc000_0001, 1, 0xc1b6_a3b2_5d0f_4c39, 0x9a77_3b1f_0e6d_2a41];

/// What the lab's NMR must fail at for these checks.
pub(in super::super) fn failing() -> Vec<Failing> {
    let parks = (PARKS, WAIT);
    STOPS
        .iter()
        .map(|(name, routine, _)| (*name, *routine))
        .chain([parks])
        .map(|(name, routine)| Failing { driver: format!("{name}.sys"), routine })
        .collect()
}

/// A driver that has been asked to stop, and never will.
pub(super) struct Parked {
    begin: Position,
}

impl Parked {
    /// Loads the driver and asks it to stop.
    pub(super) fn begin(lab: &Lab, nmrctl: &Nmrctl<'_>, probes: &FailureProbes) -> Result<Self> {
        let begin = lab.log().end()?;
        load(lab, nmrctl, PARKS, &probes.parks)?;
        let answer = nmrctl.ask(&["stop", PARKS, "--timeout", "1"], SOON)?;
        ensure!(!answer.ok, "{PARKS} was stopped, and NMR had not let go of it");
        Ok(Self { begin })
    }

    /// Waits for what its watchdog says, and sees that it is still there.
    pub(super) fn end(self, lab: &Lab) -> Result<String> {
        ensure_failed(lab, self.begin, PARKS, WAIT)?;
        let held_up = r"^nmr: FailureParks: unload is held up by echo \(client of echo\): \[failed\]";
        if lab.wait_for(&pattern(held_up), self.begin, SOON)?.is_none() {
            bail!("the watchdog of {PARKS} does not name the registration that failed: {held_up}");
        }
        let value = unload_blocker(lab, PARKS)?;
        ensure_in_log(&lines_since(lab, self.begin, held_up)?, &value)?;
        let gone = lines_since(
            lab,
            self.begin,
            r"^nmr: FailureParks: unloaded|^nmr-lab: unloaded driver=failure-parks\.sys|KeBugCheckEx",
        )?;
        ensure!(gone.is_empty(), "{PARKS} should wait for ever, and does not: {gone:?}");
        Ok(format!("a wait that failed parked the driver: {value}"))
    }
}

/// Loads and stops a driver for each routine that fails, and looks for the stop code.
pub(super) fn stops(lab: &Lab, nmrctl: &Nmrctl<'_>, probes: &FailureProbes) -> Result<String> {
    for (name, routine, code) in STOPS {
        let begin = lab.log().end()?;
        load(lab, nmrctl, name, &probes.stops)?;
        let answer = nmrctl.ask(&["stop", name, "--timeout", "20"], SOON)?;
        ensure_failed(lab, begin, name, routine)?;
        let Some(line) = lab.wait_for(&pattern("KeBugCheckEx"), begin, SOON)? else {
            bail!("{routine} failed, and {name} did not stop the machine: {answer:?}");
        };
        let found = stop_of(&line.text);
        ensure!(
            found == Some((u64::from(code), PARAMETERS)),
            "{routine} failed, and the machine should stop with {code:#x} and {PARAMETERS:#x?}; the log says: {}",
            line.text
        );
    }
    lab.mark_well();
    Ok("failures of NmrDeregister* and NmrWaitFor* stopped the machine with NMRD and NMRW".to_owned())
}

fn load(lab: &Lab, nmrctl: &Nmrctl<'_>, name: &str, image: &Path) -> Result<()> {
    lab.add_driver_to_group(name, image, name)?;
    nmrctl.start(name, LOAD_LIMIT)?;
    Ok(())
}

/// Makes a check whose failure never came an error.
fn ensure_failed(lab: &Lab, begin: Position, name: &str, routine: &str) -> Result<()> {
    let failed = format!(r"^nmr-lab: failed driver={name}\.sys routine={routine} status=0xc0000001$");
    ensure!(
        lab.wait_for(&pattern(&failed), begin, SOON)?.is_some(),
        "{routine} did not fail for {name}, so nothing is shown"
    );
    Ok(())
}

/// Code and parameters of a line of Wine's that tells of a stop.
fn stop_of(line: &str) -> Option<(u64, [u64; 4])> {
    let (_, numbers) = line.split_once("KeBugCheckEx")?;
    let mut numbers = numbers
        .split(|letter: char| !letter.is_ascii_hexdigit() && letter != 'x')
        .filter(|word| !word.is_empty())
        .map_while(|word| u64::from_str_radix(word.trim_start_matches("0x"), 16).ok());
    let code = numbers.next()?;
    let parameters: Vec<u64> = numbers.collect();
    Some((code, parameters.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_is_read_from_the_words_of_wine() {
        let line = "err:ntoskrnl:KeBugCheckEx 4e4d5244 c0000001 1 c1b6a3b25d0f4c39 9a773b1f0e6d2a41";
        assert_eq!(stop_of(line), Some((0x4e4d_5244, PARAMETERS)));
        assert_eq!(stop_of("err:ntoskrnl:KeBugCheckEx e2 1 2 3"), None);
        assert_eq!(stop_of("nothing"), None);
    }

    #[test]
    fn each_driver_fails_at_its_routine() {
        let failing = failing();
        assert_eq!(failing.len(), 3);
        assert!(failing.contains(&Failing { driver: "stops-at-wait.sys".to_owned(), routine: WAIT }));
        assert!(failing.contains(&Failing { driver: "failure-parks.sys".to_owned(), routine: WAIT }));
    }
}
