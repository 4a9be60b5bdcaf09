//! The composite driver between real peers on a desk.

use super::Composite;
use echo_npi::relay;
use nmr::Driver;
use nmr_sim::World;
use nmr_wdk::{Kernel, Loaded};

#[test]
fn relay_answers_not_ready_without_echo() {
    let world = World::new();
    let loaded = Loaded::<Composite>::new(Kernel::new(world.clone())).expect("nothing fails");
    let client = super::RelayClient { driver: loaded.driver() };
    assert_eq!(relay::Provider::relay(&client, 7), Err(nmr::Error::DEVICE_NOT_READY));
    drop(loaded);
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn what_relay_needs_registers_first() {
    let world = World::new();
    let loaded = Loaded::<Composite>::new(Kernel::new(world)).expect("nothing fails");
    let mut names = Vec::new();
    loaded
        .driver()
        .for_each_registration(&mut |stage, registration| names.push((stage.0, registration.name())));
    assert_eq!(names, [(0, "echo"), (0, "clock"), (1, "relay")]);
}
