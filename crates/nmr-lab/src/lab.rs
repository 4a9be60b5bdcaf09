//! A lab machine: booted, with our Network Module Registrar in place, ready for drivers.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use nmrctl::Answer;
use regex::Regex;

use crate::crash;
use crate::error::{AtPath as _, LabError, Result};
use crate::kernel::Kernel;
use crate::log::{Line, Log, Position};
use crate::machine::Machine;
use crate::processes::{self, LabProcess};
use crate::program::Finished;
use crate::sweep::{self, Claim};
use crate::template;
use crate::wine::Wine;

/// Booting, installing, anything that is no driver's own doing.
const STEP: Duration = Duration::from_secs(90);
/// `nmrctl` gets this much more than the driver it waits for.
const MARGIN: Duration = Duration::from_secs(30);
/// The service of our NETIO.SYS.
const NETIO: &str = "netio";

/// What a lab is made of.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where templates and labs are kept: a folder under the target folder.
    pub root: PathBuf,
    /// The lab's name: the name of its folder under `root`. A folder left by an earlier lab of that name is removed.
    pub name: String,
    /// The image of our NETIO.SYS.
    pub netio: PathBuf,
    /// The checks in front of Wine's kernel; none leaves Wine's kernel as it is.
    pub kernel: Option<Kernel>,
    /// The load order group of the drivers: all drivers of one group share a process, and so one NETIO.SYS.
    pub group: String,
}

/// A running lab machine. Dropping it switches it off.
#[derive(Debug)]
pub struct Lab {
    machine: Machine,
    log: Log,
    group: String,
    /// The driver hosts when the machine was last known to be well.
    hosts: Mutex<Vec<LabProcess>>,
    running: bool,
    /// Dropped last: the lab is in use until it is switched off.
    _claim: Claim,
}

impl Lab {
    /// Makes and boots a lab machine, and starts NETIO.SYS in it.
    ///
    /// # Errors
    /// When a package is missing, or the machine or NETIO.SYS does not come up.
    pub fn start(plan: &Plan) -> Result<Self> {
        let wine = Wine::find()?;
        let template = template::ready(&wine, &plan.root)?;
        sweep::sweep(&wine, &plan.root)?;
        let claim = Claim::new(&plan.root, &plan.name)?;
        let folder = plan.root.join(&plan.name);
        if folder.exists() {
            fs::remove_dir_all(&folder).at("removed", &folder)?;
        }
        fs::create_dir_all(&folder).at("made", &folder)?;
        let machine = Machine::new(wine.clone(), &folder)?;
        template::copy(&template.join("prefix"), &machine.prefix())?;
        if let Some(kernel) = &plan.kernel {
            kernel.install(&wine, &machine.drive(), machine.folder())?;
        }
        let log = Log::new(machine.folder().join("machine.log"));
        machine.boot(log.path(), STEP)?;
        let lab = Self {
            machine,
            log,
            group: plan.group.clone(),
            hosts: Mutex::default(),
            running: true,
            _claim: claim,
        };
        lab.start_netio(&plan.netio)?;
        Ok(lab)
    }

