//! Attachments and drains of drivers that drain, hang, go away, and answer nonsense.

use nmr_abi::attachments::{AttachmentState, RegistrationState};

use super::*;
use crate::attachments::tests::device_answer;
use crate::commands::control;
use crate::machine::fake::{FakeDevice, FakeMachine};

const LIMIT: Duration = Duration::from_secs(5);

fn registered() -> Vec<u8> {
    device_answer(RegistrationState::REGISTERED, &[AttachmentState::ATTACHED])
}

fn draining() -> Vec<u8> {
    device_answer(RegistrationState::ISSUED, &[AttachmentState::DRAINING])
}

fn drained() -> Vec<u8> {
    device_answer(RegistrationState::IDLE, &[])
}

/// A machine with a running driver whose device gives these answers, the last one for ever.
fn machine(device: FakeDevice) -> FakeMachine {
    let mut machine = FakeMachine::new();
    machine.add_service("echo", ServiceState::Running, "system32/echo.sys");
    machine.devices.insert("echo".to_owned(), device);
    machine
}

fn drain_it(machine: &mut FakeMachine) -> (Answer, Result<(), Failure>) {
    let mut answer = Answer::new("drain");
    let result = drain(machine, "echo", LIMIT, &mut answer);
    (answer, result)
}

fn stop_it(machine: &mut FakeMachine) -> (Answer, Result<(), Failure>) {
    let mut answer = Answer::new("stop");
    let result = control::stop(machine, "echo", LIMIT, &mut answer);
    (answer, result)
}

#[test]
fn attachments_are_asked_for_and_nothing_is_changed() {
    let mut machine = machine(FakeDevice::Answers(vec![registered()]));
    let mut answer = Answer::new("attachments");
    run(&mut machine, "echo", &mut answer).unwrap();
    let report = answer.attachments.unwrap();
    assert_eq!((report.driver.as_str(), report.drained), ("Echo", false));
    assert_eq!(report.registrations[0].attachments[0].state, "attached");
    assert_eq!(machine.calls, ["query echo"]);
}

#[test]
fn a_driver_is_asked_to_drain_until_nothing_is_left() {
    let mut machine = machine(FakeDevice::Answers(vec![draining(), draining(), drained()]));
    let (answer, result) = drain_it(&mut machine);
    result.unwrap();
    assert!(answer.attachments.unwrap().drained);
    assert_eq!(answer.drivers[0].action, Action::Drained);
    assert_eq!(answer.drivers[0].milliseconds, Some(30));
    assert_eq!(machine.calls, ["drain echo"; 3]);
}

#[test]
fn what_holds_a_drain_is_named_when_the_time_is_over() {
    let mut machine = machine(FakeDevice::Answers(vec![draining()]));
    let (answer, result) = drain_it(&mut machine);
    let failure = result.unwrap_err();
    assert_eq!(failure.code, FailureCode::TimedOut);
    assert!(failure.message.contains("is draining, 3 calls in flight"), "{}", failure.message);
    assert_eq!(answer.attachments.unwrap().registrations[0].attachments.len(), 1);
    assert_eq!(answer.drivers[0].action, Action::Failed);
    assert!(machine.now() >= LIMIT && machine.now() < LIMIT + Duration::from_secs(1));
}

#[test]
fn a_driver_that_goes_away_while_it_drains_has_drained() {
    let mut machine = machine(FakeDevice::GoesAwayAfter(vec![draining()]));
    drain_it(&mut machine).1.unwrap();
    assert_eq!(machine.calls, ["drain echo"; 2]);
}

#[test]
fn without_a_device_the_reason_is_told() {
    let mut running = machine(FakeDevice::Answers(vec![]));
    running.devices.clear();
    let failure = drain_it(&mut running).1.unwrap_err();
    assert_eq!(failure.code, FailureCode::NoControlDevice);
    assert!(failure.advice.contains("control_device: true"));
    running.services.get_mut("echo").unwrap().state = ServiceState::Stopped;
    assert!(drain_it(&mut running).1.unwrap_err().message.contains("does not run"));
    running.services.clear();
    assert_eq!(drain_it(&mut running).1.unwrap_err().code, FailureCode::NotInstalled);
}

#[test]
fn an_answer_that_is_none_is_a_failure() {
    let mut machine = machine(FakeDevice::Answers(vec![b"hello".to_vec()]));
    assert_eq!(drain_it(&mut machine).1.unwrap_err().code, FailureCode::ControlDevice);
}

