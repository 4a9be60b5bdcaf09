//! The order of unload, as NMR sees it.

#![expect(unsafe_code, reason = "loads the same storage several times")]

use crate::drivers::{Caller, Server, adder, count, greeter};
use crate::watch::Watch;
use nmr::host::{Host, Loaded};
use nmr::{Driver, Npi};
use nmr_sim::{Event, Point, Side, What, World};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The steps that matter here, in NMR's order.
#[derive(Debug, PartialEq)]
enum Step {
    Deregister(nmr::Guid),
    Waited(nmr::Guid),
}

fn steps(events: Vec<Event>) -> Vec<Step> {
    let steps = events.into_iter().filter_map(|event| match event.what {
        What::Deregister { npi, .. } => Some(Step::Deregister(npi)),
        What::Waited { npi, .. } => Some(Step::Waited(npi)),
        _ => None,
    });
    steps.collect()
}

/// Greeter is served by way of Adder, so it goes first and completely; the others are all issued before any is waited
/// for.
#[test]
fn stages_and_within_a_stage_issue_all_then_wait_all() {
    let world = World::new();
    let server = Server::load(&world).expect("nothing fails");
    let caller = Caller::load(&world).expect("nothing fails");
    let before = world.events().len();
    drop(caller);
    let (adder, greeter) = (adder::Npi::ID, greeter::Npi::ID);
    assert_eq!(
        steps(world.events().split_off(before)),
        [
            Step::Deregister(greeter),
            Step::Waited(greeter),
            Step::Deregister(adder),
            Step::Deregister(adder),
            Step::Deregister(greeter),
            Step::Waited(adder),
            Step::Waited(adder),
            Step::Waited(greeter),
        ]
    );
    drop(server);
    world.assert_clean();
    world.assert_unloaded();
}

/// All drains of a stage overlap: every binding is closed before the first NmrDeregister* of the stage.
#[test]
fn a_stage_is_closed_before_it_is_deregistered() {
    static OPEN: AtomicUsize = AtomicUsize::new(0);
    let (world, watch) = Watch::world();
    let server = Server::load(&world).expect("nothing fails");
    let caller = Caller::load(&world).expect("nothing fails");
    let driver = caller.driver();
    assert!(driver.adder.oldest_peer().is_some() && driver.only.oldest_peer().is_some());
    watch.at(Point::BeforeDetaching(Side::Client), move || {
        let open = driver.adder.peers().count() + driver.only.peers().count();
        OPEN.fetch_add(open, Ordering::SeqCst);
    });
    drop(caller);
    assert_eq!(count(&OPEN), 0);
    drop(server);
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn own_threads_are_gone_when_unload_returns() {
    let world = World::new();
    let caller = Caller::load(&world).expect("nothing fails");
    let driver = caller.driver();
    assert_eq!((count(&driver.state.started), count(&driver.state.threads_ended)), (1, 0));
    drop(caller);
    assert_eq!((count(&driver.state.stopped), count(&driver.state.threads_ended)), (1, 1));
}

#[test]
fn the_same_driver_can_be_loaded_again() {
    let world = World::new();
    let driver = Loaded::<Caller>::storage(Host::new(world.clone()));
    for round in 1..=3 {
        let server = Server::load(&world).expect("nothing fails");
        // SAFETY: not loaded, or unloaded again by the round before.
        let caller = unsafe { Loaded::of(driver) }.expect("nothing fails");
        assert_eq!(driver.adder.bindings(), 1);
        assert!(driver.adder.oldest_peer().is_some());
        drop(caller);
        assert_eq!(count(&driver.state.threads_ended), round);
        drop(server);
        world.assert_unloaded();
    }
    world.assert_clean();
}

#[test]
fn every_step_is_one_line_in_the_log() {
    let world = World::new();
    let server = Server::load(&world).expect("nothing fails");
    let caller = Caller::load(&world).expect("nothing fails");
    let driver = caller.driver();
    drop(server);
    drop(caller);
    let mut log = driver.system().log_lines();
    // What the monitor does on a machine that is slow is no step.
    log.retain(|line| !line.starts_with("nmr: Caller: a peer blocks"));
    let server = "peer 5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b11";
    for expected in [
        format!(
            "nmr: Caller: register adder (client of adder): NPI {}, \
             as 5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b10, number 0, 1 attached",
            adder::Npi::ID
        ),
        format!("nmr: Caller: offer adder (client of adder): {server}"),
        format!("nmr: Caller: attach adder (client of adder): binding 0, {server}"),
        format!("nmr: Caller: detach adder (client of adder): binding 0, {server}, answered STATUS_SUCCESS"),
        format!("nmr: Caller: cleanup adder (client of adder): binding 0, {server}"),
        "nmr: Caller: deregister adder (client of adder): STATUS_PENDING".into(),
        "nmr: Caller: wait adder (client of adder)".into(),
        "nmr: Caller: deregistered adder (client of adder): 0 bindings left".into(),
        "nmr: Caller: loaded".into(),
        "nmr: Caller: unload begins".into(),
        "nmr: Caller: unloaded".into(),
    ] {
        assert_eq!(log.iter().filter(|line| **line == expected).count(), 1, "{expected}\nin {log:#?}");
    }
    let traced = driver.system().traced();
    assert_eq!(log.len(), traced.len(), "each line is an event of ETW");
    for (line, step) in log.iter().zip(traced) {
        assert!(line.starts_with(&format!("nmr: Caller: {}", step.text())), "{line} is {step:?}");
    }
}
