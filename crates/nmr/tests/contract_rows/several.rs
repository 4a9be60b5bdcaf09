//! Rows 5 to 8: modules that meet themselves, meet several others, or register twice; attach callbacks side by side.

use crate::drivers::{
    Consumer, Exclusive, Faithful, Hermit, Recluse, Sociable, Subject, Supplier, Twins, adder::Client as _,
    assert_gone, count, load, load_after,
};
use crate::events::{acceptances, refusals};
use crate::seeds::{Seed, each_seed, until};
use crate::toy::{Script, Toy};
use nmr::host::Loaded;
use nmr::{Driver, Status};
use nmr_sim::Side;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ScopedJoinHandle};

/// A client and a provider in one driver, registered in either order, on one thread.
fn attached_to_itself<S: Subject>(seed: &Seed, service: impl Fn(&'static S) -> usize) {
    let world = seed.world();
    let threads = Arc::new(Mutex::new(Vec::new()));
    let loaded = load_after::<S>(&world, |driver| {
        let threads = Arc::clone(&threads);
        driver.probe().on_attach(move |_| {
            threads.lock().expect("no panic").push(thread::current().id());
            Ok(())
        });
    });
    let driver = loaded.driver();
    assert_eq!(*threads.lock().expect("no panic"), [thread::current().id(); 2], "both sides, on one thread");
    assert_eq!((driver.bindings(), driver.call_all()), (1, 1));
    assert_eq!(service(driver), 1, "and the provider calls its client");
    drop(loaded);
    assert_gone(&world, driver);
}

#[test]
fn row_05_client_and_provider_in_one_driver() {
    each_seed(16, |seed| {
        attached_to_itself::<Hermit>(seed, |driver| {
            driver.service.peers().map(|guard| assert_eq!(guard.told(7), 7)).count()
        });
        attached_to_itself::<Recluse>(seed, |driver| {
            driver.service.peers().map(|guard| assert_eq!(guard.told(7), 7)).count()
        });
        let world = seed.world();
        let loaded = load::<Sociable>(&world);
        let driver = loaded.driver();
        assert_eq!((driver.bindings(), refusals(&world)), (0, vec![Status::NOINTERFACE]), "not by default");
        drop(loaded);
        assert_gone(&world, driver);
    });
}

/// All meet, each answer comes from the peer that was asked, and they go in any order.
fn all_meet(seed: &Seed) {
    let world = seed.world();
    let toys: Vec<_> = (1..=4)
        .map(|number| {
            let side = if number % 2 == 0 { Side::Client } else { Side::Provider };
            Toy::new(&world, side, Script::default().number(number))
        })
        .collect();
    let parts: Vec<_> = (0..4).map(|_| seed.part()).collect();
    let (consumers, suppliers) = thread::scope(|scope| {
        let spawned = (
            [0, 1].map(|n| (scope.spawn(|| load::<Consumer>(&world)), parts[n].dawdle()).0),
            [2, 3].map(|n| (scope.spawn(|| load::<Supplier>(&world)), parts[n].dawdle()).0),
        );
        for toy in &toys {
            seed.dawdle();
            assert_eq!(toy.register(), Status::SUCCESS);
        }
        (spawned.0.map(ScopedJoinHandle::join), spawned.1.map(ScopedJoinHandle::join))
    });
    let (consumers, suppliers) = (
        consumers.map(|loaded| loaded.expect("no panic")),
        suppliers.map(|loaded| loaded.expect("no panic")),
    );
    for consumer in &consumers {
        assert_eq!((consumer.driver().bindings(), consumer.driver().call_all()), (4, 4));
    }
    for supplier in &suppliers {
        assert_eq!((supplier.driver().bindings(), supplier.driver().call_all()), (4, 4));
    }
    let drivers = (consumers.each_ref().map(Loaded::driver), suppliers.each_ref().map(Loaded::driver));
    thread::scope(|scope| {
        consumers.into_iter().for_each(|one| drop(scope.spawn(|| drop(one))));
        suppliers.into_iter().for_each(|one| drop(scope.spawn(|| drop(one))));
        for toy in toys {
            scope.spawn(|| toy.take_down());
        }
    });
    drivers.0.into_iter().for_each(|driver| assert_gone(&world, driver));
    drivers.1.into_iter().for_each(|driver| assert_gone(&world, driver));
}

/// `policy: one` takes one of the peers, and the next one when that has gone.
fn at_most_one<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let loaded = load::<S>(&world);
    let driver = loaded.driver();
    for _ in 0..2 {
        let peers = [(); 3].map(|()| Toy::registered(&world, S::SIDE.peer(), Script::default()));
        assert_eq!((driver.bindings(), driver.call_all()), (1, 1));
        peers.into_iter().for_each(Toy::take_down);
    }
    assert_eq!(refusals(&world), [Status::INSUFFICIENT_RESOURCES; 4]);
    drop(loaded);
    assert_gone(&world, driver);
}

