//! The story of a life as a diagram and as JSON, and the test that fails and tells its own.

use crate::peer::{Peer, Script};
use nmr_abi::Status;
use nmr_sim::{Run, Side, World, check};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A client and a provider that pends, and comes to an end.
fn life(world: &World) {
    let provider =
        Peer::new(world, Side::Provider, 1, 0xd, Script::default().detach(|_| Status::PENDING)).register();
    let client = Peer::new(world, Side::Client, 1, 0xc, Script::default()).register();
    assert_eq!(client.deregister(), Status::PENDING);
    crate::peer::complete(world, Side::Provider, provider.bound()[0]);
    assert_eq!(client.wait(), Status::SUCCESS);
    assert_eq!(client.wait(), Status::INVALID_PARAMETER);
    provider.take_down();
}

#[test]
fn a_life_in_letters() {
    let world = crate::peer::world();
    life(&world);
    let diagram = world.diagram();
    assert!(diagram.lines().count() == 1 + world.events().len() + 2, "{diagram}");
    let lines: Vec<&str> = diagram.lines().collect();
    assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["client", "2", "NMR", "provider", "1"]);
    let lifelines = |line: &str| line.matches('|').count();
    assert!(lines[1..=18].iter().all(|line| lifelines(line) == 3), "{diagram}");
    assert!(lines[2].starts_with("    2       |") && lines[2].contains("-- register --"), "{diagram}");
    assert!(lines[2].contains(">|") && lines[1].contains("|<"), "both ways: {diagram}");
    assert!(lines[9].contains("binding 1: STATUS_PENDING"), "{diagram}");
    assert!(lines[13].ends_with("* binding 1 is gone"), "{diagram}");
    assert!(lines[16].contains("* BROKEN stale-handle: NmrWaitForClientDeregisterComplete"), "{diagram}");
    assert!(diagram.ends_with("provider 1: module 00000000-0000-0000-0000-00000000000d, number 0, NPI 00000000-0000-0000-0000-000000000001\n"));
}

#[test]
fn a_life_for_mermaid() {
    let world = crate::peer::world();
    life(&world);
    let mermaid = world.mermaid();
    let begin = "sequenceDiagram
    participant client2 as client 2
    participant nmr as NMR
    participant provider1 as provider 1
    provider1->>nmr: register
    client2->>nmr: register
    nmr->>client2: attach provider 1 (binding 1)?
    client2->>nmr: binding 1 attached: STATUS_SUCCESS
    client2->>nmr: deregister
    nmr->>client2: detach binding 1
    client2->>nmr: binding 1: STATUS_SUCCESS
    nmr->>provider1: detach binding 1
    provider1->>nmr: binding 1: STATUS_PENDING
    provider1->>nmr: binding 1 completed
    nmr->>client2: clean binding 1 up
    nmr->>provider1: clean binding 1 up
    Note over nmr: binding 1 is gone
    client2->>nmr: wait
    nmr->>client2: gone
    Note over nmr: BROKEN stale-handle";
    assert!(mermaid.starts_with(begin), "{mermaid}");
    assert!(!mermaid.contains([';', '#']), "{mermaid}");
}

#[test]
fn a_life_as_json() {
    let world = crate::peer::world();
    life(&world);
    let json: serde_json::Value = serde_json::from_str(&world.json()).expect("JSON");
    let events = json.as_array().expect("an array");
    assert_eq!(events.len(), world.events().len());
    assert_eq!(events[0]["sequence"], 1);
    assert_eq!(events[0]["event"], "registered");
    assert_eq!(events[0]["side"], "provider");
    assert_eq!(events[0]["module"], "00000000-0000-0000-0000-00000000000d");
    assert_eq!(events[8]["status"], "STATUS_PENDING");
    let broken = events.iter().find(|event| event["event"] == "violation").expect("one");
    assert_eq!(broken["rule"], "stale-handle");
    // The text of every event says the same, word for word.
    for (event, line) in events.iter().zip(world.story().lines()) {
        let fields = event.as_object().expect("an object").iter();
        for (key, value) in fields.filter(|(key, _)| !["sequence", "event", "text"].contains(&key.as_str())) {
            let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            assert!(line.contains(&format!(" {key}={value}")), "{line}: {key}");
        }
    }
}

#[test]
fn what_happened_can_be_asserted_on() {
    let world = crate::peer::world();
    life(&world);
    world.assert_happened(&[
        "registered side=client",
        "attached binding=1 status=STATUS_SUCCESS",
        "detach-returned side=provider status=STATUS_PENDING",
        "completed side=provider",
        "ended",
        "violation rule=stale-handle",
    ]);
    for wrong in [&["ended", "completed"][..], &["attached binding=2"], &["attach"], &["waited side=nobody"]]
    {
        let panic = catch_unwind(AssertUnwindSafe(|| world.assert_happened(wrong)));
        let text = panic.expect_err("it did not").downcast::<String>().expect("a text");
        assert!(text.contains("did not happen"), "{text}");
    }
}

#[test]
fn a_run_that_fails_shows_the_diagram_of_its_life() {
    let fails = |run: &Run| {
        let world = World::builder().schedule(run.schedule()).build();
        life(&world);
        run.perform();
        world.assert_clean();
    };
    let panic = catch_unwind(|| check(0..1, fails)).expect_err("it fails");
    let text = panic.downcast::<String>().expect("a text");
    assert!(text.contains("stale-handle"), "{text}");
    let diagram = text.split("what happened in this world:\n").nth(1).expect("a diagram");
    assert!(diagram.contains("provider 1") && diagram.contains("* binding 1 is gone"), "{diagram}");
    // A world that does not want to, and one that records nothing, stay silent.
    for silent in [World::builder().diagram_on_panic(false), World::builder().record(false)] {
        let silent = std::sync::Mutex::new(Some(silent));
        let fails = |run: &Run| {
            let Some(builder) = silent.lock().unwrap().take() else { panic!("again") };
            let _world = builder.schedule(run.schedule()).build();
            panic!("as planned");
        };
        let panic = catch_unwind(AssertUnwindSafe(|| check(0..1, fails))).expect_err("it fails");
        assert!(!panic.downcast::<String>().expect("a text").contains("what happened"));
    }
}

/// Asks `fails_if_asked` to fail.
const ASKED: &str = "NMR_SIM_TEST_FAILS";

#[test]
fn fails_if_asked() {
    let world = crate::peer::world();
    life(&world);
    assert!(std::env::var_os(ASKED).is_none(), "as asked");
}

#[cfg(not(miri))]
#[test]
fn a_test_that_fails_prints_the_diagram_of_its_life() {
    let mut test = std::process::Command::new(std::env::current_exe().expect("this program"));
    let output = test.args(["--exact", "diagram::fails_if_asked"]).env(ASKED, "1").output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && text.contains("as asked"), "{text}");
    assert_eq!(text.matches("what happened in this world:\n").count(), 1, "{text}");
    assert!(text.contains("* binding 1 is gone"), "{text}");
}
