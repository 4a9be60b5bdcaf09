//! Attach callbacks that roll back wrongly, take anybody, call too early or decide too late.

use crate::drivers::{
    Consumer, Exclusive, Faithful, Subject, Supplier, assert_gone, count, load, load_after,
};
use crate::events::{acceptances, refusals};
use crate::seeds::{Seed, each_seed, until};
use crate::toy::{Call, Fault, Script, Toy};
use nmr::{Guid, ModuleId, Refusal, Status};
use nmr_sim::{Side, World};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

fn refusing() -> Script {
    Script::default().attach(|_| Status::NOINTERFACE)
}

/// NmrClientAttachProvider fails, and the context is left to a cleanup that does not come; or freed, and kept in the list
/// that unload walks.
#[test]
fn wrong_rollback_in_c() {
    let world = World::new();
    let provider = Toy::registered(&world, Side::Provider, refusing());
    let leaky = Script::default().attach(|offer| offer.exchange(offer.context(), offer.table()));
    let client = Toy::registered(&world, Side::Client, leaky);
    client.take_down();
    assert_eq!((client.count(Call::Cleanup), client.contexts()[0].is_freed()), (0, false), "leaked");
    let client = Toy::registered(&world, Side::Client, Script::default());
    client.contexts().iter().for_each(|context| context.touch());
    assert_eq!(client.faults(), [Fault::UseAfterFree], "the list still has it");
    client.take_down();
    provider.take_down();
}

fn a_refusal_takes_everything_back<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    // More often than there are slots.
    for _ in 0..10 {
        match (S::SIDE, seed.coin()) {
            (Side::Client, true) => Toy::registered(&world, Side::Provider, refusing()).take_down(),
            _ => {
                let peer = Toy::new(&world, S::SIDE.peer(), Script::default());
                // NmrClientAttachProvider itself fails: the provider is not even asked.
                world.fail_nth(2);
                assert_eq!(peer.register(), Status::SUCCESS);
                peer.take_down();
            }
        }
        assert_eq!((driver.bindings(), driver.call_all()), (0, 0));
    }
    world.fail_nth(0);
    assert_eq!((acceptances(&world).len(), refusals(&world).len()), (0, 10));
    let peers = [(); 6].map(|()| Toy::registered(&world, S::SIDE.peer(), Script::default()));
    assert_eq!(driver.call_all(), 6, "every slot is there");
    peers.into_iter().for_each(Toy::take_down);
    drop(subject);
    assert_gone(&world, driver);
}

#[test]
fn wrong_rollback_here() {
    each_seed(16, |seed| {
        a_refusal_takes_everything_back::<Consumer>(seed);
        a_refusal_takes_everything_back::<Supplier>(seed);
    });
}

/// NMR matches by the NPI alone, so a client that does not look is attached to anybody.
#[test]
fn accepts_any_provider_in_c() {
    let world = World::new();
    let client = Toy::registered(&world, Side::Client, Script::default());
    let stranger = Toy::registered(&world, Side::Provider, Script::default().module(0xbad).number(9));
    assert_eq!(client.contexts()[0].call_peer(1), Some(10), "an answer from nobody knows whom");
    stranger.take_down();
    client.take_down();
}

fn only_the_right_one<S: Subject>(seed: &Seed) {
    const RIGHT: ModuleId = ModuleId::from_guid(Guid::from_u128(0x600d));
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    driver.probe().on_attach(|offer| {
        let right = offer.module_id() == Some(RIGHT) && offer.number() == 7;
        if right { Ok(()) } else { Err(Refusal::because("not the one")) }
    });
    let toys = [(0xbad, 7), (0x600d, 8), (0x600d, 7)].map(|(module, number)| {
        Toy::registered(&world, S::SIDE.peer(), Script::default().module(module).number(number))
    });
    assert_eq!((driver.bindings(), driver.call_all()), (1, 1));
    assert_eq!(toys.map(|toy| toy.count(Call::Served)), [0, 0, 1]);
    assert_eq!(refusals(&world), [Status::NOINTERFACE; 2]);
    toys.into_iter().for_each(Toy::take_down);
    drop(subject);
    assert_gone(&world, driver);
}

#[test]
fn accepts_any_provider_here() {
    each_seed(8, |seed| {
        only_the_right_one::<Consumer>(seed);
        only_the_right_one::<Supplier>(seed);
    });
}

