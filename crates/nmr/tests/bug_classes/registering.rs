//! Registrations that come too early, go too late, or are left behind.

use crate::bent::{Bend, Bent};
use crate::drivers::{
    Consumer, Prepared, Proxy, Subject, Supplier, Twins, adder::Provider as _, assert_gone, count, load,
    load_after,
};
use crate::events::{rules, waits};
use crate::seeds::{Seed, each_seed, until};
use crate::toy::{Call, Context, Fault, Script, Toy};
use nmr::host::{Host, Loaded};
use nmr::{Error, Guid, ModuleId, Status};
use nmr_sim::{Rule, Side, World};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// A load that fails half way deregisters everything it has a handle variable for.
#[test]
fn null_handle_deregistered_in_c() {
    let world = World::new();
    let toys = [Side::Client, Side::Provider].map(|side| Toy::new(&world, side, Script::default()));
    world.fail_nth(2);
    assert_eq!(toys.map(Toy::register), [Status::SUCCESS, Status::INSUFFICIENT_RESOURCES]);
    for toy in toys {
        toy.deregister();
    }
    assert_eq!(rules(&world), [Rule::UnknownHandle], "NETIO.SYS follows it and stops the machine");
    assert_eq!(toys[0].wait(), Status::SUCCESS);
}

/// Each call that may fail fails in turn, with a peer attached to what was registered before.
#[test]
fn null_handle_deregistered_here() {
    let load = |world: &World| Loaded::<Twins>::new(Host::new(Bent::over(world)));
    for nth in 1..=4 {
        let world = World::new();
        let supplier = crate::drivers::load::<Supplier>(&world);
        let before = world.left();
        world.fail_nth(nth);
        // Two registrations, each with an attach inside; an attach that fails is no failure of the load.
        match load(&world) {
            Ok(twins) => {
                assert!(nth % 2 == 0, "call {nth}");
                assert_eq!(twins.driver().bindings() + twins.driver().second.bindings(), 1);
            }
            Err(error) => assert_eq!(error, Error::INSUFFICIENT_RESOURCES),
        }
        assert_eq!(world.left(), before, "{}", world.story());
        let driver = supplier.driver();
        drop(supplier);
        assert_gone(&world, driver);
    }
}

/// The object is made complete when it has been registered.
#[test]
fn registered_before_the_object_is_complete_in_c() {
    let world = World::new();
    let complete = Arc::new(AtomicBool::new(false));
    let is_complete = Arc::clone(&complete);
    let script = Script::default().attach(move |offer| {
        if !is_complete.load(Ordering::SeqCst) {
            offer.toy.note(Fault::NotReady);
        }
        offer.accept()
    });
    let provider = Toy::registered(&world, Side::Provider, Script::default());
    let client = Toy::registered(&world, Side::Client, script);
    complete.store(true, Ordering::SeqCst);
    assert_eq!(client.faults(), [Fault::NotReady]);
    client.take_down();
    provider.take_down();
}

/// `start` comes before the first offer, and a value is in place before the peer hears of it.
#[test]
fn registered_before_the_object_is_complete_here() {
    each_seed(8, |seed| {
        let world = seed.world();
        let script = Script::default().attach(|offer| {
            let status = offer.accept();
            let context = offer.toy.contexts()[0];
            assert_eq!(context.call_peer(7), Some(7), "the peer calls before the attach has returned");
            status
        });
        let provider = Toy::registered(&world, Side::Provider, script);
        let offers = Arc::new(AtomicUsize::new(0));
        let prepared = load_after::<Prepared>(&world, |driver| {
            let offers = Arc::clone(&offers);
            driver.state.on_attach(move |_| {
                assert!(driver.state.ready.load(Ordering::SeqCst));
                offers.fetch_add(1, Ordering::SeqCst);
                Ok(())
            });
        });
        let driver = prepared.driver();
        assert_eq!((count(&offers), count(&driver.state.served)), (1, 1));
        drop(prepared);
        provider.take_down();
        assert_gone(&world, driver);
    });
}

/// What the provider's functions use is freed first, and the provider deregistered then.
#[test]
fn resources_freed_before_their_provider_in_c() {
    let world = World::new();
    let map = Arc::new(AtomicBool::new(true));
    let used = Arc::clone(&map);
    let script = Script::default().serve(move |context, _| {
        if !used.load(Ordering::SeqCst) {
            context.toy.note(Fault::UseAfterFree);
        }
        Status::SUCCESS
    });
    let provider = Toy::registered(&world, Side::Provider, script);
    let client = Toy::registered(&world, Side::Client, Script::default());
    map.store(false, Ordering::SeqCst);
    client.contexts()[0].call_peer(1);
    assert_eq!(provider.faults(), [Fault::UseAfterFree]);
    provider.take_down();
    client.take_down();
}

