//! Installation on machines that are new, in use, and unwilling.

use super::*;
use crate::bundle::tests::write_bundle;
use crate::machine::Store;
use crate::machine::fake::FakeMachine;
use crate::manifest::sha256_hex;

struct Scene {
    _folder: tempfile::TempDir,
    old: Bundle,
    new: Bundle,
    machine: FakeMachine,
}

/// Two versions of a bundle with the drivers a, b and c, and a machine without any.
fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let [old, new] = ["1.0.0", "2.0.0"]
        .map(|version| write_bundle(&folder.path().join(version), version, &["a", "b", "c"]));
    Scene { _folder: folder, old, new, machine: FakeMachine::new() }
}

fn install(machine: &mut FakeMachine, bundle: &Bundle) -> (Answer, Result<(), Failure>) {
    let mut answer = Answer::new("install");
    let result = run(machine, &bundle.folder, &[], false, &mut answer);
    (answer, result)
}

fn actions(answer: &Answer) -> Vec<(&str, Action)> {
    answer.drivers.iter().map(|report| (report.name.as_str(), report.action)).collect()
}

#[test]
fn a_second_installation_changes_nothing() {
    let Scene { _folder, new, mut machine, .. } = scene();
    let (answer, result) = install(&mut machine, &new);
    result.unwrap();
    let installed = [("a", Action::Installed), ("b", Action::Installed), ("c", Action::Installed)];
    assert_eq!(actions(&answer), installed);
    assert_eq!(answer.drivers[0].image_sha256, Some(sha256_hex(b"a 2.0.0")));

    machine.calls.clear();
    let (answer, result) = install(&mut machine, &new);
    result.unwrap();
    assert_eq!(actions(&answer), ["a", "b", "c"].map(|name| (name, Action::Unchanged)));
    assert_eq!(machine.calls, Vec::<String>::new());
}

#[test]
fn a_running_driver_with_the_same_image_may_stay() {
    let Scene { _folder, new, mut machine, .. } = scene();
    install(&mut machine, &new).1.unwrap();
    machine.services.get_mut("b").unwrap().state = ServiceState::Running;
    let (answer, result) = install(&mut machine, &new);
    result.unwrap();
    assert_eq!(answer.drivers[1].state, Some(ServiceState::Running));
}

#[test]
fn another_image_replaces_a_stopped_driver_and_not_a_running_one() {
    let Scene { _folder, old, new, mut machine } = scene();
    install(&mut machine, &old).1.unwrap();
    machine.services.get_mut("c").unwrap().state = ServiceState::Running;
    machine.calls.clear();
    let (_, result) = install(&mut machine, &new);
    assert_eq!(result.unwrap_err().code, FailureCode::DriverRunning);
    assert!(machine.calls.is_empty(), "refused before anything was touched: {:?}", machine.calls);

    machine.services.get_mut("c").unwrap().state = ServiceState::Stopped;
    let (answer, result) = install(&mut machine, &new);
    result.unwrap();
    assert_eq!(actions(&answer), ["a", "b", "c"].map(|name| (name, Action::Replaced)));
    assert_eq!(machine.record("a").unwrap().unwrap().version, "2.0.0");
}

#[test]
fn a_driver_that_is_still_stopping_is_left_alone() {
    let Scene { _folder, old, new, mut machine } = scene();
    install(&mut machine, &old).1.unwrap();
    machine.services.get_mut("b").unwrap().state = ServiceState::StopPending;
    assert_eq!(install(&mut machine, &new).1.unwrap_err().code, FailureCode::StopPending);
}

#[test]
fn a_failure_half_way_leaves_a_new_machine_as_it_was() {
    let Scene { _folder, new, mut machine, .. } = scene();
    machine.broken_infs.insert("b.inf".to_owned());
    let (answer, result) = install(&mut machine, &new);
    assert_eq!(result.unwrap_err().code, FailureCode::InstallFailed);
    assert!(machine.services.is_empty() && machine.files.is_empty());
    assert!(machine.recorded().unwrap().is_empty());
    for store in Store::BOTH {
        assert!(!machine.has_certificate(store, b"der").unwrap());
    }
    assert!(answer.undone.contains(&"a: uninstalled again".to_owned()), "{:?}", answer.undone);
    assert!(answer.undone.contains(&"certificate: removed from Root again".to_owned()));
    assert!(answer.drivers.iter().all(|report| !report.installed));
}

#[test]
fn a_failure_half_way_brings_the_older_version_back() {
    let Scene { _folder, old, new, mut machine } = scene();
    install(&mut machine, &old).1.unwrap();
    machine.broken_images.insert(b"b 2.0.0".to_vec());
    let (answer, result) = install(&mut machine, &new);
    assert_eq!(result.unwrap_err().code, FailureCode::InstallFailed);
    for name in ["a", "b", "c"] {
        assert_eq!(machine.image_of(name), format!("{name} 1.0.0").as_bytes());
        assert_eq!(machine.record(name).unwrap().unwrap().version, "1.0.0");
    }
    assert!(
        answer.undone.iter().any(|said| said.starts_with("a: version 1.0.0 brought back")),
        "{:?}",
        answer.undone
    );
    assert!(machine.has_certificate(Store::Root, b"der").unwrap(), "it was there before");
}

#[test]
fn a_damaged_bundle_and_another_architecture_are_refused_before_anything_is_touched() {
    let Scene { _folder, old, new, mut machine } = scene();
    std::fs::write(new.path("a/a.sys"), "a 2.0.1").unwrap();
    assert_eq!(install(&mut machine, &new).1.unwrap_err().code, FailureCode::BundleDamaged);
    machine.facts.architecture = "arm64".to_owned();
    assert_eq!(install(&mut machine, &old).1.unwrap_err().code, FailureCode::WrongArchitecture);
    assert!(machine.calls.is_empty());
}

#[test]
fn an_unknown_driver_is_refused() {
    let Scene { _folder, new, mut machine, .. } = scene();
    let names = ["a".to_owned(), "z".to_owned()];
    let failure = run(&mut machine, &new.folder, &names, false, &mut Answer::new("install")).unwrap_err();
    assert_eq!(failure.code, FailureCode::UnknownDriver);
    assert!(machine.calls.is_empty());
}

/// Of the same name by chance: it is not ours to replace, and less to delete.
#[test]
fn a_service_of_somebody_else_is_replaced_by_force_only() {
    let Scene { _folder, new, mut machine, .. } = scene();
    let theirs = r"C:\theirs\b.sys";
    machine.add_service("b", ServiceState::Stopped, &format!(r"\??\{theirs}"));
    machine.files.insert(theirs.to_owned(), b"theirs".to_vec());
    let failure = install(&mut machine, &new).1.unwrap_err();
    assert_eq!(failure.code, FailureCode::ForeignService);
    assert!(failure.advice.contains("--force"), "{failure:?}");
    assert!(machine.calls.is_empty(), "refused before anything was touched: {:?}", machine.calls);

    let mut answer = Answer::new("install");
    run(&mut machine, &new.folder, &[], true, &mut answer).unwrap();
    assert_eq!(actions(&answer)[1], ("b", Action::Replaced));
    assert_eq!(machine.files[theirs], b"theirs");
}

/// It runs from the bundle's very image: whoever installed it installed this.
#[test]
fn a_service_without_a_record_that_is_as_the_bundle_has_it_stays() {
    let Scene { _folder, new, mut machine, .. } = scene();
    install(&mut machine, &new).1.unwrap();
    machine.set_record("b", None).unwrap();
    assert_eq!(actions(&install(&mut machine, &new).0)[1], ("b", Action::Unchanged));
}