#[test]
fn row_06_several_clients_of_a_provider_and_several_providers_of_a_client() {
    each_seed(24, |seed| {
        all_meet(seed);
        at_most_one::<Faithful>(seed);
        at_most_one::<Exclusive>(seed);
    });
}

#[test]
fn row_07_a_module_that_is_client_of_one_npi_twice() {
    each_seed(16, |seed| {
        let world = seed.world();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let seeing = Arc::clone(&seen);
        let script = Script::default().attach(move |offer| {
            seeing.lock().expect("no panic").push(offer.module());
            offer.accept()
        });
        let provider = Toy::registered(&world, Side::Provider, script);
        let supplier = load::<Supplier>(&world);
        let twins = load::<Twins>(&world);
        let driver = twins.driver();
        assert_eq!((driver.adder.bindings(), driver.second.bindings()), (2, 2));
        assert_eq!(supplier.driver().call_all(), 2, "two bindings with one module");
        assert_eq!(*seen.lock().expect("no panic"), [Twins::MODULE_ID.guid(); 2]);
        provider.take_down();
        assert_eq!((driver.adder.bindings(), driver.second.bindings()), (1, 1));
        let serving = supplier.driver();
        drop(twins);
        assert_eq!(serving.bindings(), 0);
        // And the driver as provider of a module that registers twice.
        let twice = [(); 2].map(|()| Toy::registered(&world, Side::Client, Script::default()));
        assert_eq!(serving.call_all(), 2);
        twice[0].take_down();
        assert_eq!(serving.call_all(), 1);
        twice[1].take_down();
        drop(supplier);
        assert_gone(&world, driver);
        assert_gone(&world, serving);
    });
}

/// Two peers register on two threads; both are inside the driver's decision at once.
fn decisions_side_by_side<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let inside = Arc::new(AtomicUsize::new(0));
    driver.probe().on_attach(move |_| {
        inside.fetch_add(1, Ordering::SeqCst);
        until("the other decision", || count(&inside) == 2);
        Ok(())
    });
    let peers = [(); 2].map(|()| Toy::new(&world, S::SIDE.peer(), Script::default()));
    thread::scope(|scope| {
        for peer in peers {
            scope.spawn(move || assert_eq!(peer.register(), Status::SUCCESS));
        }
    });
    assert_eq!(driver.call_all(), 2);
    peers.into_iter().for_each(Toy::take_down);
    drop(subject);
    assert_gone(&world, driver);
}

/// Four peers come for one seat at once.
fn race_for_one_seat<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let peers = [(); 4].map(|()| (Toy::new(&world, S::SIDE.peer(), Script::default()), seed.part()));
    thread::scope(|scope| {
        for (peer, part) in &peers {
            scope.spawn(|| {
                part.dawdle();
                assert_eq!(peer.register(), Status::SUCCESS);
            });
        }
    });
    assert_eq!((driver.bindings(), driver.call_all()), (1, 1));
    assert_eq!((acceptances(&world).len(), refusals(&world).len()), (1, 3));
    peers.iter().for_each(|(peer, _)| peer.take_down());
    drop(subject);
    assert_gone(&world, driver);
}

#[test]
fn row_08_attach_callbacks_are_not_serialised() {
    each_seed(24, |seed| {
        decisions_side_by_side::<Consumer>(seed);
        decisions_side_by_side::<Supplier>(seed);
        race_for_one_seat::<Faithful>(seed);
        race_for_one_seat::<Exclusive>(seed);
    });
}
