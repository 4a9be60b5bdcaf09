//! Failures on demand: every call that may fail, each in turn.

use crate::peer::{Call, Peer, Script};
use nmr_abi::Status;
use nmr_sim::{Rule, World};

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
