//! Says what holds unload up: every binding and registration in the log, the first of them in the system's report too.

use super::Coordinated;
use crate::log::{self, Facts, Subject};
use crate::registration::RegistrationState;
use crate::snapshot::{AttachmentRow, ticks};
use crate::{Driver, Level, MayWait, Step, System};
use core::fmt;

/// More lines than anybody reads every ten seconds.
const MOST_LINES: usize = 16;

/// What keeps a registration from its end.
pub struct Blocker {
    pub(crate) subject: Subject,
    pub(crate) state: RegistrationState,
    /// NMR callbacks of the registration that are running.
    pub(crate) callbacks: usize,
    /// An attachment that is left, if there is one.
    pub(crate) attachment: Option<AttachmentRow>,
}

impl Blocker {
    /// Whether a thread is at work on the registration, or has failed; otherwise nobody has got to it yet.
    const fn is_at_work(&self) -> bool {
        !matches!(self.state, RegistrationState::IssuedPending | RegistrationState::IssuedDone)
    }
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state, callbacks, attachment, .. } = self;
        write!(f, "[{state}]: ")?;
        if let Some(attachment) = attachment {
            match attachment.peer_module_id() {
                Some(module_id) => write!(f, "peer {module_id}")?,
                None => f.write_str("peer without a module id")?,
            }
            let (calls, age) = (attachment.calls_in_flight, attachment.age().as_secs());
            write!(f, " {}, {calls} calls in flight, bound for {age} s, ", attachment.state)?;
        }
        write!(f, "{callbacks} callbacks running")
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
    let waited = system.now().saturating_sub(coordinator.began()).as_secs();
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
        system.write(Level::Warning, line);
        system.report_blocker(at, line);
        return;
    }
    let mut lines = 0;
    for_each_blocker(driver, &mut |blocker| {
        lines += 1;
        let tell = |reason: &dyn fmt::Display| {
            let facts = Facts { reason: Some(reason), ..Facts::default() };
            log::tell(driver, Some(&blocker.subject), Step::HeldUp, &facts);
        };
        if lines == first {
            let reason =
                format_args!("{blocker}; unload waits for {phase}, {waited} s so far, {found} in all");
            tell(&reason);
            let facts = Facts { reason: Some(&reason), ..Facts::default() };
            system.report_blocker(
                at,
                format_args!("{}", log::event::<D>(Some(&blocker.subject), Step::HeldUp, &facts)),
            );
        } else if lines <= MOST_LINES {
            tell(blocker);
        }
    });
}

fn for_each_blocker<D: Driver>(driver: &'static D, each: &mut dyn FnMut(&Blocker)) {
    let now = ticks(driver.system().now());
    driver.for_each_registration(&mut |_, registration| {
        registration.for_each_blocker(now, each, &Coordinated(()));
    });
}