/// The service `needs` the providers behind it: as long as a client may call, they are attached and open.
#[test]
fn resources_freed_before_their_provider_here() {
    each_seed(16, |seed| {
        let world = seed.world();
        let behind = Toy::registered(&world, Side::Provider, Script::default().number(3));
        let proxy = load::<Proxy>(&world);
        let driver = proxy.driver();
        let served = Arc::new(AtomicUsize::new(0));
        let through = Arc::clone(&served);
        driver.state.on_served(move || {
            let behind = driver.adder.oldest_peer().expect("open for as long as the service is");
            assert_eq!(behind.add(1, 1), Ok(5));
            through.fetch_add(1, Ordering::SeqCst);
        });
        let script = Script::default().detach(|_| Status::PENDING);
        // The toy attaches to the provider behind as well; the first binding is that of the service or not.
        let client = Toy::registered(&world, Side::Client, script);
        let call_all = || client.contexts().iter().filter(|context| context.call_peer(1).is_some()).count();
        assert_eq!((call_all(), count(&served)), (2, 1));
        thread::scope(|scope| {
            let unloading = scope.spawn(move || drop(proxy));
            until("the client's detach", || client.count(Call::Detach) == 1);
            seed.dawdle();
            assert_eq!((call_all(), count(&served)), (2, 2), "calls that were in flight");
            let detached = client.contexts().into_iter().filter(|context| context.was_detached());
            detached.for_each(Context::complete);
            unloading.join().expect("no panic");
        });
        assert_eq!(client.deregister(), Status::PENDING);
        client.contexts().iter().filter(|context| !context.is_freed()).for_each(|context| context.complete());
        assert_eq!(client.wait(), Status::SUCCESS);
        behind.take_down();
        assert_gone(&world, driver);
    });
}

fn module(id: u128) -> ModuleId {
    ModuleId::from_guid(Guid::from_u128(id))
}

/// The deregistration's status is tested with NT_SUCCESS, which holds for PENDING, and nobody waits.
#[test]
fn deregistered_and_not_waited_for_in_c() {
    let world = World::new();
    let client = Toy::registered(&world, Side::Client, Script::default().module(0xbad));
    Toy::registered(&world, Side::Provider, Script::default().detach(|_| Status::PENDING));
    assert!(client.deregister().is_success());
    assert_eq!(world.module_unloaded(&module(0xbad)), 1);
    assert_eq!(rules(&world), [Rule::LeftBehind], "its callbacks are gone and NMR has the binding");
}

/// PENDING is waited for; anything else is asserted to be SUCCESS, which a release build does not look at.
#[test]
fn any_other_status_taken_for_success_in_c() {
    let world = World::new();
    let client = Toy::registered(&world, Side::Client, Script::default().module(0xbad));
    // The handle variable was overwritten.
    let other = Toy::new(&world, Side::Client, Script::default());
    match other.deregister() {
        Status::PENDING => panic!("{:?}", other.wait()),
        status => assert_ne!(status, Status::SUCCESS, "the assertion that a release build leaves out"),
    }
    assert_eq!(world.module_unloaded(&module(0xbad)), 1);
    assert_eq!(rules(&world), [Rule::UnknownHandle, Rule::LeftBehind]);
    client.take_down();
}

/// When Unload returns, NMR knows nothing of the driver, whatever its peers do.
fn nothing_is_left_behind<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let script = Script::default().detach(|context| {
        thread::spawn(|| context.complete());
        Status::PENDING
    });
    let peers = [
        Toy::registered(&world, S::SIDE.peer(), script),
        Toy::new(&world, S::SIDE.peer(), Script::default()),
    ];
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(peers[1].register(), Status::SUCCESS));
        seed.dawdle();
        drop(subject);
        assert_eq!(world.module_unloaded(S::MODULE_ID), 0);
    });
    peers.into_iter().for_each(Toy::take_down);
    assert_gone(&world, driver);
}

#[test]
fn deregistered_and_not_waited_for_here() {
    each_seed(60, |seed| {
        nothing_is_left_behind::<Consumer>(seed);
        nothing_is_left_behind::<Supplier>(seed);
    });
}

fn another_answer_stops_the_machine<S: Subject>() {
    let world = World::new();
    let subject = load::<S>(&world);
    subject.driver().system().registrar().bend(Bend::DeregisterFails(Status::INVALID_PARAMETER));
    assert!(thread::spawn(move || drop(subject)).join().is_err(), "Unload does not return");
    assert_eq!(waits(&world, S::SIDE), 0, "and waits for nothing");
}

#[test]
fn any_other_status_taken_for_success_here() {
    another_answer_stops_the_machine::<Consumer>();
    another_answer_stops_the_machine::<Supplier>();
}
