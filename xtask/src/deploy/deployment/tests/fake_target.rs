//! A machine that is made up: it understands the command lines, keeps drivers, and fails where told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use nmrctl::answer::{Action, Answer, CertificateReport, DriverReport};
use nmrctl::bundle::Bundle;
use nmrctl::service::ServiceState;
use nmrctl::{Failure, FailureCode};

use crate::deploy::target::{Reply, Target};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Installed {
    pub(super) running: bool,
    pub(super) image: String,
    /// Where it was installed from; `None` if nmrctl has no record of it.
    pub(super) origin: Option<String>,
    /// A stop that did not end has drained it: it runs, and takes no peers.
    pub(super) drained: bool,
}

#[derive(Default)]
pub(super) struct FakeTarget {
    /// The images in each bundle folder on the machine.
    pub(super) folders: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) drivers: BTreeMap<String, Installed>,
    /// Whether the folder of all bundles is there.
    pub(super) has_root: bool,
    /// What the machine says its Windows folder is.
    pub(super) windows: &'static str,
    /// The folders whose nmrctl.exe somebody has replaced. It is never to be run.
    pub(super) planted: BTreeSet<String>,
    /// Somebody replaces nmrctl.exe as soon as it has arrived.
    pub(super) plants_at_once: bool,
    /// With the answer that is lost, the service of this name is gone.
    pub(super) loses_driver: Option<&'static str>,
    /// The stores do not delete what they are told to.
    pub(super) stores_keep_all: bool,
    /// The stores that have the signer's certificate.
    pub(super) stores: BTreeSet<String>,
    /// A command line that contains this has its effect, and the connection is lost before the answer, once.
    pub(super) loses_answer_of: Option<&'static str>,
    /// With the answer, the machine itself is lost: nothing gets there any more.
    pub(super) is_lost: bool,
    /// A file is in use, and the folders cannot be removed.
    pub(super) folders_are_in_use: bool,
    /// A command line that contains this fails, once.
    pub(super) fails: Option<&'static str>,
    pub(super) copies_arrive: bool,
    pub(super) lines: Vec<String>,
}

/// Where the bundles are.
const ROOT: &str = r"C:\Windows\nmr-lab";
const STORES: [&str; 2] = ["Root", "TrustedPublisher"];

impl FakeTarget {
    pub(super) fn new() -> Self {
        Self { copies_arrive: true, windows: r"C:\Windows", ..Self::default() }
    }

    fn report(&self, name: &str, action: Action) -> DriverReport {
        let found = self.drivers.get(name);
        DriverReport {
            name: name.to_owned(),
            action,
            installed: found.is_some(),
            state: found
                .map(|driver| if driver.running { ServiceState::Running } else { ServiceState::Stopped }),
            win32_exit_code: None,
            load_order_group: None,
            image: None,
            image_sha256: found.map(|driver| driver.image.clone()),
            installed_from: found.and_then(|driver| driver.origin.clone()),
            version: None,
            milliseconds: None,
        }
    }

    fn certificate(&self, store: &str, action: Action) -> CertificateReport {
        let present = self.stores.contains(store);
        CertificateReport { store: store.to_owned(), thumbprint: String::new(), action, present }
    }

    fn nmrctl(&mut self, folder: &str, words: &[&str]) -> Answer {
        let mut answer = Answer::new(words[0]);
        assert!(!self.planted.contains(folder), "a planted program was run");
        let own = self.folders[folder].clone();
        let mut reports = Vec::new();
        match words {
            ["verify"] => {}
            ["preflight"] => {
                for store in STORES {
                    answer.certificates.push(self.certificate(store, Action::Reported));
                }
            }
            ["status"] => {
                let names: BTreeSet<&String> = own.keys().chain(self.drivers.keys()).collect();
                reports = names.into_iter().map(|name| (name.clone(), Action::Reported)).collect();
            }
            ["install", origin, rest @ ..] => {
                for store in STORES {
                    let is_new = self.stores.insert(store.to_owned());
                    let action = if is_new { Action::Installed } else { Action::Unchanged };
                    answer.certificates.push(self.certificate(store, action));
                }
                let force = rest == ["--force"];
                for (name, image) in &self.folders[*origin] {
                    if rest.is_empty() || force || rest[1] == name {
                        let new = Installed {
                            running: false,
                            image: image.clone(),
                            origin: Some((*origin).to_owned()),
                            drained: false,
                        };
                        let action = match self.drivers.get(name) {
                            None => Action::Installed,
                            Some(old) if old.image == *image => Action::Unchanged,
                            Some(old) => {
                                assert!(!old.running, "{name} was replaced while it ran");
                                assert!(force || old.origin.is_some(), "nmrctl refuses that");
                                Action::Replaced
                            }
                        };
                        if action != Action::Unchanged {
                            self.drivers.insert(name.clone(), new);
                        }
                        reports.push((name.clone(), action));
                    }
                }
            }
            ["start", name] => {
                let driver = self.drivers.get_mut(*name).unwrap();
                if driver.running && driver.drained {
                    answer.fail(Failure::new(FailureCode::Drained, "it takes no peers", "load it again"));
                }
                let action = if driver.running { Action::Unchanged } else { Action::Started };
                driver.running = true;
                reports.push(((*name).to_owned(), action));
            }
            ["stop", name] => {
                let driver = self.drivers.get_mut(*name).unwrap();
                (driver.running, driver.drained) = (false, false);
                reports.push(((*name).to_owned(), Action::Stopped));
            }
            ["uninstall", names @ ..] => {
                let names: Vec<String> =
                    if names.is_empty() { own.keys().cloned().collect() } else { vec![names[0].to_owned()] };
                for name in names {
                    let action = if self.drivers.remove(&name).is_some() {
                        Action::Uninstalled
                    } else {
                        Action::Absent
                    };
                    reports.push((name, action));
                }
            }
            ["distrust", _, rest @ ..] => {
                for store in STORES {
                    if rest.is_empty() || rest.contains(&store) {
                        let was_there = self.stores.contains(store);
                        if !self.stores_keep_all {
                            self.stores.remove(store);
                        }
                        let action = if was_there { Action::Uninstalled } else { Action::Absent };
                        answer.certificates.push(self.certificate(store, action));
                    }
                }
            }
            other => panic!("{other:?}"),
        }
        answer.drivers = reports.iter().map(|(name, action)| self.report(name, *action)).collect();
        answer
    }
}

