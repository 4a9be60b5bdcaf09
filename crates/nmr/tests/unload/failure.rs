//! NMR fails to let go of a registration: the machine stops, or Unload never returns.

use crate::drivers::Hub;
use crate::faulty::Faulty;
use nmr::Status;
use nmr::host::{Host, Loaded};
use nmr_sim::World;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How the machine stops when a `Hub` is unloaded.
fn stops(system: Host<Faulty>) -> String {
    let hub = Loaded::<Hub>::new(system).expect("nothing fails");
    let stopped = catch_unwind(AssertUnwindSafe(|| drop(hub))).expect_err("the machine stops");
    *stopped.downcast::<String>().expect("a message")
}

#[test]
fn a_deregistration_that_fails_stops_the_machine() {
    let world = World::new();
    let system = Hub::system(&world);
    system.registrar().deregister_answers(Status::INVALID_PARAMETER);
    assert_eq!(
        stops(system),
        "the machine stops: deregistering the client of NPI 0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1e01 failed with \
         STATUS_INVALID_PARAMETER"
    );
}

#[test]
fn a_wait_that_fails_stops_the_machine() {
    let world = World::new();
    let system = Hub::system(&world);
    system.registrar().wait_answers(Status::INVALID_PARAMETER);
    assert_eq!(
        stops(system),
        "the machine stops: waiting for the deregistration of the client of NPI \
         0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1e01 failed with STATUS_INVALID_PARAMETER"
    );
}

/// A success code that is not STATUS_SUCCESS is no success here.
#[test]
fn a_wait_that_answers_pending_has_failed() {
    let world = World::new();
    let system = Hub::system(&world);
    system.registrar().wait_answers(Status::PENDING);
    assert!(stops(system).ends_with("failed with STATUS_PENDING"));
}

/// Parks a driver whose NMR fails as `fail` says; the thread that unloads it stays where it is until the process ends,
/// which Miri does not like to see.
#[cfg(not(miri))]
fn parks(fail: impl FnOnce(&Faulty)) -> (Vec<String>, Vec<String>) {
    use nmr::Driver as _;
    let world = World::new();
    let system = Host::new(Faulty::over(&world)).with_watchdog_period(core::time::Duration::from_millis(10));
    fail(system.registrar());
    let parked = Loaded::<crate::drivers::Parked>::new(system).expect("nothing fails");
    let driver = parked.driver();
    let unloading = std::thread::spawn(move || drop(parked));
    crate::until("three reports", || driver.system().blockers().len() >= 3);
    assert!(!unloading.is_finished(), "parked");
    assert!(!driver.adder.is_idle());
    (driver.system().blockers(), driver.system().log_lines())
}

#[cfg(not(miri))]
#[test]
fn a_parked_driver_says_that_its_deregistration_failed() {
    let (reports, log) = parks(|nmr| nmr.deregister_answers(Status::INVALID_PARAMETER));
    assert!(reports.iter().all(|line| line.contains("adder (client of adder): [failed]")), "{reports:#?}");
    let failed = "failure adder (client of adder): deregistering the client of NPI";
    assert!(
        log.iter().any(|line| line.contains(failed) && line.contains("STATUS_INVALID_PARAMETER")),
        "{log:#?}"
    );
}

#[cfg(not(miri))]
#[test]
fn a_parked_driver_says_that_its_wait_failed() {
    let (reports, log) = parks(|nmr| nmr.wait_answers(Status::INVALID_PARAMETER));
    assert!(reports.iter().all(|line| line.contains("adder (client of adder): [failed]")), "{reports:#?}");
    assert!(log.iter().any(|line| line.contains("waiting for the deregistration")), "{log:#?}");
}

#[test]
fn success_counts_as_done() {
    let world = World::new();
    let system = Hub::system(&world);
    system.registrar().deregister_answers(Status::SUCCESS);
    // A wait would fail, and stop the machine.
    system.registrar().wait_answers(Status::INVALID_PARAMETER);
    drop(Loaded::<Hub>::new(system).expect("nothing fails"));
    world.assert_clean();
    world.assert_unloaded();
}
