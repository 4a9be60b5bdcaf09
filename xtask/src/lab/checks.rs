//! What the rounds cannot show, because there everything goes well: the control device while peers hold a driver up, the
//! watchdog, the helpers, and the two policies for an NMR that fails.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use nmr_lab::log::{Line, Position};
use nmr_lab::program::Finished;
use nmr_lab::{Lab, Nmrctl};

use super::expectations::{LOAD_LIMIT, UNLOAD_LIMIT, pattern};
use super::images::FailureProbes;
use super::peers::{self, RELEASE};
use super::rounds;
use super::tally::Counter;
use crate::context::Context;

mod blocking_peer;
mod control_device;
pub(super) mod failure;
mod watchdog;

/// Something that happens without anybody waiting for it has happened by then.
const SOON: Duration = Duration::from_secs(20);
/// The driver with a control device, and what it calls itself.
const COMPOSITE: Driver = Driver { service: "composite", name: "Composite" };
/// The driver that calls Echo from threads of its own.
const CLIENT: Driver = Driver { service: "echo-client", name: "EchoClient" };

/// A driver whose Unload the peers hold up.
#[derive(Clone, Copy, Debug)]
struct Driver {
    service: &'static str,
    name: &'static str,
}

/// Runs the checks whose drivers are unloaded in the end, and those that end with a machine that has stopped last. Answers
/// what was seen, a sentence each.
pub(super) fn run(
    context: &Context,
    lab: &Lab,
    nmrctl: &Nmrctl<'_>,
    probes: &FailureProbes,
) -> Result<Vec<String>> {
    for peer in [peers::HOLDS, peers::HANGS] {
        peer.add(context, lab)?;
    }
    // Its watchdog speaks after ten seconds, as that of the drivers does: they pass together.
    let parked = failure::Parked::begin(lab, nmrctl, probes)?;
    let mut seen = Vec::new();
    let checks: [(&str, Check); 4] = [
        ("control device", control_device::run),
        ("a peer that blocks in its detach callback", blocking_peer::run),
        ("a drain while a peer blocks", blocking_peer::drain),
        ("a peer that does not complete its detach", watchdog::run),
    ];
    for (name, check) in checks {
        let step = context.ui.step(name);
        let scene = Scene::begin(lab, nmrctl)?;
        let sentence =
            check(&scene).and_then(|seen| scene.end().map(|()| seen)).with_context(|| name.to_owned())?;
        step.done("");
        seen.push(sentence);
    }
    let step = context.ui.step("NMR fails to let go of a driver");
    seen.push(parked.end(lab).context("a driver that parks")?);
    seen.push(failure::stops(lab, nmrctl, probes).context("a driver that stops the machine")?);
    step.done("");
    Ok(seen)
}

/// Answers what was seen, in one sentence.
type Check = fn(&Scene<'_>) -> Result<String>;

/// A lab in which drivers and peers come and go once.
struct Scene<'a> {
    lab: &'a Lab,
    nmrctl: &'a Nmrctl<'a>,
    release: PathBuf,
    begin: Position,
}

impl<'a> Scene<'a> {
    /// Nothing is loaded, and nobody is told to go on.
    fn begin(lab: &'a Lab, nmrctl: &'a Nmrctl<'a>) -> Result<Self> {
        let release = lab.drive().join(RELEASE);
        if release.exists() {
            fs::remove_file(&release).with_context(|| format!("{} cannot be removed", release.display()))?;
        }
        Ok(Self { lab, nmrctl, release, begin: lab.log().end()? })
    }

    /// Loads drivers, in this order.
    fn load(&self, names: &[&str]) -> Result<()> {
        for name in names {
            self.nmrctl.start(name, LOAD_LIMIT)?;
        }
        self.lab.mark_well();
        Ok(())
    }

    /// Unloads drivers, in this order.
    fn unload(&self, names: &[&str]) -> Result<()> {
        for name in names {
            self.nmrctl.stop(name, UNLOAD_LIMIT)?;
        }
        Ok(())
    }

