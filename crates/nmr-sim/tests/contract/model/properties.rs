//! What must hold of every life, checked on the model in every state that it can reach.

use super::machine::{At, Deed, Half, Machine, Phase, Settings, Stage, Step};
use super::settings;
use nmr_sim::Side;
use stateright::{Checker, Model, Property};

/// The machine under some settings.
struct Lives(Settings);

impl Model for Lives {
    type State = Machine;
    type Action = Step;

    fn init_states(&self) -> Vec<Machine> {
        vec![Machine::default()]
    }

    fn actions(&self, state: &Machine, actions: &mut Vec<Step>) {
        actions.extend(state.steps(&self.0));
    }

    fn next_state(&self, state: &Machine, step: Step) -> Option<Machine> {
        Some(state.after(step, &self.0))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("each side is cleaned up at most once", |_, state: &Machine| {
                state.halves.iter().all(|half| half.cleanups <= 1)
            }),
            Property::always(
                "cleanup comes only when both sides have detached",
                |model: &Self, state: &Machine| {
                    let cleans = state.halves.iter().any(|half| half.cleanup_called);
                    !cleans || state.halves.iter().all(|half| has_detached(*half, &model.0))
                },
            ),
            Property::always(
                "a wait returns only when nothing of the registration is left",
                |model: &Self, state: &Machine| {
                    let closed = state.stages.contains(&Stage::Closed);
                    let covered = !model.0.wait_covers_detach
                        || state.halves.iter().all(|half| !half.called || half.returned);
                    !closed || (!is_there(state) && covered)
                },
            ),
            Property::always("nobody is stuck without a guilty module", |model: &Self, state: &Machine| {
                let stuck = state.steps(&model.0).is_empty() && !state.is_over();
                let owes = |side| {
                    let half: Half = state.halves[super::machine::index(side)];
                    half.returned && half.pends == Some(true) && !half.completed
                };
                !stuck || model.0.guilty.is_some_and(owes)
            }),
            Property::always(
                "an attach callback has returned before a detach callback is called",
                |_, state: &Machine| {
                    let attaching =
                        |at: &At| matches!(at, At::BeforeAttach(_) | At::AfterAttach(_) | At::Attached);
                    let called = state.halves.iter().any(|half| half.called);
                    !called || !state.threads.values().any(attaching)
                },
            ),
            Property::eventually(
                "everybody is gone, or waits for a guilty module",
                |model: &Self, state: &Machine| {
                    state.is_over()
                        || model.0.guilty.is_some() && state.threads.values().any(|at| *at == At::Waits)
                },
            ),
            Property::sometimes("a completion overtakes its callback", |_, state: &Machine| {
                state.halves.iter().any(|half| half.completed && !half.returned)
            }),
            Property::sometimes("who attaches also detaches", |_, state: &Machine| {
                let registers = |(deed, at): (&Deed, &At)| {
                    matches!(deed, Deed::Registers(_)) && matches!(at, At::Detaching(_))
                };
                state.threads.iter().any(registers)
            }),
            Property::sometimes("both deregister at once", |_, state: &Machine| {
                let leaves = |side| state.threads.contains_key(&Deed::Deregisters(side));
                leaves(0) && leaves(1)
            }),
        ]
    }
}

/// Whether a side has let go, said once more in other words than the machine's.
fn has_detached(half: Half, settings: &Settings) -> bool {
    match (half.returned, half.pends) {
        (true, Some(false)) => true,
        (true, _) => half.completed,
        (false, _) => half.completed && settings.cleanup_overtakes_detach,
    }
}

/// Whether a side may still be called for the binding.
fn is_there(state: &Machine) -> bool {
    !matches!(state.phase, Phase::None | Phase::Gone)
}

#[test]
fn they_hold_whatever_windows_does_where_it_does_not_say() {
    for settings in settings() {
        let checker = Lives(settings).checker().spawn_bfs().join();
        println!("{settings:?}: {} states", checker.unique_state_count());
        checker.assert_properties();
        assert!(checker.unique_state_count() > 1_000);
    }
}

#[test]
fn only_a_guilty_module_holds_the_others() {
    for guilty in [Side::Client, Side::Provider] {
        let settings = Settings { guilty: Some(guilty), ..settings()[0] };
        let checker = Lives(settings).checker().spawn_bfs().join();
        // It completes nothing, so no completion of its own is seen; the other side's is.
        checker.assert_properties();
        let guiltless = Lives(Settings { guilty: None, ..settings }).checker().spawn_bfs().join();
        assert!(checker.unique_state_count() < guiltless.unique_state_count());
    }
}