impl Target for FakeTarget {
    fn run(&mut self, line: &str, _limit: Duration) -> Result<Reply> {
        self.lines.push(line.to_owned());
        let reply = |text: String| Ok(Reply { success: true, stdout: text, stderr: String::new() });
        if self.fails.is_some_and(|part| line.contains(part)) {
            self.fails = None;
            let mut answer = Answer::new("x");
            answer.fail(Failure::new(FailureCode::StartFailed, "made up to fail", "look closer"));
            answer.undone.push("what nmrctl undid".to_owned());
            return reply(serde_json::to_string_pretty(&answer).unwrap());
        }
        if self.is_lost && self.loses_answer_of.is_none() {
            bail!("no route to the machine");
        }
        if line == "cmd /c echo %SystemRoot%" {
            return reply(format!("{}\r\n", self.windows));
        }
        if line == format!("cmd /c if not exist {ROOT} mkdir {ROOT}") {
            self.has_root = true;
            return reply(String::new());
        }
        if let Some(rest) = line.strip_prefix("cmd /c if exist ") {
            let (path, order) = rest.split_once(' ').unwrap();
            if order.starts_with("echo ") {
                let is_there = self.folders.contains_key(path.trim_end_matches(r"\nmrctl.exe"));
                return reply(if is_there { order.to_owned() } else { String::new() });
            }
            assert!(order.starts_with("rmdir "), "{line}");
            if path == ROOT {
                assert!(!order.contains("/s"), "that would take everybody's bundles");
                self.has_root &= !self.folders.is_empty();
            } else if !self.folders_are_in_use {
                self.folders.remove(path);
                self.planted.remove(path);
            }
            return reply(String::new());
        }
        let Some((folder, words)) = line.split_once(r"\nmrctl.exe ") else { return reply(String::new()) };
        if !self.folders.contains_key(folder) {
            return Ok(Reply { success: false, stdout: String::new(), stderr: "no such program".to_owned() });
        }
        let words: Vec<&str> = words.split(' ').collect();
        let answer = self.nmrctl(folder, &words);
        if self.loses_answer_of.is_some_and(|part| line.contains(part)) {
            self.loses_answer_of = None;
            if let Some(name) = self.loses_driver {
                self.drivers.remove(name);
            }
            bail!("the connection was lost");
        }
        reply(serde_json::to_string_pretty(&answer).unwrap())
    }

    fn copy(&mut self, from: &Path, to: &str, _limit: Duration) -> Result<()> {
        let bundle = Bundle::open(from).unwrap();
        assert!(self.has_root, "scp makes one folder and not the one above it");
        if self.plants_at_once {
            self.planted.insert(to.replace('/', r"\"));
        }
        if self.copies_arrive {
            let images = bundle.manifest.drivers.iter().map(|driver| {
                (driver.service.clone(), bundle.manifest.file(&driver.image).unwrap().sha256.clone())
            });
            self.folders.insert(to.replace('/', r"\"), images.collect());
        }
        Ok(())
    }

    fn fetch(&mut self, path: &str, _limit: Duration) -> Result<Vec<u8>> {
        let path = path.replace('/', r"\");
        let folder = path.strip_suffix(r"\nmrctl.exe").unwrap();
        assert!(self.folders.contains_key(folder), "{path} is not there");
        Ok(if self.planted.contains(folder) { b"planted".to_vec() } else { Vec::new() })
    }
}
