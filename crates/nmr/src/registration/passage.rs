//! The way of one registration through NMR: who takes the next step, and how the others learn of it.
//!
//! Each step that calls NMR is owned by the thread that won it. The others wait for the owner's next step on an event,
//! below DISPATCH_LEVEL. The event is set except while somebody owns the registration:
//!
//! ```text
//! owner:   take the step │ clear the event │ call NMR │ set the event │ step on
//! waiters:               └ may find it set, and look at the word again ┘
//! ```
//!
//! It is set before the word steps on, not after. So the step is the owner's last access to the registration, and the
//! next owner, who can come only after it, finds the event set and clears it for good.

#![expect(unsafe_code, reason = "uses an event that has to be initialised first")]

use super::word::{RegistrationState, RegistrationWord, Seen};
use crate::sync::const_fn_outside_loom;
use crate::{AtMostDispatch, Error, MayWait, RawEvent, Result};
use core::ffi::c_void;
use core::time::Duration;

/// What NmrDeregister* came back with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deregistered {
    /// STATUS_PENDING.
    Pending,
    /// STATUS_SUCCESS.
    Done,
    /// Anything else. The driver has chosen not to stop the machine then.
    Failed,
}

/// What NmrWaitFor* came back with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    /// STATUS_SUCCESS.
    Done,
    /// Anything else. The driver has chosen not to stop the machine then.
    Failed,
}

/// Why a registration was not activated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotActivated {
    /// It is not idle.
    NotIdle,
    /// `NmrRegister*` failed.
    Failed(Error),
}

