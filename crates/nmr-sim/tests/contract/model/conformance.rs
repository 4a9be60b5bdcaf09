//! The implementation against the model: a real world with two real modules is led through every choice, and each step that
//! it makes is one of the model, and each step of the model is made.

use super::machine::{At, Deed, Half, Machine, Phase, Settings, Stage, answer, index};
use super::settings;
use crate::peer::{Peer, Script, complete};
use nmr_abi::Status;
use nmr_sim::explore::explore;
use nmr_sim::{HalfState, Moment, Run, Side, State, World};
use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex};

/// A step from one state to another: whose it was.
type Steps = HashSet<(Machine, Deed, Machine)>;

/// What only the modules know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Known {
    halves: [Half; 2],
    done: BTreeSet<Deed>,
}

const SIDES: [Side; 2] = [Side::Client, Side::Provider];

fn script(run: &Run, known: &Arc<Mutex<Known>>, side: Side) -> Script {
    let half = move |known: &Arc<Mutex<Known>>, change: &dyn Fn(&mut Half)| {
        change(&mut known.lock().unwrap().halves[index(side)]);
    };
    let (attaching, detaching) = (run.clone(), run.clone());
    let (detached, cleaned) = (Arc::clone(known), Arc::clone(known));
    Script::default()
        .attach(move |offer| {
            let status = offer.accept();
            if side == Side::Client {
                attaching.pause("Attached");
            }
            status
        })
        .detach(move |_| {
            half(&detached, &|half| half.asked = true);
            detaching.pause(("Detaching", index(side)));
            let completing = detached.lock().unwrap().halves[index(side)].completing;
            let pends = completing || detaching.choose(("answers", index(side)), 2) == 1;
            half(&detached, &|half| half.pends = Some(pends));
            answer(pends)
        })
        .cleanup(move |_| half(&cleaned, &|half| half.cleanups += 1))
}

/// Adds what a module does: each deed once.
fn deed(
    run: &Run,
    known: &Arc<Mutex<Known>>,
    deed: Deed,
    may: impl Fn(&Known) -> bool + Send + Sync + 'static,
    act: impl Fn(&Mutex<Known>) + Send + Sync + 'static,
) {
    let (asked, acting) = (Arc::clone(known), Arc::clone(known));
    let ready = move || {
        let known = asked.lock().unwrap();
        !known.done.contains(&deed) && may(&known)
    };
    run.action(format!("{deed:?}"), ready, move || {
        act(&acting);
        acting.lock().unwrap().done.insert(deed);
    });
}

fn live(run: &Run, settings: Settings, steps: &Arc<Mutex<Steps>>) {
    let world = World::builder()
        .schedule(run.schedule())
        .detach_order(settings.detach_order)
        .cleanup_order(settings.cleanup_order)
        .cleanup_overtakes_detach(settings.cleanup_overtakes_detach)
        .wait_covers_detach(settings.wait_covers_detach)
        .record(false)
        .build();
    let known: Arc<Mutex<Known>> = Arc::default();
    for side in SIDES {
        let peer = Peer::new(&world, side, 1, 1, script(run, &known, side));
        let at = index(side);
        let [registering, leaving, waiting, completing] = std::array::from_fn(|_| Arc::clone(&peer));
        deed(
            run,
            &known,
            Deed::Registers(at),
            |_| true,
            move |_| {
                registering.register();
            },
        );
        let may = move |known: &Known| known.done.contains(&Deed::Registers(at));
        deed(run, &known, Deed::Deregisters(at), may, move |_| {
            assert_eq!(leaving.deregister(), Status::PENDING);
        });
        let may = move |known: &Known| known.done.contains(&Deed::Deregisters(at));
        deed(run, &known, Deed::Waits(at), may, move |_| assert_eq!(waiting.wait(), Status::SUCCESS));
        let may = move |known: &Known| {
            let half = known.halves[at];
            half.asked && !half.completing && half.pends != Some(false)
        };
        deed(run, &known, Deed::Completes(at), may, move |known| {
            known.lock().unwrap().halves[at].completing = true;
            complete(&completing.world, side, completing.bound()[0]);
        });
    }
    let (seen, knows) = (world.clone(), Arc::clone(&known));
    run.observe(move || {
        let mut state = seen.state();
        // With one module on each side nothing depends on who is older.
        state.registrations.sort_by_key(|registration| index(registration.side));
        state.registrations.iter_mut().for_each(|registration| registration.registration = 0);
        state.bindings.iter_mut().for_each(|binding| (binding.client, binding.provider) = (0, 0));
        (state, knows.lock().unwrap().clone())
    });
    let (seen, walked) = (world.clone(), Arc::clone(steps));
    let before = Mutex::new(Machine::default());
    run.watch(move |moment| {
        let now = machine(&seen.state(), &known.lock().unwrap(), moment);
        let mut before = before.lock().unwrap();
        if let Some(last) = &moment.last {
            walked.lock().unwrap().insert((before.clone(), deed_of(last), now.clone()));
        }
        *before = now;
    });
    run.perform();
    world.assert_clean();
    world.assert_unloaded();
}

