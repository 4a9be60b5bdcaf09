//! Handles that are not what a function wants.

#![expect(unsafe_code, reason = "gives the functions handles that they must not be given")]

use crate::peer::{Peer, Script, complete};
use nmr_abi::{BindingHandle, ClientHandle, ProviderHandle, Registrar, Status};
use nmr_sim::{Rule, Side, World};
use std::ptr::{null_mut, without_provenance_mut};

fn rules(world: &World) -> Vec<Rule> {
    world.violations().iter().map(|violation| violation.rule).collect()
}

#[test]
fn null_and_wild_handles_are_refused() {
    let world = crate::peer::world();
    for raw in [null_mut(), without_provenance_mut(0xdead_beef), without_provenance_mut(usize::MAX)] {
        // SAFETY: the simulator follows no handle.
        let client = unsafe { world.deregister_client(ClientHandle::from_raw(raw)) };
        // SAFETY: as above.
        let provider = unsafe { world.wait_for_provider_deregister_complete(ProviderHandle::from_raw(raw)) };
        assert_eq!([client, provider], [Status::INVALID_PARAMETER; 2]);
        complete(&world, Side::Client, BindingHandle::from_raw(raw));
    }
    assert_eq!(rules(&world), [Rule::UnknownHandle; 9]);
}

#[test]
fn a_registration_is_not_a_binding_and_a_client_is_not_a_provider() {
    let world = crate::peer::world();
    let client = Peer::client(&world, Script::default()).register();
    let raw = client.raw_handle();
    // SAFETY: the simulator follows no handle.
    let status = unsafe { world.deregister_provider(ProviderHandle::from_raw(raw)) };
    assert_eq!(status, Status::INVALID_PARAMETER);
    complete(&world, Side::Client, BindingHandle::from_raw(raw));
    assert_eq!(rules(&world), [Rule::WrongKindOfHandle; 2]);
    client.take_down();
}

#[test]
fn another_worlds_handle_is_unknown() {
    let (here, there) = (crate::peer::world(), crate::peer::world());
    let client = Peer::client(&there, Script::default()).register();
    // SAFETY: the simulator follows no handle.
    let status = unsafe { here.deregister_client(ClientHandle::from_raw(client.raw_handle())) };
    assert_eq!(status, Status::INVALID_PARAMETER);
    assert_eq!(rules(&here), [Rule::UnknownHandle]);
    client.take_down();
    there.assert_clean();
}

#[test]
fn handles_are_not_given_out_again() {
    let world = crate::peer::world();
    let client = Peer::client(&world, Script::default());
    let mut seen = std::collections::HashSet::new();
    for _ in 0..100 {
        client.register();
        assert!(seen.insert(client.raw_handle()));
        client.take_down();
    }
}
