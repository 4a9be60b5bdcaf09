//! What types cannot show is reported in debug builds.

use super::{Gatekeeper, Traveller};
use nmr::host::above_dispatch;
use nmr_sim::World;

/// A guard that is held across the wait for its own registration.
#[test]
fn waiting_with_a_guard_held_is_reported_before_it_hangs() {
    let world = World::new();
    let gatekeeper = Gatekeeper::load(&world, 7);
    let traveller = Traveller::load(&world);
    let guard = traveller.driver().plain.oldest_peer().expect("attached");
    // This unload does not come to its end, and could not join its monitor.
    traveller.driver().host().fail_nth_spawn(1);
    let unload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(traveller)));
    let panic = unload.expect_err("the unload would hang");
    let message = panic.downcast_ref::<String>().expect("a message with arguments");
    assert!(message.contains("with a guard of it on the same thread"), "{message}");
    drop(guard);
    drop(gatekeeper);
}

/// A completion is a call into NMR, which DISPATCH_LEVEL is the highest for; whether a guard is the last is not known before.
#[test]
fn a_guard_dropped_above_dispatch_is_reported() {
    let world = World::new();
    let gatekeeper = Gatekeeper::load(&world, 7);
    let traveller = Traveller::load(&world);
    let guard = traveller.driver().plain.oldest_peer().expect("attached");
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| above_dispatch(|| drop(guard))));
    let panic = dropped.expect_err("above DISPATCH_LEVEL");
    let message = panic.downcast_ref::<String>().expect("a message with arguments");
    assert!(message.contains("IRQL 3"), "{message}");
    // In the kernel the machine has stopped; here the guard is lost, and nothing can be unloaded any more.
    core::mem::forget((traveller, gatekeeper));
}