/// What the steps of a registration do, each called by the thread that owns the step.
pub(crate) trait Steps {
    /// Stops new bindings and new calls.
    fn close(&self, at: &AtMostDispatch<'_>);
    /// `NmrDeregister*`.
    fn deregister(&self) -> Deregistered;
    /// `NmrWaitFor*`.
    fn wait(&self, at: &MayWait<'_>) -> Waited;
    /// NMR is done with the registration: sees its last callbacks out, and forgets its handle.
    fn see_out(&self, at: &MayWait<'_>);
    /// Lets a moment pass.
    fn pause(&self, at: &MayWait<'_>);
    /// How long to wait for another thread before [`Steps::still_waiting`].
    fn patience(&self) -> Duration;
    /// The owner has not taken its next step for so long, again.
    fn still_waiting(&self, at: &MayWait<'_>);
}

pub(crate) struct Passage<E> {
    word: RegistrationWord,
    /// Set while nobody owns the registration.
    unowned: E,
}

impl<E: RawEvent> Passage<E> {
    const_fn_outside_loom! {
        pub(crate) fn new() -> Self {
            Self { word: RegistrationWord::new(), unowned: E::UNINITIALIZED }
        }
    }

    /// How long the word is, in bytes.
    pub(crate) const WORD_SIZE: usize = size_of::<RegistrationWord>();

    /// Where debuggers find the word.
    pub(crate) const fn word_address(&'static self) -> *const c_void {
        (&raw const self.word).cast()
    }

    /// Makes the event ready.
    ///
    /// # Safety
    /// The registration is idle, nobody else uses it meanwhile, and it does not move afterwards. Comes before every
    /// other method.
    pub(crate) unsafe fn prepare(&self) {
        // SAFETY: as the caller says.
        unsafe { self.unowned.initialize() };
        self.give_up();
    }

    #[cfg(test)]
    pub(crate) fn event(&self) -> &E {
        &self.unowned
    }

    pub(crate) fn state(&self) -> RegistrationState {
        self.word.load().state()
    }

    /// Registers, and deregisters again at once if somebody asked for it meanwhile, after a word to `requested`.
    ///
    /// # Errors
    /// Somebody else has the registration, or `register` failed.
    pub(crate) fn activate(
        &self,
        steps: &dyn Steps,
        at: &AtMostDispatch<'_>,
        register: &mut dyn FnMut() -> Result<()>,
        requested: &mut dyn FnMut(),
    ) -> Result<(), NotActivated> {
        if !self.word.take(RegistrationState::Idle, RegistrationState::Registering) {
            return Err(NotActivated::NotIdle);
        }
        self.own();
        if let Err(error) = register() {
            self.give_up();
            self.word.not_registered();
            return Err(NotActivated::Failed(error));
        }
        self.give_up();
        if self.word.registered() == RegistrationState::Issuing {
            self.own();
            requested();
            steps.close(at);
            self.issue(steps);
        }
        Ok(())
    }

    /// Sees to it that the registration ends, without waiting for it.
    pub(crate) fn deactivate(&self, steps: &dyn Steps, at: &AtMostDispatch<'_>) {
        loop {
            match self.state() {
                RegistrationState::Registering => {
                    if self.word.request() {
                        return;
                    }
                }
                RegistrationState::Registered => {
                    if self.claim() {
                        steps.close(at);
                        return self.issue(steps);
                    }
                }
                _ => return,
            }
        }
    }

    /// Deregisters, if the registration is registered and nobody else was faster. For a caller who has closed it for
    /// good.
    pub(crate) fn deregister_closed(&self, steps: &dyn Steps) {
        if self.claim() {
            self.issue(steps);
        }
    }

    /// Waits until the deactivation that is under way has come to its end, if there is one; whoever takes its steps.
    pub(crate) fn wait_deactivated(&self, steps: &dyn Steps, at: &MayWait<'_>) {
        let first = self.word.load();
        if !first.is_ending() {
            return;
        }
        let mut seen = first;
        while seen.round() == first.round() {
            self.step_towards_idle(seen, steps, at);
            seen = self.word.load();
        }
    }

    /// Takes the registration to Idle from wherever it is, or waits for those who do. For a caller who has closed it
    /// for good: nobody begins to register it any more.
    pub(crate) fn take_down(&self, steps: &dyn Steps, at: &MayWait<'_>) {
        loop {
            let seen = self.word.load();
            match seen.state() {
                RegistrationState::Idle => return,
                RegistrationState::Registered => self.deregister_closed(steps),
                _ => self.step_towards_idle(seen, steps, at),
            }
        }
    }

    /// Waits until nobody is Registering.
    pub(crate) fn wait_registered(&self, steps: &dyn Steps, at: &MayWait<'_>) {
        loop {
            let seen = self.word.load();
            if seen.state() != RegistrationState::Registering {
                return;
            }
            self.wait_for_owner(seen, steps, at);
        }
    }

    /// Whether the caller owns the registration now, in Issuing.
    fn claim(&self) -> bool {
        let won = self.word.take(RegistrationState::Registered, RegistrationState::Issuing);
        if won {
            self.own();
        }
        won
    }

    /// For the owner of Issuing.
    fn issue(&self, steps: &dyn Steps) {
        let issued = match steps.deregister() {
            Deregistered::Pending => RegistrationState::IssuedPending,
            Deregistered::Done => RegistrationState::IssuedDone,
            Deregistered::Failed => return self.fails(),
        };
        self.give_up();
        self.word.advance(issued);
    }

    fn step_towards_idle(&self, seen: Seen, steps: &dyn Steps, at: &MayWait<'_>) {
        let state = seen.state();
        let issued = matches!(state, RegistrationState::IssuedPending | RegistrationState::IssuedDone);
        if !issued {
            return self.wait_for_owner(seen, steps, at);
        }
        if !self.word.take(state, RegistrationState::Waiting) {
            return;
        }
        self.own();
        if state == RegistrationState::IssuedPending && steps.wait(at) == Waited::Failed {
            return self.fails();
        }
        steps.see_out(at);
        self.give_up();
        self.word.becomes_idle();
    }

    /// Returns when the word has changed since `seen`, and perhaps earlier.
    fn wait_for_owner(&self, seen: Seen, steps: &dyn Steps, at: &MayWait<'_>) {
        // SAFETY: `prepare` has initialised the event.
        let set = unsafe { self.unowned.wait(at, Some(steps.patience())) };
        if self.word.load() == seen {
            // Either the event has not been cleared yet or it is set already; or it takes long.
            match set {
                true => steps.pause(at),
                false => steps.still_waiting(at),
            }
        }
    }

    /// The event stays clear: whoever waits for the end of this registration waits for ever.
    fn fails(&self) {
        self.word.advance(RegistrationState::Failed);
    }

    fn own(&self) {
        // SAFETY: `prepare` has initialised the event.
        unsafe { self.unowned.clear() };
    }

    fn give_up(&self) {
        // SAFETY: `prepare` has initialised the event.
        unsafe { self.unowned.set() };
    }
}
