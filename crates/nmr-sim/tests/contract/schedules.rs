//! Runs in which every choice is owned: a module that loses a completion on one path out of many is caught, by seeds and by
//! exploration, and the path is told as short as it can be.

use crate::peer::{Peer, Script};
use nmr_abi::Status;
use nmr_sim::explore::explore;
use nmr_sim::{Run, Sequence, Side, World, check, replay};
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
