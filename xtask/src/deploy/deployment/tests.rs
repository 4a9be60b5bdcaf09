//! Deployments to a machine that is made up: it understands the command lines, keeps drivers, and fails where told.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use nmrctl::answer::{CertificateReport, DriverReport};
use nmrctl::manifest::{Driver, FORMAT, File, MANIFEST_FILE, Manifest, Signer, Source, sha256_hex};
use nmrctl::{Failure, FailureCode};

use super::super::target::Reply;
use super::*;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Installed {
    running: bool,
    image: String,
    origin: String,
}

#[derive(Default)]
struct FakeTarget {
    /// The images in each bundle folder on the machine.
    folders: BTreeMap<String, BTreeMap<String, String>>,
    drivers: BTreeMap<String, Installed>,
    trusted: bool,
    /// A command line that contains this fails, once.
    fails: Option<&'static str>,
    copies_arrive: bool,
    lines: Vec<String>,
}

impl FakeTarget {
    fn new() -> Self {
        Self { copies_arrive: true, ..Self::default() }
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
            installed_from: found.map(|driver| driver.origin.clone()),
            version: None,
            milliseconds: None,
        }
    }

    fn nmrctl(&mut self, folder: &str, words: &[&str]) -> Answer {
        let mut answer = Answer::new(words[0]);
        let own = self.folders[folder].clone();
        let mut reports = Vec::new();
        match words {
            ["verify" | "preflight"] => {}
            ["status"] => reports = own.keys().map(|name| (name.clone(), Action::Reported)).collect(),
            ["install", origin, rest @ ..] => {
                let added = if self.trusted { Action::Unchanged } else { Action::Installed };
                self.trusted = true;
                let thumbprint = String::new();
                answer.certificates.push(CertificateReport {
                    store: "Root".into(),
                    thumbprint,
                    action: added,
                    present: true,
                });
                for (name, image) in &self.folders[*origin] {
                    if rest.is_empty() || rest[1] == name {
                        let new =
                            Installed { running: false, image: image.clone(), origin: (*origin).to_owned() };
                        let action = match self.drivers.get(name) {
                            None => Action::Installed,
                            Some(old) if old.image == *image => Action::Unchanged,
                            Some(old) => {
                                assert!(!old.running, "{name} was replaced while it ran");
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
                let action = if driver.running { Action::Unchanged } else { Action::Started };
                driver.running = true;
                reports.push(((*name).to_owned(), action));
            }
            ["stop", name] => {
                self.drivers.get_mut(*name).unwrap().running = false;
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
            ["distrust", _] => self.trusted = false,
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
        if let Some(rest) = line.strip_prefix("cmd /c if exist ") {
            self.folders.remove(rest.split(' ').next().unwrap());
            return reply(String::new());
        }
        let Some((folder, words)) = line.split_once(r"\nmrctl.exe ") else { return reply(String::new()) };
        if !self.folders.contains_key(folder) {
            return Ok(Reply { success: false, stdout: String::new(), stderr: "no such program".to_owned() });
        }
        let words: Vec<&str> = words.split(' ').collect();
        reply(serde_json::to_string_pretty(&self.nmrctl(folder, &words)).unwrap())
    }

    fn copy(&mut self, from: &Path, to: &str, _limit: Duration) -> Result<()> {
        let bundle = Bundle::open(from).unwrap();
        if self.copies_arrive {
            let images = bundle.manifest.drivers.iter().map(|driver| {
                (driver.service.clone(), bundle.manifest.file(&driver.image).unwrap().sha256.clone())
            });
            self.folders.insert(to.replace('/', r"\"), images.collect());
        }
        Ok(())
    }
}

fn bundle(folder: &Path, version: &str) -> Bundle {
    let drivers = ["a", "b"];
    let folder = folder.join(version);
    let mut contents =
        vec![("nmrctl.exe".to_owned(), String::new()), ("signer.cer".to_owned(), String::new())];
    for name in drivers {
        for end in ["cat", "inf", "pdb"] {
            contents.push((format!("{name}/{name}.{end}"), end.to_owned()));
        }
        contents.push((format!("{name}/{name}.sys"), format!("{name} {version}")));
    }
    contents.sort();
    let manifest = Manifest {
        format: FORMAT,
        name: "sample".to_owned(),
        version: version.to_owned(),
        architecture: "x64".to_owned(),
        source: Source { revision: None, modified: false, toolchain: String::new(), time: 0 },
        signer: Signer { certificate: "signer.cer".to_owned(), sha1: "0".repeat(40), sha256: "0".repeat(64) },
        nmrctl: "nmrctl.exe".to_owned(),
        drivers: drivers
            .map(|name| Driver {
                service: name.to_owned(),
                inf: format!("{name}/{name}.inf"),
                catalog: format!("{name}/{name}.cat"),
                image: format!("{name}/{name}.sys"),
                symbols: format!("{name}/{name}.pdb"),
            })
            .to_vec(),
        files: contents.iter().map(|(path, content)| File::describe(path, content.as_bytes())).collect(),
    };
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(MANIFEST_FILE), serde_json::to_vec(&manifest).unwrap()).unwrap();
    Bundle::open(&folder).unwrap()
}

struct Scene {
    _folder: tempfile::TempDir,
    old: Bundle,
    new: Bundle,
    target: FakeTarget,
}

fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (bundle(folder.path(), "1.0.0"), bundle(folder.path(), "2.0.0"));
    Scene { _folder: folder, old, new, target: FakeTarget::new() }
}

fn run(target: &mut FakeTarget, bundle: &Bundle, goal: Goal) -> Result<Report> {
    Deployment::new(target, bundle, &Ui::new()).unwrap().run(goal, "me@lab")
}

#[test]
fn a_second_deployment_changes_nothing() {
    let Scene { _folder, new, mut target, .. } = scene();
    let report = run(&mut target, &new, Goal::Run).unwrap();
    assert!(report.changed);
    assert!(report.drivers.iter().all(|driver| driver.state == Some(ServiceState::Running)));
    let after_first = target.drivers.clone();

    target.lines.clear();
    let report = run(&mut target, &new, Goal::Run).unwrap();
    assert!(!report.changed);
    assert_eq!(target.drivers, after_first);
    assert!(
        !target.lines.iter().any(|line| line.contains(" stop ") || line.contains("rmdir")),
        "{:?}",
        target.lines
    );
}

#[test]
fn a_newer_bundle_replaces_running_drivers_and_the_older_folder_stays() {
    let Scene { _folder, old, new, mut target } = scene();
    run(&mut target, &old, Goal::Run).unwrap();
    run(&mut target, &new, Goal::Run).unwrap();
    assert_eq!(target.drivers["a"].image, sha256_hex(b"a 2.0.0"));
    assert!(target.drivers.values().all(|driver| driver.running));
    assert_eq!(target.folders.len(), 2);
}

#[test]
fn a_failed_start_leaves_a_new_machine_as_it_was() {
    let Scene { _folder, new, mut target, .. } = scene();
    target.fails = Some("start b");
    let error = run(&mut target, &new, Goal::Run).unwrap_err().to_string();
    for part in [
        "step \"start b\" failed",
        "made up to fail",
        "look closer",
        "what nmrctl undid",
        "a was stopped",
        "a was uninstalled",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
    assert!(target.drivers.is_empty() && target.folders.is_empty() && !target.trusted);
}

#[test]
fn a_failed_start_brings_the_older_drivers_back_and_to_life() {
    let Scene { _folder, old, new, mut target } = scene();
    run(&mut target, &old, Goal::Run).unwrap();
    let before = target.drivers.clone();
    target.fails = Some("start b");
    run(&mut target, &new, Goal::Run).unwrap_err();
    assert_eq!(target.drivers, before);
    assert!(target.trusted, "it was there before");
    assert_eq!(target.folders.len(), 1);
}

#[test]
fn a_driver_that_does_not_stop_leaves_everything_as_it_was() {
    let Scene { _folder, old, new, mut target } = scene();
    run(&mut target, &old, Goal::Run).unwrap();
    let before = target.drivers.clone();
    target.fails = Some("stop b");
    run(&mut target, &new, Goal::Run).unwrap_err();
    assert_eq!(target.drivers, before);
}

#[test]
fn what_cannot_be_taken_back_is_said_and_keeps_its_folder() {
    let Scene { _folder, new, mut target, .. } = scene();
    target.fails = Some("start b");
    // The made-up failure of `start b` is used up; the next one comes from the uninstallation.
    struct Stubborn(FakeTarget);
    impl Target for Stubborn {
        fn run(&mut self, line: &str, limit: Duration) -> Result<Reply> {
            if line.contains("uninstall b") {
                self.0.fails = Some("uninstall b");
            }
            self.0.run(line, limit)
        }
        fn copy(&mut self, from: &Path, to: &str, limit: Duration) -> Result<()> {
            self.0.copy(from, to, limit)
        }
    }
    let mut target = Stubborn(target);
    let error = Deployment::new(&mut target, &new, &Ui::new())
        .unwrap()
        .run(Goal::Run, "me@lab")
        .unwrap_err()
        .to_string();
    assert!(error.contains("NOT undone (b was uninstalled)") && error.contains("stays"), "{error}");
    assert_eq!(target.0.folders.len(), 1);
    assert!(target.0.drivers.contains_key("b") && !target.0.drivers.contains_key("a"));
}

#[test]
fn a_check_leaves_nothing_behind() {
    let Scene { _folder, new, mut target, .. } = scene();
    let report = run(&mut target, &new, Goal::Check).unwrap();
    assert!(!report.changed);
    assert!(target.folders.is_empty() && target.drivers.is_empty() && !target.trusted);
}

#[test]
fn an_uninstallation_is_repeatable_and_removes_the_folder() {
    let Scene { _folder, new, mut target, .. } = scene();
    run(&mut target, &new, Goal::Run).unwrap();
    for changed in [true, false] {
        assert_eq!(run(&mut target, &new, Goal::Uninstall).unwrap().changed, changed);
        assert!(target.drivers.is_empty() && target.folders.is_empty());
    }
}

#[test]
fn a_copy_that_does_not_arrive_is_an_error_that_shows_what_the_target_said() {
    let Scene { _folder, new, mut target, .. } = scene();
    target.copies_arrive = false;
    let error = run(&mut target, &new, Goal::Run).unwrap_err().to_string();
    assert!(error.contains("step \"copy\" failed") && error.contains("no such program"), "{error}");
}
