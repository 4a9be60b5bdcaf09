//! Runs in which every choice is owned: a module that loses a completion on one path out of many is caught, by seeds and by
//! exploration, and the path is told as short as it can be.

use crate::peer::{Peer, Script};
use nmr_abi::Status;
use nmr_sim::explore::{Answers, SmallWorld, explore};
use nmr_sim::{Choices, Order, Run, Sequence, Side, World, check, replay};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// Calls in flight of a client, counted as one should not: looking and arming are two steps.
#[derive(Default)]
struct Calls {
    in_flight: AtomicU32,
    armed: AtomicBool,
}

/// One client with a call in flight, which ends at any moment; if `careful` it looks again when it has armed.
fn life_with_a_call(run: &Run, careful: bool) {
    let world = World::builder().schedule(run.schedule()).build();
    let calls = Arc::new(Calls::default());
    calls.in_flight.store(1, SeqCst);
    let (counted, moment) = (Arc::clone(&calls), run.clone());
    let client = Peer::client(
        &world,
        Script::default().detach(move |_| {
            if counted.in_flight.load(SeqCst) == 0 {
                return Status::SUCCESS;
            }
            moment.pause("found a call in flight");
            counted.armed.store(true, SeqCst);
            if careful && counted.in_flight.load(SeqCst) == 0 && counted.armed.swap(false, SeqCst) {
                return Status::SUCCESS;
            }
            Status::PENDING
        }),
    );
    let provider = Peer::provider(&world, Script::default()).register();
    client.register();
    let (ending, leaver) = (Arc::clone(&calls), Arc::clone(&client));
    once(run, "the call returns", move || {
        if ending.in_flight.fetch_sub(1, SeqCst) == 1 && ending.armed.swap(false, SeqCst) {
            crate::peer::complete(&leaver.world, Side::Client, leaver.bound()[0]);
        }
    });
    once(run, "the provider unloads", {
        let provider = Arc::clone(&provider);
        move || provider.take_down()
    });
    run.observe({
        let (world, calls) = (world.clone(), calls);
        move || (world.state(), calls.in_flight.load(SeqCst), calls.armed.load(SeqCst))
    });
    run.perform();
    client.take_down();
    world.assert_clean();
    world.assert_unloaded();
}

/// An action that is performed once.
fn once(run: &Run, name: &str, act: impl Fn() + Send + Sync + 'static) {
    let done = Arc::new(AtomicBool::new(false));
    let begun = Arc::clone(&done);
    run.action(
        name,
        move || !begun.load(SeqCst),
        move || {
            done.store(true, SeqCst);
            act();
        },
    );
}

fn failure(life: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(life)).expect_err("it fails");
    *panic.downcast::<String>().expect("a text")
}

#[test]
fn seeds_find_a_lost_completion_and_tell_the_shortest_way_to_it() {
    let text = failure(|| check(0..1000, |run| life_with_a_call(run, false)));
    assert!(text.contains("nothing can end the wait for provider 1"), "{text}");
    assert!(text.contains("answered STATUS_PENDING and has not completed"), "{text}");
    let steps = "
  the provider unloads begins
  the call returns begins
  the call returns ends
  the provider unloads goes on
  the provider unloads ends
";
    assert!(text.contains(steps), "{text}");
    let choices = text.split("choices [").nth(1).and_then(|rest| rest.split(']').next()).expect("a list");
    let choices: Vec<usize> = choices.split(", ").map(|choice| choice.parse().expect("a number")).collect();
    assert!(choices.iter().sum::<usize>() <= 2, "two of them are not the first option: {choices:?}");
    let again = failure(|| replay(&choices, |run| life_with_a_call(run, false)));
    assert!(text.contains(&again), "{again}");
    assert!(text.contains("what happened in this world:"), "{text}");
}

#[test]
fn an_exploration_finds_it_too_and_nothing_in_the_careful_module() {
    let text = failure(|| {
        explore(2, |run| life_with_a_call(run, false));
    });
    assert!(text.starts_with("a run fails; it is enough to take the choices ["), "{text}");
    let explored = explore(2, |run| life_with_a_call(run, true));
    assert!(explored.states > 10 && explored.runs > 10, "{explored}");
    check(0..200, |run| life_with_a_call(run, true));
}

#[test]
fn a_seed_repeats_a_run_step_by_step() {
    let steps = |seed| {
        let run = Run::new(Choices::seeded(seed));
        SmallWorld::new(2, 2).declines(true).lives(2).run(&run);
        run.performed()
    };
    let first = steps(3);
    assert_eq!(first, steps(3));
    assert_ne!(first, steps(4));
    let replayed = Run::new(Choices::replay(&first.choices));
    SmallWorld::new(2, 2).declines(true).lives(2).run(&replayed);
    assert_eq!(replayed.performed(), first);
}

#[test]
fn small_worlds_under_seeds() {
    let seeds = if cfg!(miri) { 2 } else { 100 };
    check(0..seeds, |run| SmallWorld::new(2, 2).declines(true).lives(3).run(run));
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
    let world = SmallWorld::new(2, 2).depth(0).answers(Answers::Success, Answers::Pending);
    let explored = world.explore();
    println!("2 clients, 2 providers, one thread at a time: {explored}");
    assert!(explored.states > 8_000 && explored.transitions > 20_000, "{explored}");
}

#[test]
fn every_order_of_the_two_sides() {
    for detach in [Order::ClientFirst, Order::ProviderFirst] {
        for cleanup in [Order::ClientFirst, Order::ProviderFirst] {
            let world = SmallWorld::new(1, 1).orders(detach, cleanup);
            let explored = if cfg!(miri) { world.depth(0).explore() } else { world.explore() };
            assert!(explored.states > 100, "{explored}");
        }
    }
}

#[test]
fn modules_that_decline_and_come_again() {
    let world = SmallWorld::new(1, 1).declines(true).lives(2).depth(0);
    let explored = world.explore();
    assert!(explored.states > 300, "{explored}");
    assert_eq!(explored, world.explore(), "the same each time");
}

#[test]
fn who_is_next_is_a_choice_too() {
    let orders = Arc::new(Mutex::new(std::collections::BTreeSet::new()));
    let seen = Arc::clone(&orders);
    explore(0, move |run| {
        let world =
            World::builder().schedule(run.schedule()).sequence(Sequence::Scheduled).record(true).build();
        let providers: Vec<_> =
            (0..3).map(|_| Peer::provider(&world, Script::default()).register()).collect();
        let client = Peer::client(&world, Script::default());
        let subject = Arc::clone(&client);
        once(run, "the client comes and goes", move || {
            subject.register();
            subject.take_down();
        });
        let told = world.clone();
        run.observe(move || told.story());
        run.perform();
        let order = |what: &str| -> Vec<String> {
            let lines = world.story();
            let lines = lines.lines().filter(|line| line.contains(what));
            lines
                .filter_map(|line| Some(line.split("provider=").nth(1)?.split(' ').next()?.to_owned()))
                .collect()
        };
        seen.lock().unwrap().insert(order("offered"));
        for provider in &providers {
            provider.take_down();
        }
        world.assert_unloaded();
    });
    assert_eq!(orders.lock().unwrap().len(), 6, "every permutation of three providers");
}
