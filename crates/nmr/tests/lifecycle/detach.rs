//! Detaches with calls in flight, from either side.

use crate::drivers::{Caller, Server, adder::Provider as _, count};
use crate::raw_provider::{Behaviour, RawProvider, table};
use nmr::Status;
use nmr_sim::{Side, What, World};

/// What the side `of` answered its detaches, in order.
fn answers(world: &World, of: Side) -> Vec<Status> {
    let events = world.events().into_iter();
    let answered = events.filter_map(|event| match event.what {
        What::DetachReturned { side, status, .. } if side == of => Some(status),
        _ => None,
    });
    answered.collect()
}

fn completions(world: &World) -> usize {
    world.events().iter().filter(|event| matches!(event.what, What::Completed { .. })).count()
}

#[test]
fn an_idle_binding_detaches_at_once() {
    let world = World::new();
    let caller = Caller::load(&world).expect("nothing fails");
    drop(Server::load(&world).expect("nothing fails"));
    assert!(answers(&world, Side::Client).iter().all(|status| *status == Status::SUCCESS));
    assert_eq!(completions(&world), 0);
    drop(caller);
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn a_guard_holds_the_peer_and_its_drop_completes() {
    let world = World::new();
    let caller = Caller::load(&world).expect("nothing fails");
    let server = Server::load(&world).expect("nothing fails");
    let state = &caller.driver().state;
    let adder = caller.driver().adder.oldest_peer().expect("attached");
    std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(server));
        while !adder.is_closing() {
            std::thread::yield_now();
        }
        while count(&state.closing) == 0 {
            std::thread::yield_now();
        }
        assert_eq!(adder.add(1, 1), Ok(2), "the provider's functions work until the last guard is gone");
        assert!(caller.driver().adder.oldest_peer().is_none(), "closed for new calls");
        assert_eq!(count(&state.dropped), 0);
        assert!(!unloading.is_finished());
        drop(adder);
        unloading.join().expect("no panic");
    });
    assert_eq!((count(&state.closing), count(&state.dropped)), (1, 1));
    assert!(answers(&world, Side::Client).contains(&Status::PENDING));
    assert_eq!(completions(&world), 1);
    drop(caller);
    world.assert_clean();
    world.assert_unloaded();
}

/// Unload closes every binding before it deregisters: a guard that is dropped in between drains the binding, and the
/// detach answers SUCCESS though a call was in flight when unload began.
#[test]
fn preclose_drained_then_detach_answers_success() {
    let world = World::new();
    let caller = Caller::load(&world).expect("nothing fails");
    let (behaviour, pending) = Behaviour::pending();
    let provider = RawProvider::register(&world, Behaviour { table: Some(table(3, 16)), ..behaviour });
    let driver = caller.driver();
    let adder = driver.adder.oldest_peer().expect("attached");
    std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(caller));
        while !adder.is_closing() {
            std::thread::yield_now();
        }
        drop(adder);
        for _ in 0..2 {
            provider.complete(pending.recv().expect("a pending detach for each client"));
        }
        unloading.join().expect("no panic");
    });
    assert_eq!(count(&driver.state.closing), 1);
    provider.deregister();
    provider.wait();
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn a_peer_that_never_completes_holds_unload_and_nothing_else() {
    let world = World::new();
    let caller = Caller::load(&world).expect("nothing fails");
    let (behaviour, pending) = Behaviour::pending();
    let provider = RawProvider::register(&world, Behaviour { table: Some(table(3, 16)), ..behaviour });
    let server = Server::load(&world).expect("nothing fails");
    std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(caller));
        let held = [(); 2].map(|()| pending.recv().expect("a pending detach for each client"));
        // The other driver comes and goes meanwhile.
        drop(server);
        drop(Server::load(&world).expect("nothing fails"));
        assert!(!unloading.is_finished());
        for binding in held {
            provider.complete(binding);
        }
        unloading.join().expect("no panic");
    });
    provider.deregister();
    provider.wait();
    world.assert_clean();
    world.assert_unloaded();
}
