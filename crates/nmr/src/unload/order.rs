//! The order in which registrations come down: the only place that knows it.
//!
//! Higher stages first, each completely. Within a stage every binding is closed before the first NmrDeregister*, so that
//! all drains overlap; every NmrDeregister* is issued before the first wait.

use super::Coordinated;
use crate::registration::Registered;
use crate::sync::{AtomicU32, AtomicU64, Ordering, const_fn_outside_loom};
use crate::{MayWait, Stage};
use core::time::Duration;

/// Visits the registrations of a driver.
pub(super) type Visit<'a, D> = &'a dyn Fn(&mut dyn FnMut(Stage, &'static dyn Registered<D>));

/// How far the issuing of a stage is, for those who help with it.
pub(super) struct Issuing {
    /// The stage whose NmrDeregister* are issued, plus one; 0 for none.
    stage: AtomicU32,
    /// The stage that helpers are made for, plus one. A helper that comes too late for it does nothing, so that nobody
    /// waits long for helpers of a stage that is down.
    helped: AtomicU32,
    /// When the issuing of the stage began, in ns.
    began: AtomicU64,
}

impl Issuing {
    const_fn_outside_loom! {
        pub(super) fn new() -> Self {
            Self { stage: AtomicU32::new(0), helped: AtomicU32::new(0), began: AtomicU64::new(0) }
        }
    }

    /// The stage that is being issued, and since when. Many peers that block for a little each hold it up like one that
    /// blocks for long.
    pub(super) fn since(&self) -> Option<(Stage, Duration)> {
        let stage = self.stage()?;
        Some((stage, Duration::from_nanos(self.began.load(Ordering::Acquire))))
    }

    fn stage(&self) -> Option<Stage> {
        self.stage.load(Ordering::Acquire).checked_sub(1).map(|stage| Stage(stage as u8))
    }

    /// Makes the next helpers those of `stage`.
    pub(super) fn help_with(&self, stage: Stage) {
        self.helped.store(u32::from(stage.0) + 1, Ordering::Release);
    }

    /// The stage that a helper is to help with.
    fn helped_stage(&self) -> Option<Stage> {
        let stage = self.stage()?;
        (self.helped.load(Ordering::Acquire) == u32::from(stage.0) + 1).then_some(stage)
    }

    pub(super) fn begin(&self, stage: Stage, now: Duration) {
        self.began.store(now.as_nanos() as u64, Ordering::Release);
        self.stage.store(u32::from(stage.0) + 1, Ordering::Release);
    }

    fn end(&self) {
        self.stage.store(0, Ordering::Release);
    }
}

/// Shuts every door, so that no binding stays open that the next steps do not see. Answers the highest stage.
pub(super) fn shut_doors<D>(visit: Visit<'_, D>) -> Stage {
    let mut highest = Stage(0);
    visit(&mut |stage, registration| {
        registration.shut_door(&Coordinated(()));
        highest = highest.max(stage);
    });
    highest
}

/// Takes all stages down. All doors are shut, and nobody registers any more.
pub(super) fn take_down<D>(
    visit: Visit<'_, D>,
    highest: Stage,
    issuing: &Issuing,
    now: &dyn Fn() -> Duration,
    at: &MayWait<'_>,
) {
    for stage in (0..=highest.0).rev().map(Stage) {
        each_of(visit, stage, &mut |registration| {
            registration.close_bindings(at.at_most_dispatch(), &Coordinated(()));
        });
        issuing.begin(stage, now());
        each_of(visit, stage, &mut |registration| registration.issue_deregister(&Coordinated(())));
        issuing.end();
        each_of(visit, stage, &mut |registration| {
            registration.wait_deregistered(at, &Coordinated(()));
        });
    }
}

/// Issues what is left to be issued, next to Unload's own thread. Registrations are claimed one by one.
pub(super) fn help<D>(visit: Visit<'_, D>, issuing: &Issuing) {
    let Some(stage) = issuing.helped_stage() else { return };
    each_of(visit, stage, &mut |registration| registration.issue_deregister(&Coordinated(())));
}

/// How many registrations of `stage` nobody has claimed yet.
pub(super) fn left<D>(visit: Visit<'_, D>, stage: Stage) -> usize {
    let mut left = 0;
    each_of(visit, stage, &mut |registration| {
        left += usize::from(registration.is_registered(&Coordinated(())));
    });
    left
}

fn each_of<D>(visit: Visit<'_, D>, stage: Stage, step: &mut dyn FnMut(&'static dyn Registered<D>)) {
    visit(&mut |other, registration| {
        if other == stage {
            step(registration);
        }
    });
}