    /// The folder of the lab: prefix, log, output of every program.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.machine.folder()
    }

    /// The folder that is drive C: inside.
    #[must_use]
    pub fn drive(&self) -> PathBuf {
        self.machine.drive()
    }

    /// Everything the machine and its drivers say.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    pub(crate) fn machine(&self) -> &Machine {
        &self.machine
    }

    fn start_netio(&self, image: &Path) -> Result<()> {
        self.add_driver(NETIO, image)?;
        self.revive()
    }

    /// Starts NETIO.SYS, and with it the process that hosts the drivers: once when the machine is booted, and again
    /// when a crash has ended them.
    ///
    /// # Errors
    /// When it does not start.
    pub fn revive(&self) -> Result<()> {
        let begin = Instant::now();
        loop {
            let started = self.command("sc-start", &["sc", "start", NETIO], STEP)?;
            if started.status.success() || begin.elapsed() > STEP {
                started.success()?;
                break;
            }
            // After a crash the manager takes the service for running, until it is asked to stop it and finds nobody.
            self.command("sc-stop", &["sc", "stop", NETIO], STEP)?;
            std::thread::sleep(Duration::from_millis(100));
        }
        // The manager answers before the driver is there.
        let begin = Instant::now();
        while !self.command("sc-query", &["sc", "query", NETIO], STEP)?.stdout.contains("RUNNING") {
            if begin.elapsed() > STEP {
                let tail = "NETIO.SYS of the lab did not start; see machine.log".to_owned();
                return Err(LabError::Failed {
                    line: "sc start netio".to_owned(),
                    status: "no success".to_owned(),
                    tail,
                });
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.mark_well();
        Ok(())
    }

    /// Puts the driver `image` into the machine as service `name`, beside the other drivers of the lab's group, without
    /// an INF.
    ///
    /// # Errors
    /// When it cannot be copied or the service cannot be made.
    pub fn add_driver(&self, name: &str, image: &Path) -> Result<()> {
        self.add_driver_to_group(name, image, &self.group)
    }

    /// As [`Lab::add_driver`], in another group: the driver gets a process and a NETIO.SYS of its own, which may end badly
    /// without the others knowing.
    ///
    /// # Errors
    /// As [`Lab::add_driver`].
    pub fn add_driver_to_group(&self, name: &str, image: &Path, group: &str) -> Result<()> {
        let file = format!("windows/system32/drivers/{name}.sys");
        let target = self.drive().join(file);
        // Never write into what is there: it may be a link.
        if target.is_symlink() || target.exists() {
            fs::remove_file(&target).at("removed", &target)?;
        }
        fs::copy(image, &target).at("copied", image)?;
        let path = format!(r"C:\windows\system32\drivers\{name}.sys");
        let words =
            ["sc", "create", name, "type=", "kernel", "start=", "demand", "group=", group, "binPath=", &path];
        self.command("sc-create", &words, STEP)?.success()?;
        Ok(())
    }

    /// Runs a program of the machine to its end.
    ///
    /// # Errors
    /// When it does not end within `limit`.
    pub fn command(&self, name: &str, words: &[&str], limit: Duration) -> Result<Finished> {
        self.machine.wine(name, words, limit)
    }

    /// Copies the bundle in `folder` to `C:\lab\<name>` and returns its `nmrctl`.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn bring_bundle(&self, folder: &Path, name: &str) -> Result<Nmrctl<'_>> {
        template::copy(folder, &self.drive().join("lab").join(name))?;
        Ok(Nmrctl { lab: self, folder: format!(r"C:\lab\{name}") })
    }

    /// Remembers the driver hosts that live now; [`Lab::crash_signs`] misses them when they end.
    pub fn mark_well(&self) {
        let hosts = processes::of_prefix(&self.machine.prefix());
        if let Ok(mut known) = self.hosts.lock() {
            *known = hosts;
        }
    }

    /// Every sign of a crash since `position`; empty if all is well. Each is one line for people.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn crash_signs(&self, position: Position) -> Result<Vec<String>> {
        let (lines, _) = self.log.since(position)?;
        let mut signs: Vec<String> =
            lines.iter().filter(|line| crash::is_sign(line)).map(|line| line.text.clone()).collect();
        let now = processes::of_prefix(&self.machine.prefix());
        if let Ok(known) = self.hosts.lock() {
            let gone = crash::vanished(&known, &now);
            signs.extend(
                gone.iter().map(|process| {
                    format!("the process that hosts drivers is gone (it was {})", process.pid)
                }),
            );
        }
        Ok(signs)
    }

    /// What drivers have done since `position` that the kernel's rules forbid.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn violations(&self, position: Position) -> Result<Vec<String>> {
        let (lines, _) = self.log.since(position)?;
        Ok(lines.into_iter().filter(crash::is_violation).map(|line| line.text).collect())
    }

    /// The backtraces that the debugger wrote; empty if there was no fault.
    #[must_use]
    pub fn backtraces(&self) -> String {
        crash::backtraces(&self.drive())
    }

    /// Waits until a line after `position` matches; `None` when `limit` passes first.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn wait_for(&self, pattern: &Regex, position: Position, limit: Duration) -> Result<Option<Line>> {
        self.log.wait_for(pattern, position, limit)
    }

    /// Switches the machine off. Drivers that are still loaded are not told: stop them first.
    pub fn shut_down(mut self) {
        self.switch_off();
    }

    fn switch_off(&mut self) {
        if std::mem::take(&mut self.running) {
            self.machine.stop_server();
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.switch_off();
    }
}

/// `nmrctl.exe` of a bundle in a lab.
#[derive(Clone, Debug)]
pub struct Nmrctl<'a> {
    lab: &'a Lab,
    folder: String,
}

impl Nmrctl<'_> {
    /// The bundle's folder as the machine sees it.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Runs a command and returns its answer, whether it is good or bad news.
    ///
    /// # Errors
    /// When the program does not end in time or answers no document.
    pub fn ask(&self, words: &[&str], limit: Duration) -> Result<Answer> {
        let program = format!(r"{}\nmrctl.exe", self.folder);
        let all: Vec<&str> = std::iter::once(program.as_str()).chain(words.iter().copied()).collect();
        let finished = self.lab.command(words.first().unwrap_or(&"nmrctl"), &all, limit + MARGIN)?;
        serde_json::from_str(&finished.stdout).map_err(|error| {
            let text = crate::program::tail_of(&format!("{}{}", finished.stdout, finished.stderr));
            LabError::NotUnderstood { line: finished.line, error, text }
        })
    }

    /// Runs a command and makes bad news an error.
    ///
    /// # Errors
    /// As [`Nmrctl::ask`], and `Refused`.
    pub fn run(&self, words: &[&str], limit: Duration) -> Result<Answer> {
        let answer = self.ask(words, limit)?;
        match answer.error {
            None => Ok(answer),
            Some(failure) => {
                let advice = failure.advice.clone();
                Err(LabError::Refused { line: words.join(" "), failure: Box::new(failure), advice })
            }
        }
    }

    /// Loads driver `name`.
    ///
    /// # Errors
    /// As [`Nmrctl::run`].
    pub fn start(&self, name: &str, limit: Duration) -> Result<Answer> {
        self.run(&["start", name, "--timeout", &limit.as_secs().to_string()], limit)
    }

    /// Unloads driver `name`.
    ///
    /// # Errors
    /// As [`Nmrctl::run`].
    pub fn stop(&self, name: &str, limit: Duration) -> Result<Answer> {
        self.run(&["stop", name, "--timeout", &limit.as_secs().to_string()], limit)
    }
}
