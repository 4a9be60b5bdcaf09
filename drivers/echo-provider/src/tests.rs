//! The provider alone on a desk.

use super::EchoProvider;
use nmr_sim::World;
use nmr_wdk::{Kernel, Loaded};

#[test]
fn registers_two_providers_and_leaves_nothing() {
    let world = World::new();
    let loaded = Loaded::<EchoProvider>::new(Kernel::new(world.clone())).expect("nothing fails");
    assert_eq!(world.left().registrations.len(), 2);
    drop(loaded);
    world.assert_clean();
    world.assert_unloaded();
}