/// How a real world stands, in the words of the model.
fn machine(state: &State, known: &Known, moment: &Moment) -> Machine {
    let mut machine = Machine { done: known.done.clone(), halves: known.halves, ..Machine::default() };
    for side in SIDES {
        let registration = state.registrations.iter().find(|registration| registration.side == side);
        machine.stages[index(side)] = match registration.map(|registration| registration.stage) {
            Some(nmr_sim::Stage::Registered) => Stage::Registered,
            Some(nmr_sim::Stage::Deregistering) => Stage::Deregistering,
            Some(nmr_sim::Stage::Waiting) => Stage::Waiting,
            Some(nmr_sim::Stage::Closed) => unreachable!("closed registrations are gone"),
            None if known.done.contains(&Deed::Waits(index(side))) => Stage::Closed,
            None => Stage::New,
        };
    }
    if let [binding] = &*state.bindings {
        machine.accepted = binding.accepted;
        machine.phase = match binding.phase {
            nmr_sim::Phase::Offered => Phase::Offered,
            nmr_sim::Phase::Attached => Phase::Attached,
            nmr_sim::Phase::Detaching => Phase::Detaching,
            nmr_sim::Phase::Cleaning => Phase::Cleaning,
            nmr_sim::Phase::Ended => Phase::Ended,
        };
        let halves = [binding.client_half, binding.provider_half];
        for (half, HalfState { called, returned, completed, cleaned }) in
            machine.halves.iter_mut().zip(halves)
        {
            assert!(returned.is_none() || returned == half.pends.map(answer), "{returned:?} {half:?}");
            (half.called, half.returned) = (called, returned.is_some());
            (half.completed, half.cleanup_called) = (completed, cleaned);
        }
    } else {
        assert!(state.bindings.is_empty());
    }
    for standing in &moment.standing {
        machine.threads.insert(deed_of(&standing.action), place_of(&standing.place));
    }
    forget_the_gone(machine)
}

/// Nobody can say of a binding that is gone whether there was one, or how it went.
fn forget_the_gone(mut machine: Machine) -> Machine {
    if !machine.binding_is_there() {
        machine.phase = Phase::None;
        machine.accepted = false;
        for half in &mut machine.halves {
            (half.called, half.returned, half.completed, half.cleanup_called) = (false, false, false, false);
        }
    }
    machine
}

fn deed_of(text: &str) -> Deed {
    let side = usize::from(text.ends_with("(1)"));
    match text.split('(').next() {
        Some("Registers") => Deed::Registers(side),
        Some("Deregisters") => Deed::Deregisters(side),
        Some("Waits") => Deed::Waits(side),
        Some("Completes") => Deed::Completes(side),
        _ => panic!("no deed of the model: {text}"),
    }
}

/// The place that the world, or a module here, calls `text`.
fn place_of(text: &str) -> At {
    let side = usize::from(text.contains("Provider") || text.contains(", 1"));
    match text {
        "Before(Attach(Client))" | "Before(Attach(Provider))" => At::BeforeAttach(side),
        "After(Attach(Client))" | "After(Attach(Provider))" => At::AfterAttach(side),
        "\"Attached\"" => At::Attached,
        "BeforeDetaching(Client)" | "BeforeDetaching(Provider)" => At::BeforeDetaching(side),
        "Before(Detach(Client))" | "Before(Detach(Provider))" => At::BeforeDetach(side),
        "(\"Detaching\", 0)" | "(\"Detaching\", 1)" => At::Detaching(side),
        "After(Detach(Client))" | "After(Detach(Provider))" => At::AfterDetach(side),
        "BeforeCompletion(Client)" | "BeforeCompletion(Provider)" => At::BeforeCompletion(side),
        "Before(Cleanup(Client))" | "Before(Cleanup(Provider))" => At::BeforeCleanup(side),
        "After(Cleanup(Client))" | "After(Cleanup(Provider))" => At::AfterCleanup(side),
        "\"waits\"" => At::Waits,
        _ => panic!("no place of the model: {text}"),
    }
}

/// Every step of the model.
fn steps_of_the_model(settings: Settings) -> Steps {
    let mut steps = Steps::new();
    let mut reached = HashSet::from([Machine::default()]);
    let mut open = vec![Machine::default()];
    while let Some(state) = open.pop() {
        for step in state.steps(&settings) {
            let next = state.after(step, &settings);
            steps.insert((forget_the_gone(state.clone()), step.deed, forget_the_gone(next.clone())));
            if reached.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    steps
}

fn steps_of_the_world(settings: Settings) -> Steps {
    let steps: Arc<Mutex<Steps>> = Arc::default();
    let explored = explore(usize::MAX - 1, |run| live(run, settings, &steps));
    println!("{settings:?}: {explored}, {} steps", steps.lock().unwrap().len());
    std::mem::take(&mut *steps.lock().unwrap())
}

/// The first step of one that the other does not make.
fn difference(world: &Steps, model: &Steps) -> Option<String> {
    let more = world.difference(model).next().map(|step| format!("the world goes its own way: {step:#?}"));
    more.or_else(|| {
        model.difference(world).next().map(|step| format!("the world never does this: {step:#?}"))
    })
}

#[test]
fn the_world_makes_the_steps_of_the_model_and_no_others() {
    // The model itself is checked under all settings; here each of them is met both ways.
    let all = settings();
    let some = [all[0], all[2], all[13]];
    let models = some.map(steps_of_the_model);
    for (at, settings) in some.into_iter().enumerate() {
        let world = steps_of_the_world(settings);
        for (other, model) in models.iter().enumerate() {
            let difference = difference(&world, model);
            if other == at {
                assert_eq!(difference, None, "{settings:?}");
            } else {
                assert!(difference.is_some(), "{settings:?} goes the ways of {:?}", some[other]);
            }
        }
    }
}
