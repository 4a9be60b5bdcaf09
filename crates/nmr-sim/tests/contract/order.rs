//! What Windows leaves open: the order of the two detach callbacks and of the two cleanup callbacks, the cleanup of NULL,
//! and what a deregistration answers that finds nothing to do.

use crate::bare::Bare;
use crate::peer::{Peer, Script};
use nmr_abi::Status;
use nmr_sim::{Order, Rule, SeededSchedule, Side, What, World, WorldBuilder};
use std::sync::{Arc, Mutex};

/// In which order the sides of one pair are detached and cleaned up.
fn observe(builder: WorldBuilder, first_to_go: Side) -> ([Side; 2], [Side; 2]) {
    let world = builder.build();
    let log: Arc<[Mutex<Vec<Side>>; 2]> = Arc::default();
    let script = |side| {
        let (detached, cleaned) = (Arc::clone(&log), Arc::clone(&log));
        Script::default()
            .detach(move |_| {
                detached[0].lock().unwrap().push(side);
                Status::SUCCESS
            })
            .cleanup(move |_| cleaned[1].lock().unwrap().push(side))
    };
    let client = Peer::client(&world, script(Side::Client)).register();
    let provider = Peer::provider(&world, script(Side::Provider)).register();
    let [first, second] =
        if first_to_go == Side::Client { [&client, &provider] } else { [&provider, &client] };
    first.take_down();
    second.take_down();
    world.assert_clean();
    let order = |of: usize| log[of].lock().unwrap().clone().try_into().expect("both, once");
    (order(0), order(1))
}

#[test]
fn the_orders_are_as_set_whoever_deregisters() {
    let (client_first, provider_first) = ([Side::Client, Side::Provider], [Side::Provider, Side::Client]);
    for goes in [Side::Client, Side::Provider] {
        assert_eq!(observe(World::builder(), goes), (client_first, client_first));
        let detach = World::builder().detach_order(Order::ProviderFirst);
        assert_eq!(observe(detach, goes), (provider_first, client_first));
        let cleanup = World::builder().cleanup_order(Order::ProviderFirst);
        assert_eq!(observe(cleanup, goes), (client_first, provider_first));
    }
}

#[test]
fn a_schedule_chooses_by_its_seed() {
    let scheduled = |seed| {
        let builder = World::builder().detach_order(Order::Scheduled).cleanup_order(Order::Scheduled);
        observe(builder.schedule(SeededSchedule::new(seed)), Side::Client)
    };
    let seen: std::collections::HashSet<_> = (0..32).map(scheduled).collect();
    assert_eq!(seen.len(), 4, "each combination comes up");
    assert_eq!(scheduled(5), scheduled(5));
}

#[test]
fn a_null_context_is_cleaned_up_if_so_set() {
    for called in [true, false] {
        let world = World::builder().cleanup_for_null_context(called).build();
        let (client, provider) = (Bare::new(&world, Side::Client), Bare::new(&world, Side::Provider));
        let context = crate::bare::place(&world, std::ptr::from_ref::<Bare>(&provider));
        provider.context.store(context.cast(), std::sync::atomic::Ordering::Relaxed);
        client.register();
        provider.register();
        client.take_down();
        provider.take_down();
        let cleaned = |side| {
            let is = |what: &What| matches!(what, What::Cleanup { side: of, .. } if *of == side);
            world.events().iter().any(|event| is(&event.what))
        };
        assert_eq!([cleaned(Side::Client), cleaned(Side::Provider)], [called, true]);
        world.assert_clean();
    }
}

#[test]
fn an_idle_deregistration_succeeds_at_once_if_so_set() {
    let world = World::builder().idle_deregister_succeeds(true).build();
    let (client, provider) = (Bare::new(&world, Side::Client), Bare::new(&world, Side::Provider));
    client.register();
    provider.register();
    assert_eq!(client.deregister(), Status::SUCCESS, "its binding has ended meanwhile");
    assert_eq!(provider.deregister(), Status::SUCCESS);
    assert_eq!(world.left().registrations, [""; 0]);
    assert!(world.story().contains("closed side=provider registration=2"), "{}", world.story());
    world.assert_clean();
    assert_eq!(provider.wait(), Status::INVALID_PARAMETER, "there is nothing to wait for");
    assert_eq!(world.violations()[0].rule, Rule::StaleHandle);
    assert_eq!(provider.register(), Status::SUCCESS, "the structure is the module's again");
    assert_eq!(provider.deregister(), Status::SUCCESS);
    assert_eq!(world.violations().len(), 1);
}
