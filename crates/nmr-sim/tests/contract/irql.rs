//! Functions that need a lower level than their caller has.

use crate::peer::{Call, Peer, Script};
use nmr_abi::Status;
use nmr_sim::{Raised, Rule, World, is_at_dispatch};

fn rules(world: &World) -> Vec<Rule> {
    world.violations().into_iter().map(|violation| violation.rule).collect()
}

#[test]
fn registering_and_attaching_at_dispatch_are_reported() {
    let world = crate::peer::world();
    let provider = Peer::provider(&world, Script::default());
    let client = Peer::client(&world, Script::default());
    let raised = Raised::to_dispatch();
    provider.register();
    assert_eq!(rules(&world), [Rule::IrqlTooHigh]);
    client.register();
    drop(raised);
    assert_eq!(rules(&world), [Rule::IrqlTooHigh; 3], "registering, and the attach inside");
    client.take_down();
    provider.take_down();
}

#[test]
fn a_wait_at_dispatch_is_reported_and_does_not_wait() {
    let world = crate::peer::world();
    for peer in [Peer::client(&world, Script::default()), Peer::provider(&world, Script::default())] {
        peer.register();
        let raised = Raised::to_dispatch();
        assert_eq!(peer.deregister(), Status::PENDING, "deregistering is legal there");
        assert_eq!(peer.wait(), Status::INVALID_DEVICE_STATE);
        drop(raised);
        assert_eq!(peer.wait(), Status::SUCCESS);
    }
    assert_eq!(rules(&world), [Rule::IrqlTooHigh; 2]);
    world.assert_unloaded();
}

#[test]
fn callbacks_run_at_the_level_of_whoever_deregisters() {
    let world = crate::peer::world();
    let at_dispatch = || {
        Script::default().detach(|_| if is_at_dispatch() { Status::SUCCESS } else { Status::UNSUCCESSFUL })
    };
    let client = Peer::client(&world, at_dispatch()).register();
    let provider = Peer::provider(&world, at_dispatch()).register();
    let raised = Raised::to_dispatch();
    assert_eq!(provider.deregister(), Status::PENDING);
    drop(raised);
    assert_eq!(client.calls(), [Call::Attach, Call::Detach, Call::Cleanup]);
    assert_eq!(provider.wait(), Status::SUCCESS);
    client.take_down();
    world.assert_clean();
}