    /// Tells the peers to go on.
    fn release(&self) -> Result<()> {
        fs::write(&self.release, "").with_context(|| format!("{} cannot be written", self.release.display()))
    }

    /// Stops `driver` without draining it first, and does `meanwhile` while its Unload waits for a peer. Then the peers
    /// are told to go on, also if `meanwhile` has failed.
    fn while_unload_waits<T>(&self, driver: Driver, meanwhile: impl FnOnce() -> Result<T>) -> Result<T> {
        thread::scope(|scope| {
            let stopping = scope
                .spawn(|| self.lab.command("stop", &["net", "stop", driver.service], UNLOAD_LIMIT + SOON));
            let result =
                self.await_line(&format!("^nmr: {}: unload begins$", driver.name)).and_then(|_| meanwhile());
            self.release()?;
            let finished: Result<Finished, _> =
                stopping.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            let result = result?;
            finished?.success().context("the driver was not stopped when its peers had gone on")?;
            self.await_line(&format!(r"^nmr-lab: unloaded driver={}\.sys", driver.service))?;
            Ok(result)
        })
    }

    /// Waits for a line of this scene.
    fn await_line(&self, words: &str) -> Result<Line> {
        match self.lab.wait_for(&pattern(words), self.begin, SOON)? {
            Some(line) => Ok(line),
            None => bail!("not in the log within {} s: {words}", SOON.as_secs()),
        }
    }

    /// The lines of this scene that match.
    fn lines(&self, words: &str) -> Result<Vec<String>> {
        lines_since(self.lab, self.begin, words)
    }

    /// All is unloaded: no rule was broken, nothing is left.
    fn end(&self) -> Result<()> {
        rounds::judge(self.lab, self.begin, &mut Counter::new())
    }
}

/// The lines since `position` that match.
fn lines_since(lab: &Lab, position: Position, words: &str) -> Result<Vec<String>> {
    let words = pattern(words);
    let (lines, _) = lab.log().since(position)?;
    Ok(lines.into_iter().map(|line| line.text).filter(|text| words.is_match(text)).collect())
}

/// The value in which the driver of `service` says who holds its unload up. It is written right after the line in the log.
fn unload_blocker(lab: &Lab, service: &str) -> Result<String> {
    let key = format!(r"HKLM\System\CurrentControlSet\Services\{service}\Parameters");
    let words = ["reg", "query", &key, "/v", "UnloadBlocker"];
    let begin = Instant::now();
    loop {
        let output = lab.command("reg-query", &words, SOON)?.stdout;
        match registry_text(&output) {
            Some(text) => return Ok(text.to_owned()),
            None if begin.elapsed() < SOON => {}
            None => bail!("no UnloadBlocker below {key}, but: {}", output.trim()),
        }
    }
}

/// The text of the one value in what `reg query` prints.
fn registry_text(output: &str) -> Option<&str> {
    output.lines().find_map(|line| line.split_once("REG_SZ")).map(|(_, text)| text.trim())
}

/// Demands that what the registry has is a line of the log.
fn ensure_in_log(lines: &[String], value: &str) -> Result<()> {
    ensure!(
        lines.iter().any(|line| line == value),
        "UnloadBlocker is `{value}`, which is none of these lines of the log: {lines:?}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_from_the_words_of_reg() {
        let output = "HKEY_LOCAL_MACHINE\\System\\x\\Parameters\r\n    UnloadBlocker    REG_SZ    nmr: A: held up\r\n\r\n";
        assert_eq!(registry_text(output), Some("nmr: A: held up"));
        assert_eq!(registry_text("Unable to find the specified registry value\r\n"), None);
    }

    #[test]
    fn what_the_registry_has_must_be_in_the_log() {
        let lines = ["nmr: A: held up".to_owned()];
        ensure_in_log(&lines, "nmr: A: held up").unwrap();
        assert!(ensure_in_log(&lines, "nmr: A: held").is_err());
    }
}
