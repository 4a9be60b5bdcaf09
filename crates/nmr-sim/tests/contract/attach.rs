//! Who is offered to whom, on which thread, and what comes of it.

use crate::peer::{Call, Peer, Script};
use nmr_abi::{Guid, Status};
use nmr_sim::{Side, What};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

#[test]
fn whoever_registers_last_the_client_is_asked_first_on_that_thread() {
    for provider_last in [true, false] {
        let world = crate::peer::world();
        let order = Arc::new(Mutex::new(Vec::new()));
        let note = |side: Side| {
            let order = Arc::clone(&order);
            Script::default().attach(move |offer| {
                order.lock().unwrap().push(side);
                offer.accept()
            })
        };
        let client = Peer::client(&world, note(Side::Client));
        let provider = Peer::provider(&world, note(Side::Provider));
        let (first, last) = if provider_last { (&client, &provider) } else { (&provider, &client) };
        first.register();
        last.register();
        assert_eq!(*order.lock().unwrap(), [Side::Client, Side::Provider]);
        let here = thread::current().id();
        assert!(client.threads().iter().chain(&provider.threads()).all(|thread| *thread == here));
        client.take_down();
        provider.take_down();
        world.assert_clean();
        world.assert_unloaded();
    }
}

#[test]
fn only_the_npi_identifier_matches_modules() {
    let world = crate::peer::world();
    let client = Peer::new(&world, Side::Client, 1, 7, Script::default()).register();
    let same_module = Peer::new(&world, Side::Provider, 2, 7, Script::default()).register();
    assert_eq!(client.calls(), []);
    let same_npi = Peer::new(&world, Side::Provider, 1, 8, Script::default()).register();
    assert_eq!(client.calls(), [Call::Attach]);
    assert_eq!(same_module.calls(), []);
    for peer in [client, same_module, same_npi] {
        peer.take_down();
    }
    world.assert_unloaded();
}

#[test]
fn modules_are_shown_each_others_own_structures() {
    let world = crate::peer::world();
    let provider = Peer::provider(&world, Script::default()).register();
    let other = Arc::clone(&provider);
    let client = Peer::client(
        &world,
        Script::default().attach(move |offer| {
            assert!(other.owns(offer.instance));
            assert_eq!(offer.module(), Some(Guid::from_u128(0xd)));
            offer.accept()
        }),
    )
    .register();
    assert_eq!(provider.count(Call::Attach), 1);
    client.take_down();
    provider.take_down();
}

#[test]
fn a_refusal_is_no_failure_of_the_registration_and_nothing_follows_it() {
    for refuser in [Side::Client, Side::Provider] {
        let world = crate::peer::world();
        let refuse = || Script::default().attach(|_| Status::NOINTERFACE);
        let script = |side| if side == refuser { refuse() } else { Script::default() };
        let client = Peer::client(&world, script(Side::Client)).register();
        let provider = Peer::provider(&world, script(Side::Provider)).register();
        assert!(matches!(
            world.events().last().unwrap().what,
            What::Refused { status: Status::NOINTERFACE, .. }
        ));
        assert_eq!(world.left().bindings, 0);
        client.take_down();
        provider.take_down();
        assert_eq!(client.calls(), [Call::Attach], "neither detach nor cleanup");
        assert_eq!(provider.calls(), [Call::Attach][..usize::from(refuser == Side::Provider)]);
        world.assert_clean();
        world.assert_unloaded();
    }
}

#[test]
fn a_refused_pair_is_offered_again_only_after_a_new_registration() {
    let world = crate::peer::world();
    let client = Peer::client(&world, Script::default().attach(|_| Status::NOINTERFACE)).register();
    let provider = Peer::provider(&world, Script::default()).register();
    let another = Peer::provider(&world, Script::default()).register();
    assert_eq!(client.count(Call::Attach), 2, "once for each provider");
    provider.take_down();
    provider.register();
    assert_eq!(client.count(Call::Attach), 3);
    for peer in [client, provider, another] {
        peer.take_down();
    }
}

