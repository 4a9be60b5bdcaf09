//! What Windows leaves open: the order of the two detach callbacks and of the two cleanup callbacks.

use crate::peer::{Peer, Script};
use nmr_abi::Status;
use nmr_sim::{Order, SeededSchedule, Side, World, WorldBuilder};
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
