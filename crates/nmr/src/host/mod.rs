//! The framework's seams filled by std, over any [`Registrar`]: how drivers are tested on a desk.

#![expect(unsafe_code, reason = "implements the system's traits, which promise things about memory")]

mod event;
mod lock;
mod processors;
mod registrar;
mod request;
mod thread;

pub use event::HostEvent;
pub use lock::HostLock;
pub use processors::{HostDpc, above_dispatch, critical_regions};
pub use request::{HostIrp, HostMdl, HostRequest};

use crate::{Driver, Error, Event, Failure, Level, MayWait, RawThread, Result, Step, System, ThreadEntry};
use core::ffi::c_void;
use core::fmt;
use core::time::Duration;
use nmr_abi::Registrar;
use processors::DpcThreads;
use std::boxed::Box;
use std::string::{String, ToString};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Instant;
use std::vec::Vec;
use thread::HostThread;

/// A system made of std and of the registrar `N`. Its log is kept, to be asserted on.
#[derive(Clone, Debug)]
pub struct Host<N> {
    registrar: N,
    log: Option<Arc<Mutex<Lines>>>,
    dpcs: Arc<DpcThreads>,
    watchdog_period: Duration,
    told: Arc<Told>,
}

/// What was logged, and how much each line matters.
type Lines = Vec<(Level, String)>;

/// What the system was told, and made of it.
#[derive(Debug, Default)]
struct Told {
    blockers: Mutex<Vec<String>>,
    traced: Mutex<Vec<Step>>,
    spawned: AtomicUsize,
    started: AtomicUsize,
    joined: AtomicUsize,
    /// The number of the thread that cannot be made, from 1; 0 for none.
    failing_spawn: AtomicUsize,
    dpc_flushes: AtomicUsize,
}

impl<N: Registrar> Host<N> {
    /// A system over `registrar`.
    pub fn new(registrar: N) -> Self {
        Self { log: Some(Arc::default()), ..Self::quiet(registrar) }
    }

    /// A system over `registrar` that drops its log unread, as a kernel without a debugger does.
    pub fn quiet(registrar: N) -> Self {
        Self {
            registrar,
            log: None,
            dpcs: Arc::default(),
            watchdog_period: Duration::from_secs(10),
            told: Arc::default(),
        }
    }

    /// The same system, whose unload says every `period` what it waits for.
    #[must_use]
    pub fn with_watchdog_period(self, period: Duration) -> Self {
        Self { watchdog_period: period, ..self }
    }

    /// Makes the `nth` thread from the system's first on fail to start; 0 for none.
    pub fn fail_nth_spawn(&self, nth: usize) {
        self.told.failing_spawn.store(nth, Ordering::SeqCst);
    }

    /// How many threads were asked for, failures included.
    pub fn spawned(&self) -> usize {
        self.told.spawned.load(Ordering::SeqCst)
    }

    /// How many threads were made and not joined since.
    pub fn threads_left(&self) -> usize {
        let joined = self.told.joined.load(Ordering::SeqCst);
        self.told.started.load(Ordering::SeqCst) - joined
    }

    /// How often DPCs were flushed.
    pub fn dpc_flushes(&self) -> usize {
        self.told.dpc_flushes.load(Ordering::SeqCst)
    }

