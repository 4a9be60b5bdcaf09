//! Says what holds unload up: every binding and registration in the log, the first of them in the system's report too.

use super::Coordinated;
use crate::binding::Occupant;
use crate::log::Subject;
use crate::registration::RegistrationState;
use crate::{Driver, MayWait, System};
use core::fmt;
use core::time::Duration;

/// More lines than anybody reads every ten seconds.
const MOST_LINES: usize = 16;

/// What keeps a registration from its end.
pub struct Blocker {
    pub(crate) subject: Subject,
    pub(crate) state: RegistrationState,
    /// NMR callbacks of the registration that are running.
    pub(crate) callbacks: usize,
    /// A binding that is left, if there is one.
    pub(crate) occupant: Option<Occupant>,
}

impl Blocker {
    /// Whether a thread is at work on the registration, or has failed; otherwise nobody has got to it yet.
    const fn is_at_work(&self) -> bool {
        !matches!(self.state, RegistrationState::IssuedPending | RegistrationState::IssuedDone)
    }

    /// What is known about it at `now`.
    fn at(&self, now: Duration) -> impl fmt::Display {
        fmt::from_fn(move |f| {
            let Self { state, callbacks, .. } = self;
            write!(f, " [{state}]: ")?;
            if let Some(Occupant { peer, calls, since }) = &self.occupant {
                let age = now.saturating_sub(*since).as_secs();
                write!(f, "{peer}, {calls} calls in flight, bound for {age} s, ")?;
            }
            write!(f, "{callbacks} callbacks running")
        })
    }
}

impl fmt::Debug for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocker").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Names everybody who holds the unload of `driver` up.
pub(super) fn report<D: Driver>(driver: &'static D, at: &MayWait<'_>) {
    let system = driver.system();
    let coordinator = driver.coordinator();
    let now = system.now();
    let waited = now.saturating_sub(coordinator.began()).as_secs();
    let mut found = 0;
    let mut first = None;
    for_each_blocker(driver, &mut |blocker| {
        found += 1;
        if blocker.is_at_work() {
            first.get_or_insert(found);
        }
    });
    let first = first.unwrap_or(1);
    coordinator.counts_report();
    let phase = coordinator.phase();
    if found == 0 {
        let line = format_args!("nmr: {}: unload waits for {phase}, {waited} s so far", D::NAME);
        system.log(line);
        system.report_blocker(at, line);
        return;
    }
    let mut lines = 0;
    for_each_blocker(driver, &mut |blocker| {
        lines += 1;
        let line = blocker.subject.step("unload is held up by", blocker.at(now));
        if lines == first {
            let line = format_args!("{line}; unload waits for {phase}, {waited} s so far, {found} in all");
            system.log(line);
            system.report_blocker(at, line);
        } else if lines <= MOST_LINES {
            system.log(format_args!("{line}"));
        }
    });
}

fn for_each_blocker<D: Driver>(driver: &'static D, each: &mut dyn FnMut(&Blocker)) {
    driver
        .for_each_registration(&mut |_, registration| registration.for_each_blocker(each, &Coordinated(())));
}
