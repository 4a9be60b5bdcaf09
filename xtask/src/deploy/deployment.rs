//! The order of work: look, copy, verify, stop what must stop, install, start, prove; and back, if a step fails. The
//! copying is in [`copy`], the way off the machine in [`removal`].

use std::time::Duration;

use anyhow::{Result, bail};
use nmrctl::Answer;
use nmrctl::answer::{Action, Verdict};
use nmrctl::bundle::Bundle;
use nmrctl::service::ServiceState;

use super::folder::TargetFolder;
use super::report::{Report, StepReport};
use super::target::{Target, document, good};
use super::undo::{Before, Done, done_by_install, take_back};
use crate::exit;
use crate::ui::{Step, Ui};

mod copy;
mod removal;

/// For a command that only looks.
const LOOK: Duration = Duration::from_secs(90);
/// For copying, over a slow line.
const COPY: Duration = Duration::from_secs(900);
/// For what changes the machine; nmrctl's own limits are shorter.
const CHANGE: Duration = Duration::from_secs(240);

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// The bundle's drivers run.
    Run,
    /// To know whether they would.
    Check,
    /// They are gone.
    Uninstall,
}

/// One deployment to one machine.
pub(super) struct Deployment<'a> {
    target: &'a mut dyn Target,
    bundle: &'a Bundle,
    ui: &'a Ui,
    /// Whether services of the same names that nmrctl did not install may be replaced.
    force: bool,
    folder: TargetFolder,
    journal: Vec<Done>,
    /// The step under way.
    current: String,
    steps: Vec<StepReport>,
    warnings: Vec<String>,
    changed: bool,
    /// What to say, instead of taking anything back, when an uninstallation fails.
    stays: Option<String>,
}

