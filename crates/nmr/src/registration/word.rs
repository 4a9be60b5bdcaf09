//! Where a registration is between NmrRegister* and the return of NmrWaitFor*.

use crate::sync::{AtomicU32, Ordering, const_fn_outside_loom};
use core::fmt;

/// The states of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum RegistrationState {
    /// NMR does not know of it.
    Idle = 0,
    /// One thread is inside NmrRegister*.
    Registering = 1,
    /// NMR has it.
    Registered = 2,
    /// One thread closes its bindings, or is inside NmrDeregister*.
    Issuing = 3,
    /// NmrDeregister* answered STATUS_PENDING: it has to be waited for.
    IssuedPending = 4,
    /// NmrDeregister* answered STATUS_SUCCESS: there is nothing to wait for at NMR.
    IssuedDone = 5,
    /// One thread is inside NmrWaitFor*, or sees the last callbacks out.
    Waiting = 6,
    /// NmrDeregister* or NmrWaitFor* failed. Nothing leads out of here: NMR may still call in.
    Failed = 7,
}

impl RegistrationState {
    const ALL: [Self; 8] = [
        Self::Idle,
        Self::Registering,
        Self::Registered,
        Self::Issuing,
        Self::IssuedPending,
        Self::IssuedDone,
        Self::Waiting,
        Self::Failed,
    ];

    /// The state as snapshots show it.
    pub(crate) const fn in_snapshot(self) -> nmr_abi::attachments::RegistrationState {
        nmr_abi::attachments::RegistrationState(self as u32)
    }
}

impl fmt::Display for RegistrationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.in_snapshot().fmt(f)
    }
}

const STATE: u32 = 0b0111;
/// Set in Registering: whoever registers has to deregister at once.
const REQUESTED: u32 = 0b1000;
/// Steps whenever the registration becomes Idle, so that a waiter knows its own deactivation from the next one.
const ROUND: u32 = 0b1_0000;

/// What the word held at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen(u32);

impl Seen {
    pub(crate) fn state(self) -> RegistrationState {
        RegistrationState::ALL[(self.0 & STATE) as usize]
    }

    /// How often the registration had become Idle.
    pub(crate) const fn round(self) -> u32 {
        self.0 / ROUND
    }

    /// Whether the registration is on its way to Idle, or will be as soon as it is registered.
    pub(crate) fn is_ending(self) -> bool {
        match self.state() {
            RegistrationState::Idle | RegistrationState::Registered => false,
            RegistrationState::Registering => self.0 & REQUESTED != 0,
            _ => true,
        }
    }

    const fn with(self, state: RegistrationState) -> Self {
        Self(self.0 & !(STATE | REQUESTED) | state as u32)
    }

    const fn idle(self) -> Self {
        Self(self.with(RegistrationState::Idle).0.wrapping_add(ROUND))
    }
}

/// The word. A step that takes the registration is a compare-exchange with one winner, who owns it until its next step.
pub(crate) struct RegistrationWord(AtomicU32);

impl RegistrationWord {
    const_fn_outside_loom! {
        pub(crate) fn new() -> Self {
            Self(AtomicU32::new(0))
        }
    }

    pub(crate) fn load(&self) -> Seen {
        Seen(self.0.load(Ordering::Acquire))
    }

    /// Takes the registration, if it is in `from`. False if somebody else was faster.
    pub(crate) fn take(&self, from: RegistrationState, to: RegistrationState) -> bool {
        let seen = self.load();
        seen.state() == from && self.exchange(seen, seen.with(to))
    }

    /// Registering to Registered, unless somebody has asked for the end: then to Issuing, whose owner the caller is.
    pub(crate) fn registered(&self) -> RegistrationState {
        loop {
            let seen = self.load();
            let to = match seen.is_ending() {
                true => RegistrationState::Issuing,
                false => RegistrationState::Registered,
            };
            if self.exchange(seen, seen.with(to)) {
                return to;
            }
        }
    }

    /// Asks whoever is Registering to deregister at once. False if nobody is, any more.
    pub(crate) fn request(&self) -> bool {
        let seen = self.load();
        seen.state() == RegistrationState::Registering && self.exchange(seen, Seen(seen.0 | REQUESTED))
    }

    /// The owner's step, from any state but Registering, in which others may put a request; otherwise nobody else writes.
    pub(crate) fn advance(&self, to: RegistrationState) {
        self.0.store(self.load().with(to).0, Ordering::Release);
    }

    /// The owner's step to Idle, from any state but Registering.
    pub(crate) fn becomes_idle(&self) {
        self.0.store(self.load().idle().0, Ordering::Release);
    }

    /// The owner's step from Registering to Idle. A request that comes in meanwhile is granted by this.
    pub(crate) fn not_registered(&self) {
        loop {
            let seen = self.load();
            if self.exchange(seen, seen.idle()) {
                return;
            }
        }
    }

    fn exchange(&self, from: Seen, to: Seen) -> bool {
        self.0.compare_exchange(from.0, to.0, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}
