//! Six lives that are easy to get wrong, and an attachment that is still being made when a side goes.

use crate::peer::{Call, Peer, Script, complete};
use nmr_abi::Status;
use nmr_sim::{Side, What, World};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

/// A side deregisters, and waits, while the client's attach callback runs on another thread.
fn deregister_during_attach(leaver: Side) {
    let world = crate::peer::world();
    let ((inside, is_inside), (go, gone)) = (channel(), channel());
    let (inside, gone) = (Mutex::new(inside), Mutex::new(gone));
    let client = Peer::client(
        &world,
        Script::default().attach(move |offer| {
            inside.lock().unwrap().send(()).unwrap();
            gone.lock().unwrap().recv().unwrap();
            offer.accept()
        }),
    );
    let provider = Peer::provider(&world, Script::default());
    // The attach runs on the thread of the side that stays, so that the other one is free to go.
    let (leaves, stays) = if leaver == Side::Client { (&client, &provider) } else { (&provider, &client) };
    leaves.register();
    thread::scope(|scope| {
        let attaching = scope.spawn(|| {
            stays.register();
            thread::current().id()
        });
        is_inside.recv().unwrap();
        assert_eq!(leaves.deregister(), Status::PENDING);
        assert_eq!(leaves.count(Call::Detach), 0, "no detach while the attach callback runs");
        let waiter = scope.spawn(|| leaves.wait());
        thread::sleep(Duration::from_millis(20));
        assert!(!waiter.is_finished(), "the wait covers the attach");
        go.send(()).unwrap();
        assert_eq!(waiter.join().unwrap(), Status::SUCCESS);
        let attacher = attaching.join().unwrap();
        assert_eq!(client.calls(), [Call::Attach, Call::Detach, Call::Cleanup]);
        assert_eq!(provider.calls(), [Call::Attach, Call::Detach, Call::Cleanup]);
        assert!(client.threads()[1..].iter().all(|thread| *thread == attacher), "by the attaching thread");
    });
    stays.take_down();
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn scenario_1_the_provider_deregisters_while_the_attach_is_running() {
    deregister_during_attach(Side::Provider);
}

#[test]
fn scenario_1_the_client_deregisters_while_the_attach_is_running() {
    deregister_during_attach(Side::Client);
}

/// Each side that `completes` tells a second thread to complete, and returns STATUS_PENDING only after that.
fn completion_overtakes(completes: &[Side]) {
    let world = crate::peer::world();
    let script = |side: Side| {
        if !completes.contains(&side) {
            return Script::default();
        }
        Script::default().detach(move |bound| {
            let (world, handle) = (bound.peer().world.clone(), bound.handle);
            thread::spawn(move || complete(&world, side, handle)).join().unwrap();
            Status::PENDING
        })
    };
    let client = Peer::client(&world, script(Side::Client)).register();
    let provider = Peer::provider(&world, script(Side::Provider)).register();
    provider.take_down();
    client.take_down();
    assert_eq!(client.calls(), [Call::Attach, Call::Detach, Call::Cleanup]);
    assert_eq!(provider.calls(), [Call::Attach, Call::Detach, Call::Cleanup]);
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn scenario_2_the_client_completes_before_its_detach_callback_has_returned() {
    completion_overtakes(&[Side::Client]);
    completion_overtakes(&[Side::Provider]);
}

#[test]
fn scenario_3_both_sides_complete_before_their_detach_callbacks_have_returned() {
    completion_overtakes(&[Side::Client, Side::Provider]);
}

#[test]
fn scenario_4_a_wait_with_nothing_left_succeeds_once() {
    let world = crate::peer::world();
    let client = Peer::client(&world, Script::default()).register();
    assert_eq!(client.deregister(), Status::PENDING);
    assert_eq!(client.wait(), Status::SUCCESS);
    assert_eq!(client.wait(), Status::INVALID_PARAMETER);
}

// Scenario 5, bad handles, is the file `handles.rs`.

#[test]
fn scenario_6_registering_from_a_cleanup_callback() {
    let world = crate::peer::world();
    let another = Peer::client(&world, Script::default());
    let late = Arc::clone(&another);
    let client = Peer::client(
        &world,
        Script::default().cleanup(move |_| {
            late.register();
        }),
    )
    .register();
    let provider = Peer::provider(&world, Script::default()).register();
    client.take_down();
    assert_eq!(another.count(Call::Attach), 1, "it is offered the provider at once");
    another.take_down();
    provider.take_down();
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn attach_then_detach_inside_one_registration() {
    let world = crate::peer::world();
    let provider = Peer::provider(&world, Script::default()).register();
    let leaver = Arc::clone(&provider);
    let client = Peer::client(
        &world,
        Script::default().attach(move |offer| {
            let status = offer.accept();
            // Another thread takes the provider down before this callback has returned.
            let leaver = Arc::clone(&leaver);
            thread::spawn(move || assert_eq!(leaver.deregister(), Status::PENDING)).join().unwrap();
            status
        }),
    );
    client.register();
    assert_eq!(client.calls(), [Call::Attach, Call::Detach, Call::Cleanup], "before Register returned");
    assert_eq!(provider.wait(), Status::SUCCESS);
    client.take_down();
    world.assert_clean();
}

#[test]
fn a_peer_that_leaves_before_its_turn_is_not_offered() {
    let world = crate::peer::world();
    let clients: Arc<Mutex<Vec<Arc<Peer>>>> = Arc::default();
    for _ in 0..2 {
        let all = Arc::clone(&clients);
        let client = Peer::client(
            &world,
            Script::default().attach(move |offer| {
                // Whoever is asked first takes the other one down, wait included: nobody holds it yet.
                let other = all
                    .lock()
                    .unwrap()
                    .iter()
                    .find(|peer| !std::ptr::eq(&raw const ***peer, offer.peer))
                    .cloned();
                other.expect("two clients").take_down();
                offer.accept()
            }),
        );
        clients.lock().unwrap().push(client.register());
    }
    let provider = Peer::provider(&world, Script::default()).register();
    let asked: Vec<_> = clients.lock().unwrap().iter().map(|client| client.count(Call::Attach)).collect();
    assert_eq!(asked, [1, 0]);
    provider.take_down();
    clients.lock().unwrap()[0].take_down();
    clients.lock().unwrap().clear();
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn a_pair_that_registers_at_once_is_offered_once() {
    let rounds = if cfg!(miri) { 10 } else { 500 };
    for _ in 0..rounds {
        let world = World::builder().record(true).build();
        let client = Peer::client(&world, Script::default());
        let provider = Peer::provider(&world, Script::default());
        let start = Barrier::new(2);
        thread::scope(|scope| {
            for peer in [&client, &provider] {
                scope.spawn(|| {
                    start.wait();
                    peer.register();
                });
            }
        });
        let offers = world.events().iter().filter(|event| matches!(event.what, What::Offered { .. })).count();
        assert_eq!(offers, 1);
        client.take_down();
        provider.take_down();
    }
}
