//! Failures on demand: every call that may fail, each in turn; peers that are stalled or never complete; callbacks at
//! DISPATCH_LEVEL.

use crate::bare::{Bare, free, place};
use crate::peer::{Call, Peer, Script};
use nmr_abi::Status;
use nmr_sim::{Irql, Rule, Side, World, each_failure, is_at_dispatch};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Brings a pair up and down; says which of the two registrations succeeded.
fn live(world: &World) -> [bool; 2] {
    let client = Peer::client(world, Script::default());
    let provider = Peer::provider(world, Script::default());
    let came = [&client, &provider].map(|peer| match peer.try_register() {
        Status::SUCCESS => true,
        status => {
            assert_eq!(status, Status::INSUFFICIENT_RESOURCES);
            false
        }
    });
    for (peer, came) in [&client, &provider].into_iter().zip(came) {
        if came {
            peer.take_down();
        }
    }
    assert_eq!(client.count(Call::Detach), client.count(Call::Cleanup));
    came
}

#[test]
fn every_call_that_may_fail_fails_in_turn() {
    let world = crate::peer::world();
    world.fail_nth(0);
    assert_eq!(live(&world), [true, true]);
    assert_eq!(world.fallible_calls(), 3, "two registrations and one attach");
    let mut outcomes = Vec::new();
    for nth in 1..=3 {
        world.fail_nth(nth);
        outcomes.push(live(&world));
        world.assert_clean();
        world.assert_unloaded();
    }
    assert_eq!(outcomes, [[false, true], [true, false], [true, true]]);
    assert!(world.story().contains("register-failed side=client status=STATUS_INSUFFICIENT_RESOURCES"));
    assert!(world.story().contains("refused"), "the third failure is the attach");
}

#[test]
fn a_failure_on_demand_is_an_answer_like_another() {
    let world = crate::peer::world();
    let provider = Peer::provider(&world, Script::default()).register();
    let client = Peer::client(
        &world,
        Script::default().attach(|offer| {
            assert_eq!(offer.accept(), Status::INSUFFICIENT_RESOURCES);
            Status::NOINTERFACE
        }),
    );
    world.fail_nth(2);
    client.register();
    assert_eq!(provider.count(Call::Attach), 0, "the provider is not asked");
    assert_eq!(world.violations()[0].rule, Rule::AttachAnswerChanged);
    client.take_down();
    provider.take_down();
}

#[test]
fn every_call_fails_in_turn_those_of_the_module_too() {
    /// A module that allocates its binding context before it attaches, and gives everything back; if it is `careless`, not
    /// what it has when an attach fails.
    fn life(world: &World, careless: bool) {
        let client = Peer::client(
            world,
            Script::default().attach(move |offer| {
                let world = &offer.peer.world;
                let scratch = world.allocate(16);
                if scratch.is_null() {
                    return Status::INSUFFICIENT_RESOURCES;
                }
                let status = offer.accept();
                if status.is_success() || !careless {
                    free(world, scratch);
                }
                status
            }),
        );
        let provider = Peer::provider(world, Script::default());
        let came = [&client, &provider].map(|peer| peer.try_register().is_success());
        for (peer, came) in [&client, &provider].into_iter().zip(came) {
            if came {
                peer.take_down();
            }
        }
        world.assert_unloaded();
    }
    assert_eq!(
        each_failure(crate::peer::world, |world| life(world, false)),
        4,
        "two registrations, memory, attach"
    );
    let careless = catch_unwind(|| each_failure(crate::peer::world, |world| life(world, true)));
    let text = careless.expect_err("it leaks").downcast::<String>().expect("a text");
    assert!(text.starts_with("0 bindings and 1 allocations are left"), "{text}");
}

#[test]
fn a_stalled_peer_completes_when_it_is_let() {
    for side in [Side::Client, Side::Provider] {
        let world = crate::peer::world();
        let eager = || {
            Script::default().detach(|bound| {
                bound.complete();
                Status::PENDING
            })
        };
        let client = Peer::client(&world, eager()).register();
        let provider = Peer::provider(&world, eager()).register();
        world.hold_completions(side);
        assert_eq!(client.deregister(), Status::PENDING);
        assert_eq!([client.count(Call::Cleanup), provider.count(Call::Cleanup)], [0, 0]);
        assert_eq!(world.release_completions(side.peer()), 0, "the other side is not held");
        assert_eq!(world.release_completions(side), 1);
        assert_eq!([client.count(Call::Cleanup), provider.count(Call::Cleanup)], [1, 1]);
        assert_eq!(client.wait(), Status::SUCCESS);
        provider.take_down();
        world.assert_clean();
        world.assert_unloaded();
    }
}

#[test]
fn a_peer_that_never_completes_is_listed_by_the_wait() {
    let world = World::builder().wait_limit(Duration::from_millis(30)).diagram_on_panic(false).build();
    let pends = Script::default().detach(|bound| {
        bound.complete();
        Status::PENDING
    });
    let provider = Peer::provider(&world, pends).register();
    let clients: Vec<_> = (0..2).map(|_| Peer::client(&world, Script::default()).register()).collect();
    world.hold_completions(Side::Provider);
    assert_eq!(provider.deregister(), Status::PENDING);
    let waits = catch_unwind(AssertUnwindSafe(|| provider.wait()));
    let text = waits.expect_err("it does not return").downcast::<String>().expect("a text");
    for binding in ["binding 1: client 2", "binding 2: client 3"] {
        assert!(text.contains(binding), "{text}");
    }
    assert_eq!(text.matches("answered STATUS_PENDING and has not completed").count(), 2, "{text}");
    assert_eq!(world.release_completions(Side::Provider), 2);
    clients.iter().for_each(|client| client.take_down());
}

#[test]
fn detach_and_cleanup_callbacks_run_at_the_level_that_is_set() {
    for (set, expected) in [(Irql::Passive, false), (Irql::Dispatch, true), (Irql::Device, true)] {
        let world = World::builder().detach_irql(set).build();
        let script = || {
            Script::default()
                .attach(|offer| {
                    assert!(!is_at_dispatch());
                    offer.accept()
                })
                .detach(move |_| {
                    assert!(is_at_dispatch() == expected && Irql::current() <= Irql::Dispatch);
                    Status::SUCCESS
                })
                .cleanup(move |_| assert_eq!(is_at_dispatch(), expected))
        };
        let client = Peer::client(&world, script()).register();
        let provider = Peer::provider(&world, script()).register();
        client.take_down();
        provider.take_down();
        world.assert_clean();
    }
}

#[test]
fn what_a_detach_callback_cannot_do_at_dispatch_is_found_at_the_desk() {
    let world = World::builder().detach_irql(Irql::Dispatch).build();
    let (other, context) =
        (Peer::new(&world, Side::Client, 2, 3, Script::default()), place(&world, [0_usize; 2]));
    let bare = Bare::new(&world, Side::Client);
    bare.context.store(context.cast(), Relaxed);
    let registers = Script::default().detach(move |_| {
        other.register();
        Status::SUCCESS
    });
    let provider = Peer::provider(&world, registers).register();
    bare.register();
    bare.take_down();
    assert_eq!(world.violations()[0].rule, Rule::IrqlTooHigh);
    provider.take_down();
    free(&world, context);
    bare.free();
}
