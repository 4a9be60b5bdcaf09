//! Start and stop against drivers that behave, fail, hang and lie.

use super::*;
use crate::machine::fake::{FakeMachine, Reaction};

const LIMIT: Duration = Duration::from_secs(10);

fn machine(state: ServiceState, reaction: Reaction) -> FakeMachine {
    let mut machine = FakeMachine::new();
    machine.add_service("echo", state, "system32/echo.sys");
    machine.reactions.insert("echo".to_owned(), reaction);
    machine
}

fn started(machine: &mut FakeMachine) -> (Answer, Result<(), Failure>) {
    let mut answer = Answer::new("start");
    let result = start(machine, "echo", LIMIT, &mut answer);
    (answer, result)
}

fn stopped(machine: &mut FakeMachine) -> (Answer, Result<(), Failure>) {
    let mut answer = Answer::new("stop");
    let result = stop(machine, "echo", LIMIT, &mut answer);
    (answer, result)
}

#[test]
fn a_good_driver_starts_and_stops_and_a_second_time_changes_nothing() {
    let mut machine = machine(ServiceState::Stopped, Reaction::Obeys { after: Duration::from_secs(3) });
    for action in [Action::Started, Action::Unchanged] {
        let (answer, result) = started(&mut machine);
        result.unwrap();
        assert_eq!(
            (answer.drivers[0].action, answer.drivers[0].state),
            (action, Some(ServiceState::Running))
        );
    }
    for action in [Action::Stopped, Action::Unchanged] {
        let (answer, result) = stopped(&mut machine);
        result.unwrap();
        assert_eq!(
            (answer.drivers[0].action, answer.drivers[0].state),
            (action, Some(ServiceState::Stopped))
        );
    }
}

#[test]
fn the_time_a_command_took_is_reported() {
    let mut machine = machine(ServiceState::Stopped, Reaction::Obeys { after: Duration::from_secs(3) });
    let (answer, _) = started(&mut machine);
    assert!((3000..3100).contains(&answer.drivers[0].milliseconds.unwrap()));
}

#[test]
fn a_refused_start_carries_the_error_number() {
    let mut machine = machine(ServiceState::Stopped, Reaction::Refuses(577));
    let (answer, result) = started(&mut machine);
    let failure = result.unwrap_err();
    assert_eq!((failure.code, failure.win32), (FailureCode::StartFailed, Some(577)));
    assert_eq!(answer.drivers[0].action, Action::Failed);
}

#[test]
fn an_unload_that_hangs_ends_at_the_time_limit_and_is_named_stop_pending() {
    let mut machine = machine(ServiceState::Running, Reaction::Hangs);
    let (answer, result) = stopped(&mut machine);
    assert_eq!(result.unwrap_err().code, FailureCode::TimedOut);
    assert_eq!(answer.drivers[0].state, Some(ServiceState::StopPending));
    assert!(machine.now() < LIMIT + Duration::from_secs(1));
}

#[test]
fn a_start_that_hangs_ends_at_the_time_limit() {
    let mut machine = machine(ServiceState::Stopped, Reaction::Hangs);
    let (_, result) = started(&mut machine);
    assert_eq!(result.unwrap_err().code, FailureCode::TimedOut);
}

#[test]
fn a_claimed_stop_of_a_driver_without_unload_routine_is_not_believed() {
    let mut machine = machine(ServiceState::Running, Reaction::ClaimsOnly);
    let (answer, result) = stopped(&mut machine);
    assert_eq!(result.unwrap_err().code, FailureCode::StopFailed);
    assert_eq!(answer.drivers[0].state, Some(ServiceState::Running));
}

#[test]
fn a_state_that_follows_a_little_later_is_waited_for() {
    let mut machine = machine(ServiceState::Running, Reaction::Lags { after: Duration::from_secs(1) });
    let (answer, result) = stopped(&mut machine);
    result.unwrap();
    assert_eq!(answer.drivers[0].state, Some(ServiceState::Stopped));
}

#[test]
fn a_driver_that_is_stopping_cannot_be_started() {
    let mut machine = machine(ServiceState::StopPending, Reaction::Hangs);
    let (_, result) = started(&mut machine);
    assert_eq!(result.unwrap_err().code, FailureCode::StopPending);
    assert!(machine.calls.is_empty());
}

#[test]
fn a_stop_joins_one_that_is_under_way_without_a_second_request() {
    let mut machine = machine(ServiceState::StopPending, Reaction::Hangs);
    let (_, result) = stopped(&mut machine);
    assert_eq!(result.unwrap_err().code, FailureCode::TimedOut);
    assert!(machine.calls.is_empty());
}

#[test]
fn an_unknown_driver_is_not_installed() {
    let mut machine = FakeMachine::new();
    let (answer, result) = started(&mut machine);
    assert_eq!(result.unwrap_err().code, FailureCode::NotInstalled);
    assert!(!answer.drivers[0].installed);
}

#[test]
fn without_administrator_rights_nothing_is_asked() {
    let mut machine = machine(ServiceState::Stopped, Reaction::Hangs);
    machine.facts.elevated = false;
    assert_eq!(started(&mut machine).1.unwrap_err().code, FailureCode::NotElevated);
    assert!(machine.calls.is_empty());
}
