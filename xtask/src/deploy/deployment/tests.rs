//! Deployments to a machine that is made up.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use nmrctl::manifest::{Driver, FORMAT, File, MANIFEST_FILE, Manifest, Signer, Source, sha256_hex};

use super::super::target::Reply;
use super::*;

mod fake_target;

use fake_target::{FakeTarget, Installed};

fn bundle(folder: &Path, version: &str) -> Bundle {
    let drivers = ["a", "b"];
    let folder = folder.join(version);
    let mut contents = ["nmrctl.exe", "sbom.cdx.json", "signer.cer", "THIRD-PARTY.txt"]
        .map(|path| (path.to_owned(), String::new()))
        .to_vec();
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
        signer: Some(Signer {
            certificate: "signer.cer".to_owned(),
            sha1: "0".repeat(40),
            sha256: "0".repeat(64),
        }),
        nmrctl: "nmrctl.exe".to_owned(),
        minimum_build: 18362,
        sbom: "sbom.cdx.json".to_owned(),
        licences: "THIRD-PARTY.txt".to_owned(),
        drivers: drivers
            .map(|name| Driver {
                service: name.to_owned(),
                inf: format!("{name}/{name}.inf"),
                catalog: format!("{name}/{name}.cat"),
                image: format!("{name}/{name}.sys"),
                symbols: format!("{name}/{name}.pdb"),
                symbols_id: None,
                minimum_build: 18362,
                registrations: Vec::new(),
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
    Deployment::new(target, bundle, &Ui::new(), false).unwrap().run(goal, "me@lab")
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
    assert!(target.drivers.is_empty() && target.folders.is_empty() && target.stores.is_empty());
}

#[test]
fn a_failed_start_brings_the_older_drivers_back_and_to_life() {
    let Scene { _folder, old, new, mut target } = scene();
    run(&mut target, &old, Goal::Run).unwrap();
    let before = target.drivers.clone();
    target.fails = Some("start b");
    run(&mut target, &new, Goal::Run).unwrap_err();
    assert_eq!(target.drivers, before);
    assert_eq!(target.stores.len(), 2, "it was there before");
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
        fn fetch(&mut self, path: &str, limit: Duration) -> Result<Vec<u8>> {
            self.0.fetch(path, limit)
        }
    }
    let mut target = Stubborn(target);
    let error = Deployment::new(&mut target, &new, &Ui::new(), false)
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
    assert!(target.folders.is_empty() && target.drivers.is_empty() && target.stores.is_empty());
    assert!(!target.has_root, "nor the folder of all bundles");
}

#[test]
fn the_folder_of_all_bundles_stays_while_another_bundle_is_in_it() {
    let Scene { _folder, old, new, mut target } = scene();
    run(&mut target, &old, Goal::Run).unwrap();
    run(&mut target, &new, Goal::Check).unwrap();
    assert!(target.has_root && target.folders.len() == 1);
    run(&mut target, &old, Goal::Uninstall).unwrap();
    assert!(!target.has_root);
}

/// Whoever can put it there would have it run with all rights.
#[test]
fn a_program_that_is_not_the_bundle_s_is_never_run() {
    let Scene { _folder, new, mut target, .. } = scene();
    run(&mut target, &new, Goal::Run).unwrap();
    let folder = target.folders.keys().next().unwrap().clone();
    assert!(folder.starts_with(r"C:\Windows\nmr-lab\"), "where nobody but administrators can write");
    for goal in [Goal::Run, Goal::Check, Goal::Uninstall] {
        if !target.folders.is_empty() {
            target.planted.insert(folder.clone());
        }
        run(&mut target, &new, goal).unwrap();
        assert!(target.planted.is_empty(), "it was copied again");
    }
    target.plants_at_once = true;
    let error = run(&mut target, &new, Goal::Run).unwrap_err().to_string();
    assert!(error.contains("is not the bundle's: it was not run"), "{error}");
    assert!(target.folders.is_empty() && !target.has_root);
}

#[test]
fn a_machine_that_is_no_windows_is_told_apart() {
    let Scene { _folder, new, mut target, .. } = scene();
    target.windows = "%SystemRoot%";
    let error = Deployment::new(&mut target, &new, &Ui::new(), false).err().unwrap().to_string();
    assert!(error.contains("%SystemRoot%") && error.contains("must run Windows"), "{error}");
    assert_eq!(target.lines.len(), 1);
}

#[test]
fn a_driver_that_a_stop_has_drained_is_not_said_to_run() {
    let Scene { _folder, old, mut target, .. } = scene();
    run(&mut target, &old, Goal::Run).unwrap();
    target.drivers.get_mut("a").unwrap().drained = true;
    let error = run(&mut target, &old, Goal::Run).unwrap_err().to_string();
    assert!(error.contains("step \"start a\" failed") && error.contains("it takes no peers"), "{error}");
}

#[test]
fn a_driver_that_a_failed_stop_has_drained_is_not_said_to_be_started_again() {
    let Scene { _folder, old, new, mut target } = scene();
    run(&mut target, &old, Goal::Run).unwrap();
    target.drivers.get_mut("a").unwrap().drained = true;
    target.fails = Some("stop a");
    let error = run(&mut target, &new, Goal::Run).unwrap_err().to_string();
    assert!(error.contains("NOT undone (a was started again)"), "{error}");
}

#[test]
fn a_service_of_somebody_else_is_left_alone_until_force_is_given() {
    let Scene { _folder, new, mut target, .. } = scene();
    let theirs = Installed { running: true, image: "theirs".to_owned(), origin: None, drained: false };
    target.drivers.insert("b".to_owned(), theirs.clone());
    let error = run(&mut target, &new, Goal::Run).unwrap_err().to_string();
    assert!(error.contains("b is a service over there already") && error.contains("--force"), "{error}");
    assert_eq!(target.drivers, std::collections::BTreeMap::from([("b".to_owned(), theirs)]));
    assert!(!target.lines.iter().any(|line| line.contains(" stop ")), "{:?}", target.lines);

    let ui = Ui::new();
    Deployment::new(&mut target, &new, &ui, true).unwrap().run(Goal::Run, "me@lab").unwrap();
    assert_eq!(target.drivers["b"].image, sha256_hex(b"b 2.0.0"));
}

/// The old service was gone and the new one not there yet.
#[test]
fn a_driver_that_was_lost_in_its_replacement_is_noticed_and_brought_back() {
    let Scene { _folder, old, new, mut target } = scene();
    run(&mut target, &old, Goal::Run).unwrap();
    let before = target.drivers.clone();
    target.loses_answer_of = Some("install ");
    target.loses_driver = Some("b");
    let error = run(&mut target, &new, Goal::Run).unwrap_err().to_string();
    assert!(error.contains("b was brought back from"), "{error}");
    assert_eq!(target.drivers, before);
}

#[test]
fn a_driver_that_was_lost_and_cannot_be_brought_back_is_told_and_keeps_the_folder() {
    let Scene { _folder, old, mut target, .. } = scene();
    run(&mut target, &old, Goal::Run).unwrap();
    target.drivers.get_mut("b").unwrap().origin = None;
    // The same image, so nmrctl would keep it; the folder is copied anew.
    target.folders.clear();
    target.loses_answer_of = Some("install ");
    target.loses_driver = Some("b");
    let error = run(&mut target, &old, Goal::Run).unwrap_err().to_string();
    assert!(error.contains("NOT undone (b, which is gone, was brought back)"), "{error}");
    assert!(error.contains("stays: what could not be taken back needs it"), "{error}");
}

#[test]
fn an_uninstallation_is_repeatable_and_removes_the_folder() {
    let Scene { _folder, new, mut target, .. } = scene();
    run(&mut target, &new, Goal::Run).unwrap();
    for changed in [true, false] {
        let report = run(&mut target, &new, Goal::Uninstall).unwrap();
        assert_eq!(report.changed, changed);
        let action = if changed { Action::Uninstalled } else { Action::Absent };
        let found: Vec<_> = report.certificates.iter().map(|found| (found.action, found.present)).collect();
        assert_eq!(found, [(action, false), (action, false)]);
        assert!(target.drivers.is_empty() && target.folders.is_empty() && target.stores.is_empty());
    }
}

#[test]
fn a_copy_that_does_not_arrive_is_an_error() {
    let Scene { _folder, new, mut target, .. } = scene();
    target.copies_arrive = false;
    let error = run(&mut target, &new, Goal::Run).unwrap_err().to_string();
    assert!(
        error.contains("step \"copy\" failed") && error.contains("is not there after the copy"),
        "{error}"
    );
}

#[test]
fn an_installation_without_an_answer_is_looked_at_and_taken_back() {
    let Scene { _folder, new, mut target, .. } = scene();
    target.stores.insert("Root".to_owned());
    target.loses_answer_of = Some("install ");
    let error = run(&mut target, &new, Goal::Run).unwrap_err().to_string();
    for part in ["connection was lost", "a was uninstalled", "b was uninstalled", "from TrustedPublisher"] {
        assert!(error.contains(part), "{part} in {error}");
    }
    assert!(target.drivers.is_empty() && target.folders.is_empty());
    assert_eq!(target.stores, BTreeSet::from(["Root".to_owned()]), "it was there before");
}

#[test]
fn a_replacement_without_an_answer_brings_the_older_drivers_back() {
    let Scene { _folder, old, new, mut target } = scene();
    run(&mut target, &old, Goal::Run).unwrap();
    let before = target.drivers.clone();
    target.loses_answer_of = Some("install ");
    run(&mut target, &new, Goal::Run).unwrap_err();
    assert_eq!(target.drivers, before);
    assert_eq!(target.stores.len(), 2, "they were there before");
    assert_eq!(target.folders.len(), 1);
}

#[test]
fn a_machine_lost_during_the_installation_keeps_what_undoes_it() {
    let Scene { _folder, new, mut target, .. } = scene();
    target.loses_answer_of = Some("install ");
    target.is_lost = true;
    let error = run(&mut target, &new, Goal::Run).unwrap_err().to_string();
    assert!(error.contains("NOT undone (what the installation may have done)"), "{error}");
    assert!(error.contains("stays: what could not be taken back needs it"), "{error}");
    assert!(!target.lines.last().unwrap().contains("rmdir"), "{:?}", target.lines);
}

#[test]
fn only_the_stores_this_run_added_to_lose_the_certificate() {
    let Scene { _folder, new, mut target, .. } = scene();
    target.stores.insert("Root".to_owned());
    target.fails = Some("start b");
    let error = run(&mut target, &new, Goal::Run).unwrap_err().to_string();
    assert!(error.contains("the certificate was removed from TrustedPublisher"), "{error}");
    assert_eq!(target.stores, BTreeSet::from(["Root".to_owned()]), "it was there before");
}

#[test]
fn a_failed_uninstallation_keeps_the_folder_for_the_next_one() {
    let Scene { _folder, new, mut target, .. } = scene();
    run(&mut target, &new, Goal::Run).unwrap();
    // The folder was lost, so that this run copies it.
    target.folders.clear();
    for fails in ["nmrctl.exe uninstall", "nmrctl.exe distrust"] {
        target.fails = Some(fails);
        let error = run(&mut target, &new, Goal::Uninstall).unwrap_err().to_string();
        assert!(error.contains("stays, the next `--uninstall` needs it"), "{error}");
        assert_eq!(target.folders.len(), 1, "{fails}");
    }
    run(&mut target, &new, Goal::Uninstall).unwrap();
    assert!(target.drivers.is_empty() && target.folders.is_empty() && target.stores.is_empty());
}

#[test]
fn a_certificate_that_another_driver_may_need_stays_and_that_is_said() {
    let Scene { _folder, new, mut target, .. } = scene();
    run(&mut target, &new, Goal::Run).unwrap();
    let origin = Some(r"C:\Windows\nmr-lab\other".to_owned());
    let other = Installed { running: true, image: "x".to_owned(), origin, drained: false };
    target.drivers.insert("other".to_owned(), other);
    let report = run(&mut target, &new, Goal::Uninstall).unwrap();
    let step = report.steps.iter().find(|step| step.name == "certificate").unwrap();
    assert_eq!(step.outcome, "stays, other drivers are installed: other");
    assert_eq!(report.certificates.iter().filter(|found| found.present).count(), 2);
    assert_eq!(target.stores.len(), 2);
}

#[test]
fn a_folder_that_cannot_be_removed_is_not_said_to_be() {
    let Scene { _folder, new, mut target, .. } = scene();
    run(&mut target, &new, Goal::Run).unwrap();
    target.folders_are_in_use = true;
    let error = run(&mut target, &new, Goal::Uninstall).unwrap_err().to_string();
    for part in ["step \"clean up\" failed", "could not be removed", "is still there", "are uninstalled"] {
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[test]
fn a_certificate_that_does_not_go_is_not_said_to_be_removed() {
    let Scene { _folder, new, mut target, .. } = scene();
    run(&mut target, &new, Goal::Run).unwrap();
    run(&mut target, &new, Goal::Uninstall).unwrap();
    target.stores.insert("Root".to_owned());
    target.stores_keep_all = true;
    let report = run(&mut target, &new, Goal::Uninstall).unwrap();
    assert!(!report.changed);
    assert!(report.warnings.iter().any(|warning| warning.contains("Root") && warning.contains("still")));
    let step = report.steps.iter().find(|step| step.name == "certificate").unwrap();
    assert_eq!(step.outcome, "could not be removed from every store");
}
