//! Offers that are taken, declined, or come to nothing.

use crate::drivers::{
    Caller, Server, adder::Provider as _, count, greeter::Client as _, greeter::Provider as _,
};
use crate::raw_client;
use crate::raw_provider::{Behaviour, RawProvider, table, table_of};
use crate::watch::Watch;
use nmr::Status;
use nmr_sim::{Callback, Point, Side, What, World};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, LazyLock};

fn refusals(world: &World) -> Vec<Status> {
    let events = world.events().into_iter();
    let refused = events.filter_map(|event| match event.what {
        What::Refused { status, .. } => Some(status),
        _ => None,
    });
    refused.collect()
}

fn finish(world: &World) {
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn peers_call_each_other_both_ways() {
    let world = World::new();
    let server = Server::load(&world).expect("nothing fails");
    let caller = Caller::load(&world).expect("nothing fails");
    let adder = caller.driver().adder.oldest_peer().expect("attached");
    assert_eq!(adder.add(2, 3), Ok(5));
    assert_eq!(adder.add(u32::MAX, 1), Err(nmr::Error::INVALID_PARAMETER));
    assert_eq!(adder.peer_module_id(), Some(*<Server as nmr::Driver>::MODULE_ID));
    drop(adder);
    for guest in caller.driver().greeter.peers() {
        guest.greeted();
    }
    assert_eq!(count(&server.driver().state.greeted), 1);
    assert_eq!(server.driver().greeter.oldest_peer().expect("attached").greetings(), 0);
    drop((server, caller));
    finish(&world);
}

#[test]
fn self_binding_is_refused() {
    let world = World::new();
    let caller = Caller::load(&world).expect("nothing fails");
    assert_eq!(caller.driver().own_greeter.bindings(), 0);
    assert_eq!(refusals(&world), [Status::NOINTERFACE]);
    drop(caller);
    finish(&world);
}

#[test]
fn a_driver_refuses_with_its_reason_in_the_log() {
    let world = World::new();
    let caller = Caller::load(&world).expect("nothing fails");
    caller.driver().state.refuse.store(true, Ordering::SeqCst);
    let server = Server::load(&world).expect("nothing fails");
    assert_eq!(caller.driver().adder.bindings(), 0);
    let log = nmr::Driver::system(caller.driver()).log_lines();
    let line = log.iter().find(|line| line.contains("refuse adder")).expect("a line for the refusal");
    assert!(line.contains("told to") && line.contains("STATUS_NOINTERFACE"), "{line}");
    drop((server, caller));
    finish(&world);
}

#[test]
fn the_provider_s_refusal_is_passed_on_as_it_is() {
    let world = World::new();
    let caller = Caller::load(&world).expect("nothing fails");
    let odd = Status(0xC0DE_0001_u32 as i32);
    let provider = RawProvider::register(&world, Behaviour { answer: Some(odd), ..Behaviour::default() });
    // Greeter refused the driver itself before; then both clients of Adder were declined.
    assert_eq!(refusals(&world), [Status::NOINTERFACE, odd, odd]);
    let state = &caller.driver().state;
    assert_eq!((count(&state.attached), count(&state.dropped)), (1, 1), "a declined value is dropped");
    assert_eq!(count(&state.closing), 0, "a binding that never was is not closed");
    assert_eq!(caller.driver().adder.bindings(), 0);
    provider.deregister();
    provider.wait();
    drop(caller);
    finish(&world);
}

#[test]
fn policy_one_refuses_the_second_peer() {
    let world = World::new();
    let caller = Caller::load(&world).expect("nothing fails");
    let servers = [(); 2].map(|()| Server::load(&world).expect("nothing fails"));
    assert_eq!(caller.driver().only.bindings(), 1);
    assert_eq!(caller.driver().adder.bindings(), 2);
    drop((servers, caller));
    finish(&world);
}

#[test]
fn a_full_registration_refuses_and_slots_are_used_again() {
    let world = World::new();
    let caller = Caller::load(&world).expect("nothing fails");
    for _ in 0..3 {
        let servers = [(); 3].map(|()| Server::load(&world).expect("nothing fails"));
        assert_eq!(caller.driver().adder.bindings(), 2, "the capacity");
        assert!(refusals(&world).contains(&Status::INSUFFICIENT_RESOURCES));
        drop(servers);
        assert_eq!(caller.driver().adder.bindings(), 0);
    }
    let state = &caller.driver().state;
    assert_eq!(count(&state.attached), count(&state.dropped), "every value is dropped once");
    drop(caller);
    finish(&world);
}

#[test]
fn the_oldest_peer_is_used_and_the_next_takes_over() {
    let world = World::new();
    let caller = Caller::load(&world).expect("nothing fails");
    let first = Server::load(&world).expect("nothing fails");
    let second =
        RawProvider::register(&world, Behaviour { table: Some(table(3, 16)), ..Behaviour::default() });
    let oldest = || caller.driver().adder.oldest_peer().expect("attached").peer_module_id();
    assert_eq!(oldest(), Some(*<Server as nmr::Driver>::MODULE_ID));
    drop(first);
    assert_ne!(oldest(), Some(*<Server as nmr::Driver>::MODULE_ID));
    // The newcomer gets the slot that the first has left, and is the younger one all the same.
    let third = Server::load(&world).expect("nothing fails");
    assert_ne!(oldest(), Some(*<Server as nmr::Driver>::MODULE_ID));
    drop(third);
    second.deregister();
    second.wait();
    assert!(caller.driver().adder.oldest_peer().is_none());
    drop(caller);
    finish(&world);
}

/// The next provider comes while the one before is still being let go: NMR would not offer it again.
#[test]
fn one_peer_hands_over_to_the_next() {
    let world = World::new();
    let caller = Caller::load(&world).expect("nothing fails");
    let only = &caller.driver().only;
    let usable = || Behaviour { table: Some(table(3, 16)), ..Behaviour::default() };
    let first = RawProvider::register(&world, usable());
    let guard = only.oldest_peer().expect("attached");
    first.deregister();
    assert!(guard.is_closing() && only.oldest_peer().is_none());
    let second = RawProvider::register(&world, usable());
    let next = only.oldest_peer().expect("the seat is free");
    assert_ne!(next.peer_ref(), guard.peer_ref());
    assert_eq!((only.bindings(), only.refused_for_capacity()), (2, 0));
    drop((next, guard));
    first.wait();
    second.deregister();
    second.wait();
    drop(caller);
    finish(&world);
}

/// A table that cannot be used after the provider has accepted: NMR has the binding, nobody gets a guard.
#[test]
fn a_bad_table_makes_a_binding_that_is_born_closed() {
    let too_old = Some(table(2, 16));
    let too_short = Some(table(3, 8));
    let without_function = Some(table_of([3 | 16 << 16, 0]));
    for table in [None, too_old, too_short, without_function] {
        let world = World::new();
        let caller = Caller::load(&world).expect("nothing fails");
        let provider = RawProvider::register(&world, Behaviour { table, ..Behaviour::default() });
        assert_eq!(caller.driver().adder.bindings(), 1);
        assert!(caller.driver().adder.oldest_peer().is_none());
        // It does not keep the one seat from a provider that can be used.
        let server = Server::load(&world).expect("nothing fails");
        assert!(caller.driver().only.oldest_peer().is_some());
        drop(server);
        provider.deregister();
        assert_eq!(provider.ends(), (2, 2));
        provider.wait();
        assert_eq!(count(&caller.driver().state.dropped), 2);
        drop(caller);
        finish(&world);
    }
}

#[test]
fn a_longer_table_of_the_same_version_is_used() {
    let world = World::new();
    let caller = Caller::load(&world).expect("nothing fails");
    let provider =
        RawProvider::register(&world, Behaviour { table: Some(table(3, 48)), ..Behaviour::default() });
    assert_eq!(caller.driver().adder.oldest_peer().expect("attached").add(20, 22), Ok(42));
    provider.deregister();
    provider.wait();
    drop(caller);
    finish(&world);
}

/// The client unloads while its attach callback is inside the provider: the thread that attaches detaches as well.
#[test]
fn attach_in_flight_meets_closed_door() {
    let (world, watch) = Watch::world();
    let caller = Caller::load(&world).expect("nothing fails");
    let driver = caller.driver();
    static MEET: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
    let meet: &'static Barrier = &MEET;
    std::thread::scope(|scope| {
        let behaviour = Behaviour { table: Some(table(3, 16)), meet: Some(meet), ..Behaviour::default() };
        let registering = scope.spawn(|| RawProvider::register(&world, behaviour));
        meet.wait();
        let unloading = scope.spawn(|| drop(caller));
        let deregistered = |name: &str| {
            let line = format!("deregister {name}");
            nmr::Driver::system(driver).log_lines().iter().any(|logged| logged.contains(&line))
        };
        while !deregistered("adder") || !deregistered("only") {
            std::thread::yield_now();
        }
        assert!(!unloading.is_finished(), "the wait covers the attach in flight");
        static CLOSED: AtomicUsize = AtomicUsize::new(0);
        watch.at(Point::After(Callback::Attach(Side::Client)), move || {
            let nobody = driver.adder.oldest_peer().is_none() && driver.only.oldest_peer().is_none();
            CLOSED.fetch_add(usize::from(nobody), Ordering::SeqCst);
        });
        meet.wait();
        let provider = registering.join().expect("no panic");
        unloading.join().expect("no panic");
        assert_eq!(count(&CLOSED), 1, "the binding is closed before NMR asks for its detach");
        assert_eq!(provider.ends(), (1, 1));
        provider.deregister();
        provider.wait();
    });
    assert_eq!(count(&driver.state.attached), count(&driver.state.dropped));
    finish(&world);
}

/// While one registration is still being taken down, the others take nobody in any more.
#[test]
fn the_door_is_shut_before_the_first_deregistration() {
    let (world, watch) = Watch::world();
    let caller = Caller::load(&world).expect("nothing fails");
    let driver = caller.driver();
    let other = world.clone();
    watch.at(Point::BeforeDetaching(Side::Provider), {
        let mut first = true;
        move || {
            // Greeter goes first; Adder is still registered.
            if core::mem::take(&mut first) {
                let late = other.clone();
                std::thread::spawn(move || drop(Server::load(&late).expect("nothing fails")))
                    .join()
                    .expect("no panic");
            }
        }
    });
    drop(caller);
    assert_eq!(count(&driver.state.attached), 0);
    assert!(refusals(&world).contains(&Status::DEVICE_NOT_READY));
    finish(&world);
}

#[test]
fn a_provider_refuses_a_client_whose_table_it_cannot_use() {
    let world = World::new();
    let caller = Caller::load(&world).expect("nothing fails");
    let too_old = Some(table(0, 16));
    let too_short = Some(table(1, 8));
    let without_function = Some(table_of([1 | 16 << 16, 0]));
    for wrong in [None, too_old, too_short, without_function] {
        assert_eq!(raw_client::come_and_go(&world, wrong), [Status::NOINTERFACE]);
        assert_eq!(caller.driver().greeter.bindings(), 0);
    }
    assert_eq!(raw_client::come_and_go(&world, Some(table(1, 16))), [Status::SUCCESS]);
    drop(caller);
    finish(&world);
}
