//! What a deployment has done so far, and how each of it is taken back.

use std::time::Duration;

use nmrctl::answer::{Action, Answer};

use super::folder::TargetFolder;
use super::target::{Target, document, good};

const LIMIT: Duration = Duration::from_secs(180);

/// One thing a deployment has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// Our folder was copied to the machine.
    Copied,
    /// A driver that ran was stopped.
    Stopped(String),
    /// There was no such driver; now there is.
    Installed(String),
    /// A driver took the place of the one from another folder, if that is known.
    Replaced(String, Option<String>),
    /// The signer's certificate was added.
    Trusted,
    /// A driver was started.
    Started(String),
}

/// What an installation has done, in order. `origins` says where each driver was installed from before.
pub(super) fn done_by_install(answer: &Answer, origin: impl Fn(&str) -> Option<String>) -> Vec<Done> {
    let trusted = answer.certificates.iter().any(|report| report.action == Action::Installed);
    let drivers = answer.drivers.iter().filter_map(|driver| match driver.action {
        Action::Installed => Some(Done::Installed(driver.name.clone())),
        Action::Replaced => Some(Done::Replaced(driver.name.clone(), origin(&driver.name))),
        _ => None,
    });
    trusted.then_some(Done::Trusted).into_iter().chain(drivers).collect()
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
        let (what, lines) = plan(folder, done);
        match lines.iter().try_for_each(|line| carry_out(target, line)) {
            Ok(()) => said.push(what),
            Err(error) => {
                whole = false;
                said.push(format!("NOT undone ({what}): {error:#}"));
            }
        }
    }
    said
}

/// What taking `done` back means in words and in command lines.
fn plan(folder: &TargetFolder, done: &Done) -> (String, Vec<String>) {
    let nmrctl = folder.nmrctl();
    match done {
        Done::Copied => (format!("{} was removed", folder.path()), vec![folder.remove_line()]),
        Done::Stopped(name) => (format!("{name} was started again"), vec![format!("{nmrctl} start {name}")]),
        Done::Installed(name) => {
            (format!("{name} was uninstalled"), vec![format!("{nmrctl} uninstall {name}")])
        }
        Done::Replaced(name, Some(origin)) => {
            let line = format!(r"{nmrctl} install {origin} --driver {name}");
            (format!("{name} was brought back from {origin}"), vec![line])
        }
        Done::Replaced(name, None) => (
            format!("{name} was uninstalled; where its predecessor came from is not known"),
            vec![format!("{nmrctl} uninstall {name}")],
        ),
        Done::Trusted => {
            let path = folder.path();
            let line = format!("{nmrctl} distrust {path}");
            ("the certificate was removed from the stores".to_owned(), vec![line])
        }
        Done::Started(name) => (format!("{name} was stopped"), vec![format!("{nmrctl} stop {name}")]),
    }
}

fn carry_out(target: &mut dyn Target, line: &str) -> anyhow::Result<()> {
    let reply = target.run(line, LIMIT)?;
    if line.starts_with("cmd ") {
        return if reply.success { Ok(()) } else { document(line, &reply).map(drop) };
    }
    good(line, document(line, &reply)?).map(drop)
}
