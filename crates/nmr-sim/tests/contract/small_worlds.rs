//! Worlds of scripted modules, under seeds and explored exhaustively.

use nmr_sim::explore::SmallWorld;
use nmr_sim::{Choices, Run, check};

/// Modules on each side. Miri, which is slow, sees a world of two.
const SIDE: usize = if cfg!(miri) { 1 } else { 2 };

#[test]
fn a_seed_repeats_a_run_step_by_step() {
    let steps = |seed| {
        let run = Run::new(Choices::seeded(seed));
        SmallWorld::new(SIDE, SIDE).declines(true).lives(2).run(&run);
        run.performed()
    };
    let first = steps(3);
    assert_eq!(first, steps(3));
    assert_ne!(first, steps(4));
    let replayed = Run::new(Choices::replay(&first.choices));
    SmallWorld::new(SIDE, SIDE).declines(true).lives(2).run(&replayed);
    assert_eq!(replayed.performed(), first);
}

#[test]
fn small_worlds_under_seeds() {
    let seeds = if cfg!(miri) { 2 } else { 100 };
    check(0..seeds, |run| SmallWorld::new(SIDE, SIDE).declines(true).lives(3).run(run));
}

#[cfg(not(miri))]
#[test]
fn one_client_and_one_provider_in_every_order_on_any_number_of_threads() {
    let explored = SmallWorld::new(1, 1).depth(3).explore();
    println!("1 client, 1 provider, 4 threads at once: {explored}");
    assert!(explored.states > 5_000, "{explored}");
    assert_eq!(explored, SmallWorld::new(1, 1).depth(4).explore(), "more threads find nothing to do");
}

#[cfg(not(miri))]
#[test]
fn two_clients_and_two_providers_attach_detach_complete_and_deregister_in_every_order() {
    let world = SmallWorld::new(2, 2)
        .depth(0)
        .answers(nmr_sim::explore::Answers::Success, nmr_sim::explore::Answers::Pending);
    let explored = world.explore();
    println!("2 clients, 2 providers, one thread at a time: {explored}");
    assert!(explored.states > 8_000 && explored.transitions > 20_000, "{explored}");
}

#[cfg(not(miri))]
#[test]
fn every_order_of_the_two_sides() {
    use nmr_sim::Order;
    for detach in [Order::ClientFirst, Order::ProviderFirst] {
        for cleanup in [Order::ClientFirst, Order::ProviderFirst] {
            let world = SmallWorld::new(1, 1).orders(detach, cleanup);
            let explored = world.explore();
            assert!(explored.states > 100, "{explored}");
        }
    }
}

#[cfg(not(miri))]
#[test]
fn modules_that_decline_and_come_again() {
    let world = SmallWorld::new(1, 1).declines(true).lives(2).depth(0);
    let explored = world.explore();
    assert!(explored.states > 300, "{explored}");
    assert_eq!(explored, world.explore(), "the same each time");
}
