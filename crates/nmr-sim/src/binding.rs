//! One pair of a client and a provider: how far its attachment and its detachment have come.
//!
//! No callback and no lock is in here: each step says what the caller has to do next. A binding goes from `Offered` to
//! `Attached` to `Detaching` to `Cleaning` to `Ended`; a refused one goes from `Offered` to `Ended`.

use crate::contract::Rule;
use crate::registered::Shown;
use crate::registration::Registration;
use crate::side::Side;
use crate::sync::Brief;
use crate::table::Place;
use nmr_abi::Status;
use std::ffi::c_void;
use std::sync::atomic::AtomicPtr;
use std::sync::{Arc, OnceLock};

/// A client and a provider that are, were or may become attached.
pub(crate) struct Binding {
    pub(crate) number: u64,
    pub(crate) place: Place,
    pub(crate) client: Arc<Registration>,
    pub(crate) provider: Arc<Registration>,
    /// The client's binding context, set before the provider is asked.
    pub(crate) client_context: AtomicPtr<c_void>,
    /// The provider's binding context, set before the client learns that the provider has accepted.
    pub(crate) provider_context: AtomicPtr<c_void>,
    /// The client's dispatch table, set with its context.
    pub(crate) client_dispatch: AtomicPtr<c_void>,
    /// The provider's dispatch table, set with its context.
    pub(crate) provider_dispatch: AtomicPtr<c_void>,
    /// The dispatch tables as they were when both sides had accepted, if the world was told their sizes.
    pub(crate) tables: OnceLock<Tables>,
    pub(crate) progress: Brief<Progress>,
}

impl Binding {
    pub(crate) fn of(&self, side: Side) -> &Arc<Registration> {
        match side {
            Side::Client => &self.client,
            Side::Provider => &self.provider,
        }
    }

    pub(crate) fn context(&self, side: Side) -> &AtomicPtr<c_void> {
        match side {
            Side::Client => &self.client_context,
            Side::Provider => &self.provider_context,
        }
    }

    pub(crate) fn dispatch(&self, side: Side) -> &AtomicPtr<c_void> {
        match side {
            Side::Client => &self.client_dispatch,
            Side::Provider => &self.provider_dispatch,
        }
    }
}

/// The client's and the provider's dispatch table.
pub(crate) struct Tables {
    pub(crate) client: Option<Shown>,
    pub(crate) provider: Option<Shown>,
}

/// How far a binding has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The client's attach callback has not returned.
    Offered,
    /// Both sides have accepted, and neither has begun to deregister.
    Attached,
    /// The detach callbacks are being called, or have been, and a completion is missing.
    Detaching,
    /// The cleanup callbacks are being called.
    Cleaning,
    /// Both sides are cleaned up, or the offer was declined.
    Ended,
}

/// One side's part in a detach.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Half {
    /// The side has already let go of its context, so that none of its callbacks is called.
    absent: bool,
    pub(crate) called: bool,
    pub(crate) returned: Option<Status>,
    pub(crate) completed: bool,
    /// The cleanup callback was called, or is not due.
    pub(crate) cleaned: bool,
}

impl Half {
    /// Whether the side answered its detach callback with something that needs no completion.
    fn needs_no_completion(self) -> bool {
        self.returned.is_some_and(|status| status != Status::PENDING)
    }

    fn is_detached(self, settings: Settings) -> bool {
        match self.returned {
            _ if self.absent => true,
            Some(Status::PENDING) => self.completed,
            Some(_) => true,
            None => self.called && self.completed && settings.cleanup_overtakes_detach,
        }
    }

    /// Which rule a completion breaks that comes when the binding is gone.
    pub(crate) fn late_completion(self) -> Rule {
        match self {
            Self { called: false, .. } => Rule::CompletedUnattached,
            Self { completed: true, .. } => Rule::CompletedTwice,
            _ => Rule::CompletedAfterSuccess,
        }
    }

    /// How the half stands, for a report.
    pub(crate) const fn describe(self) -> &'static str {
        match self {
            Self { absent: true, .. } => "has nothing to detach",
            Self { called: false, completed: false, .. } => "was not asked to detach yet",
            Self { called: false, .. } => "completed before it was asked to detach",
            Self { returned: None, .. } => "is inside its detach callback",
            Self { returned: Some(Status::PENDING), completed: false, .. } => {
                "answered STATUS_PENDING and has not completed"
            }
            _ => "is detached",
        }
    }
}

/// What Windows does not document, as far as a binding is concerned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// A side is detached as soon as it completes, even if its detach callback has not returned.
    pub(crate) cleanup_overtakes_detach: bool,
    /// A binding ends only when its detach callbacks have returned.
    pub(crate) wait_covers_detach: bool,
}

/// What became of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Attached,
    Refused,
    /// The provider attached and the client then failed, which it must not. Nobody knows what Windows does; here the
    /// provider is detached and cleaned up, and the client, which has let go of its context, hears nothing more.
    ProviderAlone,
}

/// What whoever made a step has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Next {
    Nothing,
    /// Call the cleanup callbacks: both sides have detached. Told once.
    CleanUp,
    /// Take the binding out of the world. Told once.
    Remove,
}

/// How far a binding has come.
#[derive(Debug)]
pub(crate) struct Progress {
    phase: Phase,
    /// What the last `NmrClientAttachProvider` answered.
    answer: Option<Status>,
    client: Half,
    provider: Half,
    /// Detach callbacks that have not returned.
    inside: u8,
    settings: Settings,
}

