//! Detach, completion and cleanup.

use crate::peer::{Call, Peer, Script, complete};
use nmr_abi::{BindingHandle, Status};
use nmr_sim::{Rule, Side, World};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// A script that answers STATUS_PENDING and hands the binding to the test.
fn pending(to: Sender<BindingHandle>) -> Script {
    let to = Mutex::new(to);
    Script::default().detach(move |bound| {
        to.lock().unwrap().send(bound.handle).unwrap();
        Status::PENDING
    })
}

fn pending_pair(world: &World) -> ([Arc<Peer>; 2], [Receiver<BindingHandle>; 2]) {
    let ((to_client, from_client), (to_provider, from_provider)) = (channel(), channel());
    let client = Peer::client(world, pending(to_client)).register();
    let provider = Peer::provider(world, pending(to_provider)).register();
    ([client, provider], [from_client, from_provider])
}

#[test]
fn both_sides_are_detached_once_even_if_both_deregister() {
    let world = crate::peer::world();
    let client = Peer::client(&world, Script::default()).register();
    let provider = Peer::provider(&world, Script::default()).register();
    assert_eq!([client.deregister(), provider.deregister()], [Status::PENDING; 2]);
    for peer in [&client, &provider] {
        assert_eq!(peer.calls(), [Call::Attach, Call::Detach, Call::Cleanup]);
        assert_eq!(peer.wait(), Status::SUCCESS);
    }
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn callbacks_run_on_the_deregistering_thread() {
    let world = crate::peer::world();
    let client = Peer::client(&world, Script::default()).register();
    let provider = Peer::provider(&world, Script::default()).register();
    let there = thread::scope(|scope| {
        scope
            .spawn(|| {
                provider.take_down();
                thread::current().id()
            })
            .join()
            .unwrap()
    });
    assert_eq!(client.threads()[1..], [there, there]);
    client.take_down();
}

#[test]
fn cleanup_follows_the_last_completion_on_its_thread() {
    let world = crate::peer::world();
    let ([client, provider], [from_client, from_provider]) = pending_pair(&world);
    assert_eq!(provider.deregister(), Status::PENDING);
    let (client_side, provider_side) = (from_client.recv().unwrap(), from_provider.recv().unwrap());
    complete(&world, Side::Client, client_side);
    assert_eq!([client.count(Call::Cleanup), provider.count(Call::Cleanup)], [0, 0], "one side is missing");
    let there = thread::scope(|scope| {
        scope
            .spawn(|| {
                complete(&world, Side::Provider, provider_side);
                // Cleaned up before the completion returned.
                assert_eq!([client.count(Call::Cleanup), provider.count(Call::Cleanup)], [1, 1]);
                thread::current().id()
            })
            .join()
            .unwrap()
    });
    assert_eq!(client.threads().last(), Some(&there));
    assert_eq!(provider.wait(), Status::SUCCESS);
    client.take_down();
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn completion_inside_the_detach_callback_counts() {
    for side in [Side::Client, Side::Provider] {
        let world = crate::peer::world();
        let inside = || {
            Script::default().detach(|bound| {
                bound.complete();
                Status::PENDING
            })
        };
        let script = |of| if of == side { inside() } else { Script::default() };
        let client = Peer::client(&world, script(Side::Client)).register();
        let provider = Peer::provider(&world, script(Side::Provider)).register();
        client.take_down();
        provider.take_down();
        assert_eq!([client.count(Call::Cleanup), provider.count(Call::Cleanup)], [1, 1]);
        world.assert_clean();
        world.assert_unloaded();
    }
}

#[test]
fn completion_on_another_thread_may_overtake_the_callback() {
    for overtakes in [true, false] {
        let world = World::builder().cleanup_overtakes_detach(overtakes).build();
        let elsewhere = || {
            Script::default().detach(|bound| {
                // The last access to the context is the copy of the handle that the other thread is given.
                let (world, side, handle) = (bound.peer().world.clone(), bound.peer().side, bound.handle);
                thread::spawn(move || complete(&world, side, handle)).join().unwrap();
                Status::PENDING
            })
        };
        let client = Peer::client(&world, elsewhere()).register();
        let provider = Peer::provider(&world, elsewhere()).register();
        client.take_down();
        provider.take_down();
        for peer in [&client, &provider] {
            assert_eq!(peer.calls(), [Call::Attach, Call::Detach, Call::Cleanup]);
        }
        // Whether the provider, who was asked last, was cleaned up on the other thread.
        assert_eq!(provider.threads()[2] != thread::current().id(), overtakes);
        world.assert_clean();
    }
}

#[test]
fn completion_before_the_detach_callback_is_kept_and_reported() {
    let world = crate::peer::world();
    let client = Peer::client(&world, Script::default()).register();
    let provider = Peer::provider(&world, Script::default().detach(|_| Status::PENDING)).register();
    complete(&world, Side::Provider, provider.bound()[0]);
    provider.take_down();
    client.take_down();
    assert_eq!(provider.count(Call::Cleanup), 1);
    let rules: Vec<_> = world.violations().iter().map(|violation| violation.rule).collect();
    assert_eq!(rules, [Rule::CompletedBeforeDetach]);
}

#[test]
fn a_side_that_has_detached_is_still_waited_for_by_the_other() {
    let world = crate::peer::world();
    let (to, from) = channel();
    let client = Peer::client(&world, Script::default()).register();
    let provider = Peer::provider(&world, pending(to)).register();
    assert_eq!(client.deregister(), Status::PENDING);
    thread::scope(|scope| {
        let waiter = scope.spawn(|| client.wait());
        let handle = from.recv().unwrap();
        thread::sleep(std::time::Duration::from_millis(20));
        assert!(!waiter.is_finished(), "the provider has not completed");
        complete(&world, Side::Provider, handle);
        assert_eq!(waiter.join().unwrap(), Status::SUCCESS);
    });
    provider.take_down();
    world.assert_clean();
}
