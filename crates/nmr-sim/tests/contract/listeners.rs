//! Who is told of what goes wrong, instead of finding it later.

use crate::peer::{Peer, Script, complete};
use nmr_abi::Status;
use nmr_sim::{OnViolation, Rule, Side, World};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn a_listener_hears_of_violations_that_are_not_kept() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&heard);
    let world = World::builder()
        .on_violation(OnViolation::Tell)
        .violation_listener(move |violation| ear.lock().expect("no panic").push(violation.rule))
        .build();
    let client = Peer::client(&world, Script::default()).register();
    assert_eq!(client.wait(), Status::INVALID_PARAMETER);
    client.take_down();
    assert_eq!(*heard.lock().expect("no panic"), [Rule::WaitBeforeDeregister]);
    world.assert_clean();
}

#[test]
fn a_wait_that_is_overdue_says_so_as_often_as_asked_and_goes_on() {
    let (told, hears) = std::sync::mpsc::channel();
    let told = Mutex::new(told);
    let world = World::builder()
        .overdue_wait(Duration::from_millis(5), move |text, waited| {
            assert!(waited >= Duration::from_millis(5));
            let told = told.lock().expect("no panic");
            told.send(text.to_owned()).expect("the test listens");
            Some(Duration::from_millis(5))
        })
        .build();
    let provider = Peer::provider(&world, Script::default().detach(|_| Status::PENDING)).register();
    let client = Peer::client(&world, Script::default()).register();
    assert_eq!(client.deregister(), Status::PENDING);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| client.wait());
        for _ in 0..2 {
            let text = hears.recv().expect("the wait is overdue");
            assert!(text.contains("answered STATUS_PENDING and has not completed"), "{text}");
        }
        complete(&world, Side::Provider, provider.bound()[0]);
        assert_eq!(waiting.join().expect("no panic"), Status::SUCCESS);
    });
    provider.take_down();
    world.assert_clean();
}