impl Progress {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            phase: Phase::Offered,
            answer: None,
            client: Half::default(),
            provider: Half::default(),
            inside: 0,
            settings,
        }
    }

    /// Whether the provider has accepted.
    pub(crate) fn is_accepted(&self) -> bool {
        self.answer.is_some_and(Status::is_success)
    }

    /// `NmrClientAttachProvider` is about to return `status`.
    pub(crate) fn answer(&mut self, status: Status) {
        self.answer = Some(status);
    }

    /// The client's attach callback returned `status`.
    pub(crate) fn attach_returned(&mut self, status: Status) -> (Verdict, Option<Rule>) {
        let (verdict, rule) = match (self.is_accepted(), status.is_success()) {
            (true, true) => (Verdict::Attached, Rule::AttachAnswerChanged),
            (false, false) => (Verdict::Refused, Rule::AttachAnswerChanged),
            (false, true) => (Verdict::Refused, Rule::SuccessWithoutAttach),
            (true, false) => (Verdict::ProviderAlone, Rule::FailedAfterAttach),
        };
        let broken = match rule {
            Rule::AttachAnswerChanged => self.answer.is_some_and(|answer| answer != status),
            _ => true,
        };
        self.phase = if verdict == Verdict::Refused { Phase::Ended } else { Phase::Attached };
        self.client.absent = verdict == Verdict::ProviderAlone;
        (verdict, broken.then_some(rule))
    }

    /// Whether the caller is the one to call the detach callbacks: said once, of an attached binding.
    pub(crate) fn begin_detach(&mut self) -> bool {
        let begins = self.phase == Phase::Attached;
        if begins {
            self.phase = Phase::Detaching;
        }
        begins
    }

    /// The detach callback of `side` is about to be called, if this says so.
    pub(crate) fn detach_called(&mut self, side: Side) -> bool {
        let half = self.half_mut(side);
        if half.absent {
            return false;
        }
        half.called = true;
        self.inside += 1;
        true
    }

    /// The detach callback of `side` returned `status`.
    pub(crate) fn detach_returned(&mut self, side: Side, status: Status) -> (Next, Option<Rule>) {
        let half = self.half_mut(side);
        half.returned = Some(status);
        let rule = match status {
            Status::PENDING => None,
            Status::SUCCESS => half.completed.then_some(Rule::CompletedAfterSuccess),
            // Nobody knows what Windows does with another answer. It promises no completion, so none is awaited.
            _ => Some(Rule::DetachAnswer),
        };
        self.inside -= 1;
        if self.phase == Phase::Ended && self.inside == 0 && self.settings.wait_covers_detach {
            return (Next::Remove, rule);
        }
        (self.next(), rule)
    }

    /// `side` called its completion function. A completion that breaks a rule of severity error does not count.
    pub(crate) fn complete(&mut self, side: Side) -> (Next, Option<Rule>) {
        let unattached = self.phase == Phase::Offered && !self.is_accepted();
        let half = self.half_mut(side);
        if unattached || half.absent {
            (Next::Nothing, Some(Rule::CompletedUnattached))
        } else if half.needs_no_completion() {
            (Next::Nothing, Some(Rule::CompletedAfterSuccess))
        } else if half.completed {
            (Next::Nothing, Some(Rule::CompletedTwice))
        } else {
            half.completed = true;
            let early = !half.called;
            (self.next(), early.then_some(Rule::CompletedBeforeDetach))
        }
    }

    /// Both cleanup callbacks have returned.
    pub(crate) fn cleaned(&mut self) -> Next {
        self.phase = Phase::Ended;
        if self.inside == 0 || !self.settings.wait_covers_detach { Next::Remove } else { Next::Nothing }
    }

    /// The cleanup callback of `side` is about to be called, if this says so.
    pub(crate) fn cleanup_called(&mut self, side: Side) -> bool {
        let half = self.half_mut(side);
        half.cleaned = true;
        !half.absent
    }

    /// Whether the NMR or the module itself may still be given the context of `side`.
    pub(crate) fn context_is_in_use(&self, side: Side) -> bool {
        let half = self.half(side);
        self.is_accepted() && self.phase != Phase::Ended && !half.absent && !half.cleaned
    }

    /// Whether each side may still call through the other's dispatch table.
    pub(crate) fn dispatch_is_in_use(&self) -> bool {
        match self.phase {
            Phase::Offered => self.is_accepted(),
            Phase::Attached | Phase::Detaching => true,
            Phase::Cleaning | Phase::Ended => false,
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn half(&self, side: Side) -> Half {
        match side {
            Side::Client => self.client,
            Side::Provider => self.provider,
        }
    }

    /// How the binding stands, for a report; `None` while the answer lies with the two halves.
    pub(crate) fn describe(&self) -> Option<&'static str> {
        match self.phase {
            Phase::Offered => Some("the client's attach callback has not returned"),
            Phase::Attached => Some("attached"),
            Phase::Detaching => None,
            Phase::Cleaning => Some("a cleanup callback has not returned"),
            Phase::Ended => Some("a detach callback has not returned"),
        }
    }

    fn half_mut(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Client => &mut self.client,
            Side::Provider => &mut self.provider,
        }
    }

    fn next(&mut self) -> Next {
        let detached = self.client.is_detached(self.settings) && self.provider.is_detached(self.settings);
        if self.phase != Phase::Detaching || !detached {
            return Next::Nothing;
        }
        self.phase = Phase::Cleaning;
        Next::CleanUp
    }
}

#[cfg(test)]
mod tests;