#[test]
fn a_failed_attach_may_be_tried_again_in_the_same_callback() {
    let world = crate::peer::world();
    let tries = Arc::new(Mutex::new(0));
    let provider = Peer::provider(
        &world,
        Script::default().attach(move |offer| {
            *tries.lock().unwrap() += 1;
            if *tries.lock().unwrap() < 3 { Status::NOINTERFACE } else { offer.accept() }
        }),
    )
    .register();
    let client = Peer::client(
        &world,
        Script::default().attach(|offer| {
            assert_eq!(offer.accept(), Status::NOINTERFACE);
            assert_eq!(offer.accept(), Status::NOINTERFACE);
            offer.accept()
        }),
    )
    .register();
    client.take_down();
    assert_eq!(provider.calls(), [Call::Attach, Call::Attach, Call::Attach, Call::Detach, Call::Cleanup]);
    provider.take_down();
    world.assert_clean();
}

#[test]
fn several_clients_and_providers_all_meet() {
    let world = crate::peer::world();
    let clients: Vec<_> = (0..3).map(|_| Peer::client(&world, Script::default()).register()).collect();
    let providers: Vec<_> = (0..4).map(|_| Peer::provider(&world, Script::default()).register()).collect();
    assert_eq!(world.left().bindings, 12);
    assert!(clients.iter().all(|client| client.count(Call::Attach) == 4));
    clients[0].take_down();
    assert_eq!(world.left().bindings, 8);
    for peer in providers.iter().chain(&clients[1..]) {
        peer.take_down();
    }
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn one_module_may_register_twice_as_client_of_one_npi() {
    let world = crate::peer::world();
    let provider = Peer::provider(&world, Script::default()).register();
    let twins: Vec<_> =
        (0..2).map(|_| Peer::new(&world, Side::Client, 1, 0xc, Script::default()).register()).collect();
    assert_eq!(provider.count(Call::Attach), 2);
    for peer in twins.iter().chain([&provider]) {
        peer.take_down();
    }
    world.assert_clean();
}

#[test]
fn client_and_provider_of_one_driver_bind_on_one_thread() {
    let world = crate::peer::world();
    let provider = Peer::new(&world, Side::Provider, 1, 5, Script::default()).register();
    let client = Peer::new(&world, Side::Client, 1, 5, Script::default()).register();
    assert_eq!(world.left().bindings, 1);
    // Issue all, then wait for all.
    assert_eq!([client.deregister(), provider.deregister()], [Status::PENDING; 2]);
    assert_eq!([client.wait(), provider.wait()], [Status::SUCCESS; 2]);
    assert_eq!(client.calls(), [Call::Attach, Call::Detach, Call::Cleanup]);
    assert_eq!(provider.calls(), [Call::Attach, Call::Detach, Call::Cleanup]);
    world.assert_clean();
}

#[test]
fn attach_callbacks_are_not_serialised() {
    let world = crate::peer::world();
    let both = Arc::new(Barrier::new(2));
    let client = Peer::client(
        &world,
        Script::default().attach(move |offer| {
            both.wait();
            offer.accept()
        }),
    )
    .register();
    let providers: Vec<_> = (0..2).map(|_| Peer::provider(&world, Script::default())).collect();
    thread::scope(|scope| {
        for provider in &providers {
            scope.spawn(move || provider.register());
        }
    });
    client.take_down();
    assert_eq!(client.count(Call::Cleanup), 2);
    for provider in providers {
        provider.take_down();
    }
    world.assert_clean();
}

#[test]
fn a_module_may_register_and_deregister_inside_its_callbacks() {
    let world = crate::peer::world();
    let inner = Peer::new(&world, Side::Client, 2, 3, Script::default());
    let helper = Peer::new(&world, Side::Provider, 2, 4, Script::default()).register();
    let (up, down) = (Arc::clone(&inner), Arc::clone(&inner));
    let provider = Peer::provider(
        &world,
        Script::default()
            .attach(move |offer| {
                up.register();
                offer.accept()
            })
            .detach(move |_| {
                assert_eq!(down.deregister(), Status::PENDING);
                Status::SUCCESS
            }),
    )
    .register();
    let client = Peer::client(&world, Script::default()).register();
    assert_eq!(world.left().bindings, 2);
    client.take_down();
    assert_eq!(inner.wait(), Status::SUCCESS);
    provider.take_down();
    helper.take_down();
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn the_same_structures_may_be_registered_again_after_the_wait() {
    let world = crate::peer::world();
    let provider = Peer::provider(&world, Script::default()).register();
    let client = Peer::client(&world, Script::default());
    for round in 1..=3 {
        client.register();
        client.take_down();
        assert_eq!(provider.count(Call::Cleanup), round);
    }
    provider.take_down();
    world.assert_clean();
}