#[test]
fn without_administrator_rights_nothing_is_asked() {
    let mut machine = machine(FakeDevice::Answers(vec![drained()]));
    machine.facts.elevated = false;
    assert_eq!(drain_it(&mut machine).1.unwrap_err().code, FailureCode::NotElevated);
    assert_eq!(
        run(&mut machine, "echo", &mut Answer::new("attachments")).unwrap_err().code,
        FailureCode::NotElevated
    );
    assert!(machine.calls.is_empty());
}

#[test]
fn a_stop_drains_first() {
    let mut machine = machine(FakeDevice::Answers(vec![draining(), drained()]));
    let (answer, result) = stop_it(&mut machine);
    result.unwrap();
    assert_eq!(answer.drivers[0].action, Action::Stopped);
    assert_eq!(machine.calls, ["drain echo", "drain echo", "stop echo"]);
}

/// Told to stop, the driver would wait inside its unload, and could not even be asked any more.
#[test]
fn a_driver_that_does_not_drain_is_not_told_to_stop() {
    let mut machine = machine(FakeDevice::Answers(vec![draining()]));
    let (answer, result) = stop_it(&mut machine);
    assert_eq!(result.unwrap_err().code, FailureCode::TimedOut);
    assert_eq!(answer.drivers[0].state, Some(ServiceState::Running));
    assert!(!machine.calls.contains(&"stop echo".to_owned()));
}

#[test]
fn a_driver_that_cannot_be_asked_is_stopped_all_the_same() {
    for device in [FakeDevice::Answers(vec![b"hello".to_vec()]), FakeDevice::Refuses(5)] {
        let mut machine = machine(device);
        stop_it(&mut machine).1.unwrap();
        assert_eq!(machine.calls, ["drain echo", "stop echo"]);
    }
}

#[test]
fn a_driver_that_does_not_run_is_not_asked() {
    let mut machine = machine(FakeDevice::Answers(vec![drained()]));
    machine.services.get_mut("echo").unwrap().state = ServiceState::Stopped;
    stop_it(&mut machine).1.unwrap();
    assert!(machine.calls.is_empty());
}

/// The driver has no thread left for its device: its peer does not return from a detach callback.
#[test]
fn a_device_that_does_not_answer_is_given_up_at_the_time_limit() {
    for command in [drain_it, stop_it] {
        let mut machine = machine(FakeDevice::Hangs);
        let (answer, result) = command(&mut machine);
        let failure = result.unwrap_err();
        assert_eq!(failure.code, FailureCode::TimedOut);
        assert!(failure.message.contains("has not answered within 5 s"), "{failure}");
        assert_eq!(answer.drivers[0].state, Some(ServiceState::Running));
        assert_eq!(machine.calls, ["drain echo"], "and it is not told to stop");
        assert!(machine.now() >= LIMIT && machine.now() < LIMIT + Duration::from_secs(1));
    }
}

#[test]
fn a_question_that_is_not_answered_is_given_up() {
    let mut machine = machine(FakeDevice::Hangs);
    let failure = run(&mut machine, "echo", &mut Answer::new("attachments")).unwrap_err();
    assert_eq!(failure.code, FailureCode::TimedOut);
}

fn start_it(machine: &mut FakeMachine) -> Result<(), Failure> {
    control::start(machine, "echo", LIMIT, &mut Answer::new("start"))
}

/// A stop that timed out has left it so: it runs, and nobody will ever attach to it.
#[test]
fn a_driver_that_was_drained_is_not_said_to_be_started() {
    for answer in [draining(), device_answer(RegistrationState::ISSUED, &[])] {
        let mut machine = machine(FakeDevice::Answers(vec![answer]));
        let failure = start_it(&mut machine).unwrap_err();
        assert_eq!(failure.code, FailureCode::Drained);
        assert!(failure.message.contains("echo (deregistered, not waited for)"), "{failure}");
        assert!(failure.advice.contains("nmrctl stop echo"), "{failure}");
    }
}

#[test]
fn a_driver_that_renews_a_registration_is_waited_for() {
    let mut machine = machine(FakeDevice::Answers(vec![draining(), registered()]));
    start_it(&mut machine).unwrap();
    assert_eq!(machine.calls, ["query echo"; 2]);
}

/// Registrations that come later are idle at first.
#[test]
fn a_registration_that_is_idle_is_as_it_should_be() {
    let mut machine = machine(FakeDevice::Answers(vec![drained()]));
    start_it(&mut machine).unwrap();
}

#[test]
fn a_driver_that_cannot_be_asked_is_started_all_the_same() {
    for device in [FakeDevice::Answers(vec![b"hello".to_vec()]), FakeDevice::Refuses(5)] {
        start_it(&mut machine(device)).unwrap();
    }
    let failure = start_it(&mut machine(FakeDevice::Hangs)).unwrap_err();
    assert_eq!(failure.code, FailureCode::TimedOut);
}