    /// What was said to hold unload up, one line each time.
    pub fn blockers(&self) -> Vec<String> {
        self.told.blockers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The steps that ETW has been told of; none if the system is quiet.
    pub fn traced(&self) -> Vec<Step> {
        self.told.traced.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The registrar below.
    pub fn registrar(&self) -> &N {
        &self.registrar
    }

    /// The lines logged so far; none if the system is quiet.
    pub fn log_lines(&self) -> Vec<String> {
        self.leveled_log_lines().into_iter().map(|(_, line)| line).collect()
    }

    /// The lines logged so far, and how much each matters; none if the system is quiet.
    pub fn leveled_log_lines(&self) -> Vec<(Level, String)> {
        let Some(log) = &self.log else { return Vec::new() };
        log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A driver that is loaded on this host for as long as the value lives.
///
/// The driver's storage is static, as it is in the kernel: it is never freed, so a late reference finds a driver that
/// is down, and not freed memory.
#[derive(Debug)]
pub struct Loaded<D: Driver> {
    driver: &'static D,
}

impl<D: Driver> Loaded<D> {
    /// Puts a driver into storage of its own and loads it, as DriverEntry does. For a thread that is in no callback of
    /// NMR.
    ///
    /// # Errors
    /// What the driver's start or one of its registrations failed with; everything is taken down again then.
    pub fn new(system: D::System) -> Result<Self> {
        let storage = Self::storage(system);
        // SAFETY: fresh storage, which nobody else has.
        unsafe { Self::of(storage) }
    }

    /// Static storage with a driver that is not loaded yet.
    pub fn storage(system: D::System) -> &'static D {
        // SAFETY: put into static storage here, and loaded through `of` alone.
        let driver: &'static D = Box::leak(Box::new(unsafe { D::create(system) }));
        STORAGE.lock().unwrap_or_else(PoisonError::into_inner).push(driver);
        driver
    }

    /// Loads the driver in `storage`.
    ///
    /// # Errors
    /// As for [`Loaded::new`].
    ///
    /// # Safety
    /// The driver is not loaded at the moment.
    pub unsafe fn of(driver: &'static D) -> Result<Self> {
        // SAFETY: the caller's thread is an ordinary one, and in no callback.
        let may_wait = unsafe { MayWait::assume() };
        // SAFETY: as the caller says; the value that this makes unloads the driver, once.
        unsafe { driver.load(&may_wait) }?;
        Ok(Self { driver })
    }

    /// Unloads the driver, and loads it again in the same storage; `between` runs while it is unloaded.
    ///
    /// # Errors
    /// As for [`Loaded::new`].
    pub fn reload(self, between: impl FnOnce()) -> Result<Self> {
        let driver = self.driver;
        drop(self);
        between();
        // SAFETY: it was loaded through the value that was dropped, which has unloaded it.
        unsafe { Self::of(driver) }
    }

    /// The driver.
    pub fn driver(&self) -> &'static D {
        self.driver
    }
}

impl<D: Driver> Drop for Loaded<D> {
    fn drop(&mut self) {
        // SAFETY: the caller's thread is an ordinary one, and in no callback.
        let may_wait = unsafe { MayWait::assume() };
        // SAFETY: `of` has loaded the driver, and this value is the only one that unloads it.
        unsafe { self.driver.unload(&may_wait) };
    }
}

/// Keeps the drivers reachable, so that leak checkers see what is meant.
static STORAGE: Mutex<Vec<&'static dyn Sync>> = Mutex::new(Vec::new());

// SAFETY: std's threads run their closure once, and `JoinHandle::join` returns when the thread has ended.
unsafe impl<N: Registrar> System for Host<N> {
    type Lock = HostLock;
    type Event = HostEvent;
    type Dpc = HostDpc;

    fn processor() -> usize {
        processors::current()
    }

    fn thread() -> usize {
        processors::thread()
    }

    fn irql() -> u8 {
        processors::irql()
    }

    /// No thread of a host is suspended; what counts is that regions are balanced.
    unsafe fn enter_critical_region() -> bool {
        processors::enter_critical_region()
    }

    unsafe fn leave_critical_region() {
        processors::leave_critical_region();
    }

    unsafe fn raise_to_dispatch(&self) -> u8 {
        processors::raise_to_dispatch()
    }

    unsafe fn lower(&self, before: u8) {
        // SAFETY: as the caller says.
        unsafe { processors::lower(before) };
    }

    fn active_processors(&self) -> usize {
        processors::COUNT
    }

    unsafe fn queue_dpc(&self, dpc: &'static HostDpc, processor: usize) {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { self.dpcs.queue(dpc, processor) };
    }

    fn flush_dpcs(&self, _: &MayWait<'_>) {
        self.told.dpc_flushes.fetch_add(1, Ordering::SeqCst);
        self.dpcs.flush();
    }

    fn now(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }

    fn clock_tick(&self) -> Duration {
        // Miri takes some hundred times as long for everything: a peer that does not block is not to look as if it did.
        Duration::from_micros(15_625) * if cfg!(miri) { 128 } else { 1 }
    }

    fn watchdog_period(&self) -> Duration {
        self.watchdog_period
    }

    fn report_blocker(&self, _: &MayWait<'_>, line: fmt::Arguments<'_>) {
        self.told.blockers.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_string());
    }

    unsafe fn spawn(&self, entry: ThreadEntry, context: *mut c_void) -> Result<RawThread> {
        let nth = self.told.spawned.fetch_add(1, Ordering::SeqCst) + 1;
        if nth == self.told.failing_spawn.load(Ordering::SeqCst) {
            return Err(Error::INSUFFICIENT_RESOURCES);
        }
        self.told.started.fetch_add(1, Ordering::SeqCst);
        // SAFETY: the caller passes what `entry` expects, and joins.
        let thread = unsafe { HostThread::start(entry, context) };
        Ok(RawThread::from_raw(Box::into_raw(Box::new(thread)).cast()))
    }

    unsafe fn join(&self, _: &MayWait<'_>, thread: RawThread) {
        // SAFETY: `spawn` made it of a box, and the caller joins once.
        let thread = unsafe { Box::from_raw(thread.into_raw().cast::<HostThread>()) };
        let ended = thread.join();
        self.told.joined.fetch_add(1, Ordering::SeqCst);
        if let Err(panic) = ended {
            std::panic::resume_unwind(panic);
        }
    }

    unsafe fn ends_within(&self, may_wait: &MayWait<'_>, thread: &RawThread, limit: Duration) -> bool {
        // SAFETY: `spawn` made it of a box, which `join` has not taken yet.
        let thread = unsafe { &*thread.as_raw().cast_const().cast::<HostThread>() };
        thread.ends_within(may_wait, limit)
    }

    fn sleep(&self, _: &MayWait<'_>, time: Duration) {
        std::thread::sleep(time);
    }

    fn write(&self, level: Level, line: fmt::Arguments<'_>) {
        if let Some(log) = &self.log {
            log.lock().unwrap_or_else(PoisonError::into_inner).push((level, line.to_string()));
        }
    }

    fn trace(&self, event: &Event<'_>) {
        if self.log.is_some() {
            self.told.traced.lock().unwrap_or_else(PoisonError::into_inner).push(event.step);
        }
    }

    fn stop(&self, failure: Failure) -> ! {
        panic!("the machine stops: {failure}");
    }
}
