//! Modules that break a rule, one rule a test. The world names it and goes on.

use crate::peer::{Call, Peer, Script, client_attach, complete};
use nmr_abi::Status;
use nmr_sim::{OnViolation, Rule, Side, World};
use std::sync::{Arc, Mutex};

fn rules(world: &World) -> Vec<Rule> {
    world.violations().iter().map(|violation| violation.rule).collect()
}

#[test]
fn completion_after_success() {
    for side in [Side::Client, Side::Provider] {
        let world = crate::peer::world();
        let client = Peer::client(&world, Script::default()).register();
        let provider = Peer::provider(&world, Script::default()).register();
        let handle = if side == Side::Client { client.bound()[0] } else { provider.bound()[0] };
        client.take_down();
        complete(&world, side, handle);
        assert_eq!(rules(&world), [Rule::CompletedAfterSuccess]);
        assert_eq!([client.count(Call::Cleanup), provider.count(Call::Cleanup)], [1, 1]);
        provider.take_down();
    }
}

#[test]
fn success_after_a_completion() {
    let world = crate::peer::world();
    let client = Peer::client(&world, Script::default()).register();
    let provider = Peer::provider(
        &world,
        Script::default().detach(|bound| {
            bound.complete();
            Status::SUCCESS
        }),
    )
    .register();
    client.take_down();
    provider.take_down();
    assert_eq!(rules(&world), [Rule::CompletedAfterSuccess]);
    assert_eq!(provider.count(Call::Cleanup), 1);
}

#[test]
fn completion_twice() {
    let world = crate::peer::world();
    let client = Peer::client(&world, Script::default().detach(|_| Status::PENDING)).register();
    let provider = Peer::provider(&world, Script::default().detach(|_| Status::PENDING)).register();
    assert_eq!(client.deregister(), Status::PENDING);
    complete(&world, Side::Client, client.bound()[0]);
    complete(&world, Side::Client, client.bound()[0]);
    assert_eq!(rules(&world), [Rule::CompletedTwice]);
    assert_eq!(client.count(Call::Cleanup), 0, "the provider's completion is still missing");
    complete(&world, Side::Provider, provider.bound()[0]);
    complete(&world, Side::Provider, provider.bound()[0]);
    assert_eq!(rules(&world), [Rule::CompletedTwice; 2], "also when the binding has gone");
    assert_eq!(client.wait(), Status::SUCCESS);
    provider.take_down();
    assert_eq!([client.count(Call::Cleanup), provider.count(Call::Cleanup)], [1, 1]);
}

#[test]
fn completion_with_the_other_sides_function() {
    let world = crate::peer::world();
    let client = Peer::client(&world, Script::default().detach(|_| Status::PENDING)).register();
    let provider = Peer::provider(&world, Script::default()).register();
    assert_eq!(client.deregister(), Status::PENDING);
    complete(&world, Side::Provider, client.bound()[0]);
    assert_eq!(rules(&world), [Rule::WrongSide]);
    assert_eq!(client.count(Call::Cleanup), 0);
    complete(&world, Side::Client, client.bound()[0]);
    assert_eq!(client.wait(), Status::SUCCESS);
    provider.take_down();
}

#[test]
fn completion_of_a_binding_that_was_refused() {
    let world = crate::peer::world();
    let handle = Arc::new(Mutex::new(None));
    let offered = Arc::clone(&handle);
    let client = Peer::client(
        &world,
        Script::default().attach(move |offer| {
            complete(&offer.peer.world, Side::Client, offer.handle);
            *offered.lock().unwrap() = Some(offer.handle);
            Status::NOINTERFACE
        }),
    )
    .register();
    let provider = Peer::provider(&world, Script::default()).register();
    complete(&world, Side::Client, handle.lock().unwrap().expect("offered"));
    assert_eq!(rules(&world), [Rule::CompletedUnattached; 2]);
    client.take_down();
    provider.take_down();
}

#[test]
fn a_detach_callback_that_answers_something_else() {
    let world = crate::peer::world();
    let client = Peer::client(&world, Script::default().detach(|_| Status::INVALID_PARAMETER)).register();
    let provider = Peer::provider(&world, Script::default()).register();
    provider.take_down();
    client.take_down();
    assert_eq!(rules(&world), [Rule::DetachAnswer]);
    assert_eq!(client.count(Call::Cleanup), 1);
}

