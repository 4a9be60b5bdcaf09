//! Where a registration is between NmrRegister* and the return of NmrWaitFor*.

use core::sync::atomic::{AtomicU8, Ordering};

/// The states of a registration. Each step is a compare-exchange with one winner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum RegistrationState {
    /// NMR does not know of it.
    Idle = 0,
    /// One thread is inside NmrRegister*.
    Registering = 1,
    /// NMR has it.
    Registered = 2,
    /// One thread is inside NmrDeregister*.
    Issuing = 3,
    /// NmrDeregister* answered STATUS_PENDING.
    Issued = 4,
    /// One thread is inside NmrWaitFor*.
    Waiting = 5,
}

#[derive(Debug)]
pub(crate) struct RegistrationWord(AtomicU8);

impl RegistrationWord {
    pub(crate) const fn new() -> Self {
        Self(AtomicU8::new(RegistrationState::Idle as u8))
    }

    /// Takes the step, if the registration is in `from`.
    pub(crate) fn step(&self, from: RegistrationState, to: RegistrationState) -> bool {
        self.0.compare_exchange(from as u8, to as u8, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}