/// The provider tries the client out and declines it then: the client was called on a binding that never was.
#[test]
fn calls_the_client_and_rejects_it_in_c() {
    let world = World::new();
    let script = Script::default().attach(|offer| {
        let context = offer.context();
        offer.exchange(context, offer.table());
        context.call_peer(1);
        context.free();
        Status::NOINTERFACE
    });
    let provider = Toy::registered(&world, Side::Provider, script);
    let client = Toy::registered(&world, Side::Client, Script::default());
    assert_eq!((client.count(Call::Served), acceptances(&world).len()), (1, 0));
    client.take_down();
    provider.take_down();
}

/// No guard can be had before the binding is committed, so nobody is called who is declined in the end; and a client
/// bears a provider that does it.
#[test]
fn calls_the_client_and_rejects_it_here() {
    each_seed(16, |seed| {
        let world = seed.world();
        let supplier = load_after::<Supplier>(&world, |driver| {
            driver.state.on_attach(|_| {
                assert_eq!(driver.call_all(), 0);
                Err(Refusal::because("no"))
            });
        });
        let client = Toy::registered(&world, Side::Client, Script::default());
        assert_eq!(client.count(Call::Served), 0);
        client.take_down();
        let driver = supplier.driver();
        drop(supplier);
        assert_gone(&world, driver);

        let consumer = load::<Consumer>(&world);
        let driver = consumer.driver();
        let script = Script::default().attach(|offer| {
            let context = offer.context();
            offer.exchange(context, offer.table());
            assert_eq!(context.call_peer(5), Some(5));
            context.free();
            Status::NOINTERFACE
        });
        let provider = Toy::registered(&world, Side::Provider, script);
        assert_eq!((count(&driver.state.served), count(&driver.state.dropped), driver.bindings()), (1, 1, 0));
        provider.take_down();
        drop(consumer);
        assert_gone(&world, driver);
    });
}

/// A5: the flag is tested, the peer called, the flag set. Two peers that come at once both find it clear.
#[test]
fn check_call_out_set_in_c() {
    let world = World::new();
    let (taken, inside) = (AtomicBool::new(false), Arc::new(AtomicUsize::new(0)));
    let script = Script::default().attach(move |offer| {
        if taken.load(Ordering::SeqCst) {
            return Status::NOINTERFACE;
        }
        let status = offer.accept();
        taken.store(true, Ordering::SeqCst);
        status
    });
    let client = Toy::registered(&world, Side::Client, script);
    let both = move || {
        let inside = Arc::clone(&inside);
        Script::default().attach(move |offer| {
            inside.fetch_add(1, Ordering::SeqCst);
            until("the other one", || count(&inside) == 2);
            offer.accept()
        })
    };
    let providers = [(); 2].map(|()| Toy::new(&world, Side::Provider, both()));
    thread::scope(|scope| {
        for provider in providers {
            scope.spawn(move || assert_eq!(provider.register(), Status::SUCCESS));
        }
    });
    assert_eq!(acceptances(&world).len(), 2, "at most one was meant");
    let third = Toy::registered(&world, Side::Provider, Script::default());
    assert_eq!(refusals(&world), [Status::NOINTERFACE], "one that comes later does find the flag set");
    third.take_down();
    providers.into_iter().for_each(Toy::take_down);
    client.take_down();
}

/// The seat is reserved before the peer is called: the second one is refused while the first is still being asked.
fn the_seat_is_reserved_first<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let second = Toy::new(&world, S::SIDE.peer(), Script::default().number(2));
    let script = Script::default().number(1).attach(|offer| {
        if offer.toy.side == Side::Client {
            let status = offer.accept();
            assert_eq!(second.register(), Status::SUCCESS);
            return status;
        }
        // Inside the driver's own NmrClientAttachProvider.
        assert_eq!(second.register(), Status::SUCCESS);
        offer.accept()
    });
    let first = Toy::registered(&world, S::SIDE.peer(), script);
    assert_eq!((second.contexts().iter().filter(|one| !one.is_freed()).count(), driver.call_all()), (0, 1));
    assert_eq!(refusals(&world), [Status::INSUFFICIENT_RESOURCES]);
    first.take_down();
    second.take_down();
    drop(subject);
    assert_gone(&world, driver);
}

#[test]
fn check_call_out_set_here() {
    each_seed(16, |seed| {
        the_seat_is_reserved_first::<Faithful>(seed);
        the_seat_is_reserved_first::<Exclusive>(seed);
    });
}