#[test]
fn a_client_that_changes_the_answer() {
    let world = crate::peer::world();
    let client = Peer::client(
        &world,
        Script::default().attach(|offer| {
            assert_eq!(offer.accept(), Status::NOINTERFACE);
            Status::UNSUCCESSFUL
        }),
    )
    .register();
    let provider = Peer::provider(&world, Script::default().attach(|_| Status::NOINTERFACE)).register();
    assert_eq!(rules(&world), [Rule::AttachAnswerChanged]);
    client.take_down();
    provider.take_down();
}

#[test]
fn a_client_that_fails_after_attaching() {
    let world = crate::peer::world();
    let provider = Peer::provider(&world, Script::default()).register();
    let client = Peer::client(
        &world,
        Script::default().attach(|offer| {
            // A NULL context: this module has nothing that only its cleanup callback would free.
            assert_eq!(client_attach(&offer.peer.world, offer.handle, std::ptr::null_mut()), Status::SUCCESS);
            Status::UNSUCCESSFUL
        }),
    )
    .register();
    assert_eq!(rules(&world), [Rule::FailedAfterAttach]);
    assert_eq!(client.calls(), [Call::Attach]);
    assert_eq!(provider.calls(), [Call::Attach, Call::Detach, Call::Cleanup], "it is not left attached");
    client.take_down();
    provider.take_down();
    world.assert_unloaded();
}

#[test]
fn a_client_that_succeeds_without_attaching() {
    let world = crate::peer::world();
    let client = Peer::client(&world, Script::default().attach(|_| Status::SUCCESS)).register();
    let provider = Peer::provider(&world, Script::default()).register();
    assert_eq!(rules(&world), [Rule::SuccessWithoutAttach]);
    assert_eq!(world.left().bindings, 0);
    assert_eq!(provider.calls(), []);
    client.take_down();
    provider.take_down();
    assert_eq!(client.calls(), [Call::Attach]);
}

#[test]
fn attaching_outside_the_callback() {
    let world = crate::peer::world();
    let handle = Arc::new(Mutex::new(None));
    let offered = Arc::clone(&handle);
    let client = Peer::client(
        &world,
        Script::default().attach(move |offer| {
            *offered.lock().unwrap() = Some(offer.handle);
            Status::NOINTERFACE
        }),
    )
    .register();
    let provider = Peer::provider(&world, Script::default()).register();
    let late = handle.lock().unwrap().expect("offered");
    assert_eq!(client_attach(&world, late, std::ptr::null_mut()), Status::INVALID_PARAMETER);
    assert_eq!(rules(&world), [Rule::AttachOutsideCallback]);
    assert_eq!(provider.calls(), []);
    client.take_down();
    provider.take_down();
}

#[test]
fn attaching_on_another_thread() {
    let world = crate::peer::world();
    let client = Peer::client(
        &world,
        Script::default().attach(|offer| {
            let (world, handle) = (&offer.peer.world, offer.handle);
            std::thread::scope(|scope| {
                let there = scope.spawn(move || client_attach(world, handle, std::ptr::null_mut()));
                assert_eq!(there.join().unwrap(), Status::INVALID_PARAMETER);
            });
            offer.accept()
        }),
    )
    .register();
    let provider = Peer::provider(&world, Script::default()).register();
    assert_eq!(rules(&world), [Rule::AttachOutsideCallback]);
    client.take_down();
    provider.take_down();
}

#[test]
fn attaching_twice() {
    let world = crate::peer::world();
    let client = Peer::client(
        &world,
        Script::default().attach(|offer| {
            let status = offer.accept();
            let again = client_attach(&offer.peer.world, offer.handle, std::ptr::null_mut());
            assert_eq!(again, Status::INVALID_PARAMETER);
            status
        }),
    )
    .register();
    let provider = Peer::provider(&world, Script::default()).register();
    assert_eq!(rules(&world), [Rule::AttachedTwice]);
    assert_eq!(provider.count(Call::Attach), 1);
    client.take_down();
    provider.take_down();
}

#[test]
fn a_world_may_panic_instead() {
    let world = World::builder().on_violation(OnViolation::Panic).build();
    let client = Peer::client(&world, Script::default()).register();
    let waiting = std::panic::AssertUnwindSafe(|| client.wait());
    let panic = std::panic::catch_unwind(waiting).expect_err("a panic");
    let message = panic.downcast::<String>().expect("a message");
    assert!(message.contains("wait-before-deregister"), "{message}");
    assert!(message.contains("nf-netioddk-nmrwaitforclientderegistercomplete"), "{message}");
    client.take_down();
}
