//! The steps of a binding, one by one and in every order of the two halves.

use super::{Next, Progress, Settings, Verdict};
use crate::contract::Rule;
use crate::side::Side::{self, Client, Provider};
use nmr_abi::Status;

const SETTINGS: Settings = Settings { cleanup_overtakes_detach: true, wait_covers_detach: true };

fn attached(settings: Settings) -> Progress {
    let mut progress = Progress::new(settings);
    progress.answer(Status::SUCCESS);
    assert_eq!(progress.attach_returned(Status::SUCCESS), (Verdict::Attached, None));
    progress
}

fn detaching(settings: Settings) -> Progress {
    let mut progress = attached(settings);
    assert!(progress.begin_detach());
    progress
}

#[test]
fn an_attach_has_six_endings() {
    let ending = |answer: Option<Status>, returned: Status| {
        let mut progress = Progress::new(SETTINGS);
        if let Some(answer) = answer {
            progress.answer(answer);
        }
        progress.attach_returned(returned)
    };
    let (yes, no) = (Status::SUCCESS, Status::NOINTERFACE);
    assert_eq!(ending(Some(yes), yes), (Verdict::Attached, None));
    assert_eq!(ending(Some(Status::PENDING), Status::PENDING), (Verdict::Attached, None));
    assert_eq!(ending(Some(Status::PENDING), yes), (Verdict::Attached, Some(Rule::AttachAnswerChanged)));
    assert_eq!(ending(Some(yes), no), (Verdict::ProviderAlone, Some(Rule::FailedAfterAttach)));
    assert_eq!(ending(Some(no), no), (Verdict::Refused, None));
    assert_eq!(
        ending(Some(no), Status::DEVICE_NOT_READY),
        (Verdict::Refused, Some(Rule::AttachAnswerChanged))
    );
    assert_eq!(ending(Some(no), yes), (Verdict::Refused, Some(Rule::SuccessWithoutAttach)));
    assert_eq!(ending(None, no), (Verdict::Refused, None));
    assert_eq!(ending(None, yes), (Verdict::Refused, Some(Rule::SuccessWithoutAttach)));
}

#[test]
fn a_detach_begins_once_and_only_when_attached() {
    assert!(!Progress::new(SETTINGS).begin_detach());
    let mut progress = attached(SETTINGS);
    assert!(progress.begin_detach());
    assert!(!progress.begin_detach());
}

/// A step of one side's detach.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Called(Side),
    Returned(Side, Status),
    Completed(Side),
}

impl Step {
    fn take(self, progress: &mut Progress) -> Next {
        let (next, rule) = match self {
            Self::Called(side) => {
                assert!(progress.detach_called(side));
                return Next::Nothing;
            }
            Self::Returned(side, status) => progress.detach_returned(side, status),
            Self::Completed(side) => progress.complete(side),
        };
        assert_eq!(rule, None, "{self:?}");
        next
    }
}

/// The ways in which one side may detach without breaking a rule.
fn ways(side: Side) -> Vec<Vec<Step>> {
    let (called, completed) = (Step::Called(side), Step::Completed(side));
    vec![
        vec![called, Step::Returned(side, Status::SUCCESS)],
        vec![called, Step::Returned(side, Status::PENDING), completed],
        vec![called, completed, Step::Returned(side, Status::PENDING)],
    ]
}

fn interleavings(a: &[Step], b: &[Step]) -> Vec<Vec<Step>> {
    let (Some(first_a), Some(first_b)) = (a.first(), b.first()) else {
        return vec![[a, b].concat()];
    };
    let with = |first: Step, rest: Vec<Vec<Step>>| {
        rest.into_iter().map(move |tail| [&[first][..], &tail].concat()).collect::<Vec<_>>()
    };
    [with(*first_a, interleavings(&a[1..], b)), with(*first_b, interleavings(a, &b[1..]))].concat()
}