impl<'a> Deployment<'a> {
    /// A deployment of `bundle` to `target`, which is asked where its folder is.
    pub(super) fn new(
        target: &'a mut dyn Target,
        bundle: &'a Bundle,
        ui: &'a Ui,
        force: bool,
    ) -> Result<Self> {
        let folder = TargetFolder::of(bundle, &target.run(TargetFolder::windows_folder_line(), LOOK)?)?;
        let (journal, steps, warnings) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self {
            target,
            bundle,
            ui,
            force,
            folder,
            journal,
            current: String::new(),
            steps,
            warnings,
            changed: false,
            stays: None,
        })
    }

    /// Reaches `goal`, or takes everything back and says so.
    pub(super) fn run(mut self, goal: Goal, host: &str) -> Result<Report> {
        let result = match goal {
            Goal::Run => self.deploy(),
            Goal::Check => self.check(),
            Goal::Uninstall => self.uninstall(),
        };
        match result {
            Ok(last) => Ok(self.report(goal, host, last)),
            Err(error) => Err(self.taken_back(&error)),
        }
    }

    fn deploy(&mut self) -> Result<Answer> {
        self.bring()?;
        let stores_without = self.preflight()?;
        let drivers = self.ask("status", LOOK)?.drivers;
        let before = Before { drivers, stores_without };
        self.refuse_foreign_services(&before)?;
        self.stop_what_must_stop(&before)?;
        self.install(before)?;
        self.start()?;
        self.prove()
    }

    fn check(&mut self) -> Result<Answer> {
        self.bring()?;
        self.preflight()?;
        let answer = self.ask("status", LOOK)?;
        let journal = std::mem::take(&mut self.journal);
        self.current = "clean up".to_owned();
        for said in take_back(self.target, &self.folder, &journal) {
            self.finish(said);
        }
        Ok(answer)
    }

    /// Returns the stores that do not have the signer's certificate.
    fn preflight(&mut self) -> Result<Vec<String>> {
        let step = self.begin("preflight");
        let answer = self.ask("preflight", LOOK)?;
        for check in &answer.checks {
            if check.verdict == Verdict::Warn {
                self.warnings.push(format!("{}; {}", check.finding, check.advice));
            }
        }
        let outcome = format!("{} checks, {} warnings", answer.checks.len(), self.warnings.len());
        step.done(&outcome);
        self.finish(outcome);
        let without = answer.certificates.into_iter().filter(|report| !report.present);
        Ok(without.map(|report| report.store).collect())
    }

    /// nmrctl refuses them too, but only when drivers have been stopped for its sake.
    fn refuse_foreign_services(&self, before: &Before) -> Result<()> {
        let foreign = before.drivers.iter().find(|driver| {
            let wanted = self.wanted_image(&driver.name);
            driver.installed
                && driver.installed_from.is_none()
                && wanted.is_some()
                && driver.image_sha256.as_deref() != wanted
        });
        match foreign {
            Some(driver) if !self.force => Err(exit::wrong(format!(
                "{} is a service over there already, with another image ({}), and nmrctl has no record of it\n  \
                 advice: if the service may go all the same, say so with --force; its image stays where it is",
                driver.name,
                driver.image.as_deref().unwrap_or("none")
            ))),
            _ => Ok(()),
        }
    }

    /// A driver that runs from another image than the bundle's is in the way of its successor.
    fn stop_what_must_stop(&mut self, before: &Before) -> Result<()> {
        for driver in before.drivers.iter().rev() {
            let is_loaded = driver.installed && driver.state != Some(ServiceState::Stopped);
            if is_loaded && driver.image_sha256.as_deref() != self.wanted_image(&driver.name) {
                let step = self.begin(&format!("stop {}", driver.name));
                self.journal.push(Done::Stopped(driver.name.clone()));
                self.ask(&format!("stop {}", driver.name), CHANGE)?;
                self.changed = true;
                step.done("");
                self.finish("unloaded".to_owned());
            }
        }
        Ok(())
    }

    fn install(&mut self, before: Before) -> Result<()> {
        let step = self.begin("install");
        // An answer may never come, and the drivers and the certificate be there all the same.
        self.journal.push(Done::Attempted(before.clone()));
        let force = if self.force { " --force" } else { "" };
        let answer = self.ask(&format!("install {}{force}", self.folder.path()), CHANGE)?;
        self.journal.pop();
        let done = done_by_install(&answer, |name| before.origin(name));
        self.changed |= !done.is_empty();
        self.journal.extend(done);
        let new = [names_of(&answer, Action::Installed), names_of(&answer, Action::Replaced)].concat();
        let outcome =
            if new.is_empty() { "all drivers are there already".to_owned() } else { new.join(", ") };
        step.done(&outcome);
        self.finish(outcome);
        Ok(())
    }

    fn start(&mut self) -> Result<()> {
        for driver in &self.bundle.manifest.drivers {
            let step = self.begin(&format!("start {}", driver.service));
            // A start that fails, or takes too long, may still leave a driver that runs.
            self.journal.push(Done::Started(driver.service.clone()));
            let answer = self.ask(&format!("start {}", driver.service), CHANGE)?;
            let started = !names_of(&answer, Action::Started).is_empty();
            if !started {
                self.journal.pop();
            }
            self.changed |= started;
            let outcome = if started { "loaded" } else { "ran already" };
            step.done(outcome);
            self.finish(outcome.to_owned());
        }
        Ok(())
    }

    /// Looks with fresh eyes: does every driver run, and from the bundle's very image? That it takes peers, and was not
    /// drained by a stop that did not end, nmrctl has asked it when it was started, or found to be running.
    fn prove(&mut self) -> Result<Answer> {
        let step = self.begin("prove");
        let answer = self.ask("status", LOOK)?;
        for wanted in &self.bundle.manifest.drivers {
            let name = &wanted.service;
            let Some(driver) = answer.drivers.iter().find(|driver| driver.name == *name) else {
                bail!("{name} is not in the target's status");
            };
            if driver.state != Some(ServiceState::Running) {
                bail!("{name} was started, and does not run now: {:?}", driver.state);
            }
            if driver.image_sha256.as_deref() != self.wanted_image(name) {
                bail!(
                    "{name} runs from {}, which is not the bundle's image",
                    driver.image.as_deref().unwrap_or("nowhere")
                );
            }
        }
        step.done("all drivers run from the bundle's images");
        self.finish("all drivers run from the bundle's images".to_owned());
        Ok(answer)
    }

    fn wanted_image(&self, name: &str) -> Option<&str> {
        let driver = self.bundle.driver(name).ok()?;
        Some(self.bundle.manifest.file(&driver.image)?.sha256.as_str())
    }

    /// Runs the bundle's nmrctl over there, and makes bad news an error.
    fn ask(&mut self, words: &str, limit: Duration) -> Result<Answer> {
        let line = format!("{} {words}", self.folder.nmrctl());
        let reply = self.target.run(&line, limit)?;
        good(&line, document(&line, &reply)?)
    }

    fn begin(&mut self, name: &str) -> Step {
        name.clone_into(&mut self.current);
        self.ui.step(name)
    }

    fn finish(&mut self, outcome: String) {
        self.steps.push(StepReport { name: self.current.clone(), outcome });
    }

    fn report(self, goal: Goal, host: &str, last: Answer) -> Report {
        Report {
            host: host.to_owned(),
            goal: match goal {
                Goal::Run => "run",
                Goal::Check => "check",
                Goal::Uninstall => "uninstall",
            },
            bundle: self.bundle.manifest.name.clone(),
            version: self.bundle.manifest.version.clone(),
            folder: self.folder.path(),
            changed: self.changed,
            steps: self.steps,
            warnings: self.warnings,
            drivers: last.drivers,
            certificates: last.certificates,
        }
    }

    fn taken_back(&mut self, error: &anyhow::Error) -> anyhow::Error {
        let journal = std::mem::take(&mut self.journal);
        let undone = if let Some(stays) = self.stays.take() {
            stays
        } else if journal.is_empty() {
            "nothing had been changed".to_owned()
        } else {
            let step = self.ui.step("taking back what this run did");
            let said = take_back(self.target, &self.folder, &journal);
            step.done("");
            said.join("\n    ")
        };
        exit::wrong(format!("step \"{}\" failed: {error:#}\n  taken back:\n    {undone}", self.current))
    }
}

fn names_of(answer: &Answer, action: Action) -> Vec<&str> {
    answer
        .drivers
        .iter()
        .filter(|driver| driver.action == action)
        .map(|driver| driver.name.as_str())
        .collect()
}

#[cfg(test)]
mod tests;
