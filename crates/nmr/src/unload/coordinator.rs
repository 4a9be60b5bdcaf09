//! Where the threads meet that activate, deactivate and unload, in the driver's static storage.

#![expect(unsafe_code, reason = "uses an event that has to be initialised first")]

use super::drainer::Drainer;
use super::gate::Gate;
use super::order::Issuing;
use super::watchdog;
use crate::sync::{AtomicU32, AtomicU64, Ordering, const_fn_outside_loom};
use crate::{Driver, MayWait, RawEvent, RawThread, System};
use core::fmt;
use core::time::Duration;

type Event<D> = <<D as Driver>::System as System>::Event;

/// What unload waits for, besides the registrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Phase {
    /// Not begun, or over.
    None,
    /// The driver's `stop` hook.
    Stop,
    /// Threads inside an activation.
    Activations,
    /// The registrations.
    Registrations,
    /// Threads inside a deactivation.
    Deactivations,
    /// The driver's own threads.
    Threads,
    /// DPCs that were queued.
    Dpcs,
}

impl Phase {
    const ALL: [Self; 7] = [
        Self::None,
        Self::Stop,
        Self::Activations,
        Self::Registrations,
        Self::Deactivations,
        Self::Threads,
        Self::Dpcs,
    ];
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "nothing",
            Self::Stop => "the driver's stop hook",
            Self::Activations => "threads that activate a registration",
            Self::Registrations => "its registrations",
            Self::Deactivations => "threads that deactivate a registration",
            Self::Threads => "the driver's own threads",
            Self::Dpcs => "queued DPCs",
        })
    }
}

/// The driver's gate, and what its unload tells the monitor. `driver!` declares it.
pub struct Coordinator<D: Driver> {
    gate: Gate,
    issuing: Issuing,
    drainer: Drainer<RawThread>,
    phase: AtomicU32,
    /// When unload began, in the system's time, in ns.
    began: AtomicU64,
    /// Whether the monitor watches; otherwise Unload's own thread does, as far as it can.
    watched: AtomicU32,
    /// How often somebody was named who holds unload up.
    reports: AtomicU32,
    /// Tells the monitor to end.
    end: Event<D>,
}

impl<D: Driver> Coordinator<D> {
    const_fn_outside_loom! {
        /// For `driver!`.
        #[doc(hidden)]
        pub fn new() -> Self {
            Self {
                gate: Gate::new(),
                issuing: Issuing::new(),
                drainer: Drainer::new(),
                phase: AtomicU32::new(Phase::None as u32),
                began: AtomicU64::new(0),
                watched: AtomicU32::new(0),
                reports: AtomicU32::new(0),
                end: Event::<D>::UNINITIALIZED,
            }
        }
    }

    /// # Safety
    /// The driver is not loaded, and the value is in its place for good.
    pub(super) unsafe fn prepare(&self) {
        // SAFETY: as the caller says.
        unsafe { self.end.initialize() };
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    pub(super) fn issuing(&self) -> &Issuing {
        &self.issuing
    }

    pub(super) fn drainer(&self) -> &Drainer<RawThread> {
        &self.drainer
    }

    pub(super) fn begins(&self, now: Duration) {
        self.began.store(now.as_nanos() as u64, Ordering::Release);
        self.reports.store(0, Ordering::Release);
        self.enters(Phase::Stop);
    }

    pub(super) fn enters(&self, phase: Phase) {
        self.phase.store(phase as u32, Ordering::Release);
    }

    pub(super) fn phase(&self) -> Phase {
        Phase::ALL[self.phase.load(Ordering::Acquire) as usize]
    }

    pub(super) fn began(&self) -> Duration {
        Duration::from_nanos(self.began.load(Ordering::Acquire))
    }

    pub(super) fn set_watched(&self, watched: bool) {
        self.watched.store(u32::from(watched), Ordering::Release);
    }

    pub(super) fn counts_report(&self) {
        self.reports.fetch_add(1, Ordering::Relaxed);
    }

    /// Unload's thread has waited for another one for a whole period of the watchdog.
    pub(crate) fn still_waiting(&self, driver: &'static D, at: &MayWait<'_>) {
        if self.phase() != Phase::None && self.watched.load(Ordering::Acquire) == 0 {
            watchdog::report(driver, at);
        }
    }

    /// Lets time pass while `busy`.
    pub(super) fn wait_while(&self, driver: &'static D, at: &MayWait<'_>, busy: &dyn Fn() -> bool) {
        let system = driver.system();
        let mut reported = system.now();
        while busy() {
            system.sleep(at, Duration::from_millis(1));
            if system.now().saturating_sub(reported) >= system.watchdog_period() {
                self.still_waiting(driver, at);
                reported = system.now();
            }
        }
    }

    pub(super) fn ends(&self, driver: &'static D, at: &MayWait<'_>) {
        self.enters(Phase::None);
        if self.reports.load(Ordering::Relaxed) > 0 {
            let took = driver.system().now().saturating_sub(self.began()).as_secs();
            let line =
                format_args!("nmr: {}: unloaded after {took} s; nothing holds it up any more", D::NAME);
            driver.system().report_blocker(at, line);
        }
    }

    /// Has the monitor end.
    pub(super) fn end_watch(&self) {
        // SAFETY: `prepare` has initialised the event.
        unsafe { self.end.set() };
    }

    /// Waits for the end of the monitor's watch for `limit` at most. Answers whether it has come.
    pub(super) fn wait_for_end(&self, at: &MayWait<'_>, limit: Duration) -> bool {
        // SAFETY: `prepare` has initialised the event.
        unsafe { self.end.wait(at, Some(limit)) }
    }
}

impl<D: Driver> fmt::Debug for Coordinator<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coordinator").field("phase", &self.phase()).finish_non_exhaustive()
    }
}