#[test]
fn cleanup_comes_once_and_only_after_both_sides_in_every_order() {
    let mut orders = 0;
    for (overtakes, covers) in [(false, false), (false, true), (true, false), (true, true)] {
        let settings = Settings { cleanup_overtakes_detach: overtakes, wait_covers_detach: covers };
        for (client, provider) in
            ways(Client).iter().flat_map(|c| ways(Provider).into_iter().map(move |p| (c.clone(), p)))
        {
            for order in interleavings(&client, &provider) {
                orders += 1;
                let mut progress = detaching(settings);
                let (mut cleanups, mut removals) = (0, 0);
                for (at, step) in order.iter().enumerate() {
                    let mut next = step.take(&mut progress);
                    if next == Next::CleanUp {
                        cleanups += 1;
                        let left = &order[at + 1..];
                        assert!(!left.iter().any(|s| matches!(s, Step::Completed(_))), "{order:?}");
                        assert!(overtakes || left.is_empty(), "cleanup overtook a detach: {order:?}");
                        assert!(
                            left.iter().all(|s| matches!(s, Step::Returned(_, Status::PENDING))),
                            "{order:?}"
                        );
                        next = progress.cleaned();
                    }
                    if next == Next::Remove {
                        removals += 1;
                        assert!(!covers || at + 1 == order.len(), "removed too early: {order:?}");
                    }
                }
                assert_eq!((cleanups, removals), (1, 1), "{order:?}, {settings:?}");
            }
        }
    }
    assert!(orders > 400, "only {orders} orders");
}

#[test]
fn a_second_completion_does_not_count() {
    let mut progress = detaching(SETTINGS);
    assert!(progress.detach_called(Client));
    assert_eq!(progress.complete(Client), (Next::Nothing, None));
    assert_eq!(progress.complete(Client), (Next::Nothing, Some(Rule::CompletedTwice)));
    assert_eq!(progress.detach_returned(Client, Status::PENDING), (Next::Nothing, None));
    assert_eq!(progress.complete(Client), (Next::Nothing, Some(Rule::CompletedTwice)));
    assert_eq!(progress.half(Client).late_completion(), Rule::CompletedTwice);
}

#[test]
fn success_and_completion_exclude_each_other() {
    let mut progress = detaching(SETTINGS);
    assert!(progress.detach_called(Client));
    assert_eq!(progress.detach_returned(Client, Status::SUCCESS), (Next::Nothing, None));
    assert_eq!(progress.complete(Client), (Next::Nothing, Some(Rule::CompletedAfterSuccess)));
    assert_eq!(progress.half(Client).late_completion(), Rule::CompletedAfterSuccess);
    assert!(progress.detach_called(Provider));
    assert_eq!(progress.complete(Provider), (Next::CleanUp, None));
    let rule = Some(Rule::CompletedAfterSuccess);
    assert_eq!(progress.detach_returned(Provider, Status::SUCCESS), (Next::Nothing, rule));
}

#[test]
fn a_completion_before_the_call_is_kept_for_it() {
    let mut progress = attached(SETTINGS);
    assert_eq!(progress.complete(Provider), (Next::Nothing, Some(Rule::CompletedBeforeDetach)));
    assert!(progress.begin_detach());
    assert!(progress.detach_called(Client));
    assert_eq!(progress.detach_returned(Client, Status::SUCCESS), (Next::Nothing, None));
    assert!(progress.detach_called(Provider));
    assert_eq!(progress.detach_returned(Provider, Status::PENDING), (Next::CleanUp, None));
    assert_eq!(progress.cleaned(), Next::Remove);
}

#[test]
fn nothing_is_completed_that_was_not_attached() {
    let mut progress = Progress::new(SETTINGS);
    assert_eq!(progress.complete(Client), (Next::Nothing, Some(Rule::CompletedUnattached)));
}

#[test]
fn another_answer_counts_as_success() {
    let mut progress = detaching(SETTINGS);
    assert!(progress.detach_called(Client));
    let rule = Some(Rule::DetachAnswer);
    assert_eq!(progress.detach_returned(Client, Status::INVALID_PARAMETER), (Next::Nothing, rule));
    assert!(progress.detach_called(Provider));
    assert_eq!(progress.detach_returned(Provider, Status::SUCCESS), (Next::CleanUp, None));
}

#[test]
fn a_client_that_failed_after_attaching_hears_nothing_more() {
    let mut progress = Progress::new(SETTINGS);
    progress.answer(Status::SUCCESS);
    assert_eq!(progress.attach_returned(Status::UNSUCCESSFUL).0, Verdict::ProviderAlone);
    assert!(progress.begin_detach());
    assert!(!progress.detach_called(Client) && !progress.cleanup_called(Client));
    assert!(progress.detach_called(Provider) && progress.cleanup_called(Provider));
    assert_eq!(progress.detach_returned(Provider, Status::SUCCESS), (Next::CleanUp, None));
}
