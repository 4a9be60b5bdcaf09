//! What a deployment has done so far, and how each of it is taken back.

use std::time::Duration;

use anyhow::Result;
use nmrctl::answer::{Action, Answer, DriverReport};

use super::folder::TargetFolder;
use super::target::{Target, document, good};
use crate::exit;

const LIMIT: Duration = Duration::from_secs(180);

/// One thing a deployment has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// Our folder was copied to the machine.
    Copied,
    /// A driver that ran was stopped.
    Stopped(String),
    /// An installation was asked for, and nothing is known of its outcome.
    Attempted(Before),
    /// There was no such driver; now there is.
    Installed(String),
    /// A driver took the place of the one from another folder, if that is known.
    Replaced(String, Option<String>),
    /// A driver is not installed any more that was, from that folder if it is known.
    Lost(String, Option<String>),
    /// The signer's certificate was added to these stores.
    Trusted(Vec<String>),
    /// A driver was started.
    Started(String),
}

/// The machine before an installation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Before {
    /// The drivers, installed or not.
    pub(super) drivers: Vec<DriverReport>,
    /// The stores that did not have the signer's certificate.
    pub(super) stores_without: Vec<String>,
}

impl Before {
    /// Where driver `name` was installed from, if that is known.
    pub(super) fn origin(&self, name: &str) -> Option<String> {
        self.drivers.iter().find(|driver| driver.name == name)?.installed_from.clone()
    }

    /// What has become different, in the order of an installation, as far as `now` shows it. A driver that was there and is
    /// gone counts: a replacement may have ended between the two.
    fn differences(&self, now: &[DriverReport]) -> Vec<Done> {
        let mut done = Vec::new();
        if !self.stores_without.is_empty() {
            done.push(Done::Trusted(self.stores_without.clone()));
        }
        for driver in now.iter().filter(|driver| driver.installed) {
            let name = driver.name.clone();
            match self.drivers.iter().find(|old| old.name == name && old.installed) {
                None => done.push(Done::Installed(name)),
                Some(old) if old.image_sha256 != driver.image_sha256 => {
                    done.push(Done::Replaced(name, old.installed_from.clone()));
                }
                Some(_) => {}
            }
        }
        let is_there = |name: &str| now.iter().any(|driver| driver.installed && driver.name == name);
        for old in self.drivers.iter().filter(|old| old.installed && !is_there(&old.name)) {
            done.push(Done::Lost(old.name.clone(), old.installed_from.clone()));
        }
        done
    }
}

/// What an installation has done, in order. `origin` says where each driver was installed from before.
pub(super) fn done_by_install(answer: &Answer, origin: impl Fn(&str) -> Option<String>) -> Vec<Done> {
    let added = answer.certificates.iter().filter(|report| report.action == Action::Installed);
    let stores: Vec<String> = added.map(|report| report.store.clone()).collect();
    let trusted = (!stores.is_empty()).then_some(Done::Trusted(stores));
    let drivers = answer.drivers.iter().filter_map(|driver| match driver.action {
        Action::Installed => Some(Done::Installed(driver.name.clone())),
        Action::Replaced => Some(Done::Replaced(driver.name.clone(), origin(&driver.name))),
        _ => None,
    });
    trusted.into_iter().chain(drivers).collect()
}

/// Takes everything back, newest first, and says for each how it went. A machine that does not answer any more, or a
/// driver that does not stop, leaves things undone; then that is said.
pub(super) fn take_back(target: &mut dyn Target, folder: &TargetFolder, journal: &[Done]) -> Vec<String> {
    let mut said = Vec::new();
    let mut whole = true;
    for done in journal.iter().rev() {
        if *done == Done::Copied && !whole {
            // Its INF files are what a later uninstallation needs.
            said.push(format!("{} stays: what could not be taken back needs it", folder.path()));
            continue;
        }
        whole &= take_one_back(target, folder, done, &mut said);
    }
    said
}

/// Whether it was taken back; `said` gets the words for either.
fn take_one_back(
    target: &mut dyn Target,
    folder: &TargetFolder,
    done: &Done,
    said: &mut Vec<String>,
) -> bool {
    let nmrctl = folder.nmrctl();
    let (what, line) = match done {
        Done::Copied => {
            let result = remove_folder(target, folder);
            return told(format!("{} was removed", folder.path()), result, said);
        }
        Done::Attempted(before) => return take_attempt_back(target, folder, before, said),
        Done::Stopped(name) => (format!("{name} was started again"), format!("{nmrctl} start {name}")),
        Done::Installed(name) => (format!("{name} was uninstalled"), format!("{nmrctl} uninstall {name}")),
        Done::Lost(name, None) => {
            let reason = exit::wrong("where it was installed from is not known".to_owned());
            return told(format!("{name}, which is gone, was brought back"), Err(reason), said);
        }
        Done::Replaced(name, Some(origin)) | Done::Lost(name, Some(origin)) => {
            let line = format!(r"{nmrctl} install {origin} --driver {name}");
            (format!("{name} was brought back from {origin}"), line)
        }
        Done::Replaced(name, None) => (
            format!("{name} was uninstalled; where its predecessor came from is not known"),
            format!("{nmrctl} uninstall {name}"),
        ),
        Done::Trusted(stores) => {
            let words: Vec<String> = stores.iter().map(|store| format!(" --store {store}")).collect();
            let line = format!("{nmrctl} distrust {}{}", folder.path(), words.concat());
            (format!("the certificate was removed from {}", stores.join(" and ")), line)
        }
        Done::Started(name) => (format!("{name} was stopped"), format!("{nmrctl} stop {name}")),
    };
    told(what, ask(target, &line).map(drop), said)
}

/// Looks what an installation without an answer has done, and takes that back.
fn take_attempt_back(
    target: &mut dyn Target,
    folder: &TargetFolder,
    before: &Before,
    said: &mut Vec<String>,
) -> bool {
    match ask(target, &format!("{} status", folder.nmrctl())) {
        Ok(now) => {
            let mut whole = true;
            for done in before.differences(&now.drivers).iter().rev() {
                whole &= take_one_back(target, folder, done, said);
            }
            whole
        }
        Err(error) => told("what the installation may have done".to_owned(), Err(error), said),
    }
}

fn told(what: String, result: Result<()>, said: &mut Vec<String>) -> bool {
    let whole = result.is_ok();
    said.push(match result {
        Ok(()) => what,
        Err(error) => format!("NOT undone ({what}): {error:#}"),
    });
    whole
}

/// Runs a command line of nmrctl, and makes bad news an error.
fn ask(target: &mut dyn Target, line: &str) -> Result<Answer> {
    let reply = target.run(line, LIMIT)?;
    good(line, document(line, &reply)?)
}

/// Removes our folder from the machine, and the folder of all bundles after the last one, and looks whether ours is gone.
pub(super) fn remove_folder(target: &mut dyn Target, folder: &TargetFolder) -> Result<()> {
    let removal = target.run(&folder.remove_line(), LIMIT)?;
    let look = target.run(&folder.look_line(), LIMIT)?;
    // It stays, and says so, as long as there is another bundle in it.
    target.run(&folder.remove_root_line(), LIMIT)?;
    if look.success && look.stdout.trim().is_empty() {
        return Ok(());
    }
    Err(exit::wrong(format!(
        "{} could not be removed:\n    {}\n    {}\n  advice: see what has a file in it open over there",
        folder.path(),
        removal.words(),
        look.words()
    )))
}
