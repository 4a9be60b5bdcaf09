//! Deregistration and the wait.

use crate::peer::{Call, Peer, Script};
use nmr_abi::Status;
use nmr_sim::{Callback, Point, Rule, Schedule, Side, What, World};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

fn rules(world: &World) -> Vec<Rule> {
    world.violations().iter().map(|violation| violation.rule).collect()
}

#[test]
fn deregister_answers_pending_even_with_no_binding() {
    let world = crate::peer::world();
    for peer in [Peer::client(&world, Script::default()), Peer::provider(&world, Script::default())] {
        peer.register();
        assert_eq!(peer.deregister(), Status::PENDING);
        assert_eq!(peer.wait(), Status::SUCCESS);
    }
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn a_wait_before_the_deregistration_is_refused() {
    let world = crate::peer::world();
    let client = Peer::client(&world, Script::default()).register();
    assert_eq!(client.wait(), Status::INVALID_PARAMETER);
    assert_eq!(rules(&world), [Rule::WaitBeforeDeregister]);
    client.take_down();
}

#[test]
fn the_wait_closes_the_handle() {
    let world = crate::peer::world();
    let client = Peer::client(&world, Script::default()).register();
    client.take_down();
    assert_eq!(client.wait(), Status::INVALID_PARAMETER);
    assert_eq!(client.deregister(), Status::INVALID_PARAMETER);
    assert_eq!(rules(&world), [Rule::StaleHandle; 2]);
}

#[test]
fn a_second_deregistration_is_refused() {
    let world = crate::peer::world();
    let client = Peer::client(&world, Script::default()).register();
    assert_eq!(client.deregister(), Status::PENDING);
    assert_eq!(client.deregister(), Status::INVALID_PARAMETER);
    assert_eq!(rules(&world), [Rule::DeregisteredTwice]);
    assert_eq!(client.wait(), Status::SUCCESS);
}

#[test]
fn two_threads_cannot_wait_for_one_registration() {
    let world = crate::peer::world();
    let provider = Peer::provider(&world, Script::default().detach(|_| Status::PENDING)).register();
    let client = Peer::client(&world, Script::default()).register();
    assert_eq!(client.deregister(), Status::PENDING);
    thread::scope(|scope| {
        let first = scope.spawn(|| client.wait());
        while !world.events().iter().any(|event| matches!(event.what, What::Waiting { .. })) {
            thread::yield_now();
        }
        assert_eq!(client.wait(), Status::INVALID_PARAMETER);
        crate::peer::complete(&world, Side::Provider, provider.bound()[0]);
        assert_eq!(first.join().unwrap(), Status::SUCCESS);
    });
    assert_eq!(rules(&world), [Rule::WaitedTwice]);
    provider.take_down();
}

/// Holds the first thread that reaches a point until the test lets it go.
struct Hold {
    at: Point,
    reached: Mutex<Option<Sender<()>>>,
    go: Mutex<Receiver<()>>,
}

impl Schedule for Hold {
    fn pause(&self, point: Point) {
        if point != self.at {
            return;
        }
        if let Some(reached) = self.reached.lock().unwrap().take() {
            reached.send(()).unwrap();
            self.go.lock().unwrap().recv().unwrap();
        }
    }
}

/// Runs `deregister` of one pair on another thread, held at `at`, and says that the client's wait has not returned
/// there.
fn wait_is_held_at(at: Point) {
    let ((reached, is_reached), (go, gone)) = (channel(), channel());
    let hold = Hold { at, reached: Mutex::new(Some(reached)), go: Mutex::new(gone) };
    let world = World::builder().schedule(hold).build();
    let provider = Peer::provider(&world, Script::default()).register();
    let client = Peer::client(&world, Script::default()).register();
    thread::scope(|scope| {
        let provider_goes = scope.spawn(|| provider.take_down());
        is_reached.recv().unwrap();
        assert_eq!(client.deregister(), Status::PENDING);
        let waiter = scope.spawn(|| client.wait());
        thread::sleep(Duration::from_millis(20));
        assert!(!waiter.is_finished(), "at {at:?}");
        go.send(()).unwrap();
        assert_eq!(waiter.join().unwrap(), Status::SUCCESS);
        provider_goes.join().unwrap();
    });
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn the_wait_covers_detach_and_cleanup_callbacks_that_have_not_returned() {
    for side in [Side::Client, Side::Provider] {
        wait_is_held_at(Point::Before(Callback::Detach(side)));
        wait_is_held_at(Point::After(Callback::Detach(side)));
        wait_is_held_at(Point::Before(Callback::Cleanup(side)));
        wait_is_held_at(Point::After(Callback::Cleanup(side)));
    }
}

#[test]
fn a_detach_that_was_overtaken_is_covered_if_so_set() {
    for covers in [true, false] {
        let (go, gone) = channel();
        let gone = Mutex::new(gone);
        let world = World::builder().wait_covers_detach(covers).build();
        let client = Peer::client(&world, Script::default()).register();
        let provider = Peer::provider(
            &world,
            Script::default().detach(move |bound| {
                bound.complete();
                gone.lock().unwrap().recv().unwrap();
                Status::PENDING
            }),
        )
        .register();
        thread::scope(|scope| {
            let leaving = scope.spawn(|| client.deregister());
            while provider.count(Call::Cleanup) == 0 {
                thread::yield_now();
            }
            assert_eq!(provider.deregister(), Status::PENDING);
            let waiter = scope.spawn(|| provider.wait());
            if covers {
                thread::sleep(Duration::from_millis(20));
                assert!(!waiter.is_finished());
                go.send(()).unwrap();
                assert_eq!(waiter.join().unwrap(), Status::SUCCESS);
            } else {
                assert_eq!(waiter.join().unwrap(), Status::SUCCESS, "the callback is still running");
                go.send(()).unwrap();
            }
            assert_eq!(leaving.join().unwrap(), Status::PENDING);
        });
        assert_eq!(client.wait(), Status::SUCCESS);
        world.assert_clean();
    }
}

#[test]
fn a_wait_inside_a_callback_of_the_same_registration_is_reported_not_hung() {
    let world = crate::peer::world();
    let waits = |answers: &Arc<Mutex<Vec<Status>>>| {
        let answers = Arc::clone(answers);
        Script::default().cleanup(move |bound| answers.lock().unwrap().push(bound.peer().wait()))
    };
    let answers = Arc::new(Mutex::new(Vec::new()));
    let client = Peer::client(&world, waits(&answers)).register();
    let provider = Peer::provider(&world, Script::default()).register();
    client.take_down();
    provider.take_down();
    assert_eq!(*answers.lock().unwrap(), [Status::INVALID_DEVICE_STATE]);
    assert_eq!(rules(&world), [Rule::WaitInsideCallback]);
    let report = world.violations()[0].to_string();
    assert!(report.contains("the client's cleanup callback for binding 1"), "{report}");
}

#[test]
fn deregistering_inside_a_callback_of_the_same_registration_is_legal() {
    let world = crate::peer::world();
    let client = Peer::client(
        &world,
        Script::default().detach(|bound| {
            assert_eq!(bound.peer().deregister(), Status::PENDING);
            Status::SUCCESS
        }),
    )
    .register();
    let provider = Peer::provider(&world, Script::default()).register();
    provider.take_down();
    assert_eq!(client.wait(), Status::SUCCESS);
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn waiting_for_another_registration_is_legal_in_attach_and_doubtful_in_detach() {
    let world = crate::peer::world();
    let other = Peer::new(&world, Side::Client, 2, 3, Script::default()).register();
    let in_attach = Arc::clone(&other);
    let in_detach = Arc::clone(&other);
    let client = Peer::client(
        &world,
        Script::default()
            .attach(move |offer| {
                in_attach.take_down();
                in_attach.register();
                offer.accept()
            })
            .detach(move |_| {
                in_detach.take_down();
                Status::SUCCESS
            }),
    )
    .register();
    let provider = Peer::provider(&world, Script::default()).register();
    world.assert_clean();
    provider.take_down();
    client.take_down();
    assert_eq!(rules(&world), [Rule::WaitInDetach]);
}

#[test]
fn a_peer_that_never_completes_is_named_by_the_wait() {
    let world = World::with_wait_limit(Duration::from_millis(30));
    let provider = Peer::provider(&world, Script::default().detach(|_| Status::PENDING)).register();
    let client = Peer::client(&world, Script::default()).register();
    assert_eq!(client.deregister(), Status::PENDING);
    let message = thread::scope(|scope| {
        let panic = scope.spawn(|| client.wait()).join().expect_err("the wait panics");
        panic.downcast::<String>().expect("a message")
    });
    assert!(message.contains("client 2"), "{message}");
    assert!(message.contains("binding 1: "), "{message}");
    assert!(
        message.contains("NPI 00000000-0000-0000-0000-000000000001) is detached; provider 1"),
        "{message}"
    );
    assert!(message.contains("answered STATUS_PENDING and has not completed"), "{message}");
    crate::peer::complete(&world, Side::Provider, provider.bound()[0]);
    provider.take_down();
}

#[test]
fn what_an_unloaded_module_left_behind_is_named() {
    let world = crate::peer::world();
    let client = Peer::client(&world, Script::default()).register();
    let provider = Peer::provider(&world, Script::default()).register();
    let id = nmr_abi::ModuleId::from_guid(nmr_abi::Guid::from_u128(0xc));
    assert_eq!(world.module_unloaded(&id), 1);
    assert_eq!(rules(&world), [Rule::LeftBehind]);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.assert_unloaded()));
    assert!(panic.is_err());
    client.take_down();
    provider.take_down();
    assert_eq!(world.module_unloaded(&id), 0);
    world.assert_unloaded();
}
