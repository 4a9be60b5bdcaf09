//! Grace periods: when every processor has been seen outside the calls that are counted nowhere.
//!
//! A caller at DISPATCH_LEVEL cannot be interrupted by a DPC of its processor. So when a DPC that was queued after a
//! binding closed has run on every processor, every such caller that found the binding open has returned. There is one
//! engine for a driver, and one DPC in it, which moves on from processor to processor. Requests that arrive while a period
//! runs wait for the next one, together.
//!
//! # Invariants
//! - `running` is set for as long as the DPC is queued or runs; only who sets it queues the DPC.
//! - A waiter is on one of the two lists from its request until the end of the period that serves it.

#![expect(unsafe_code, reason = "links waiters that live in slots, and is called back by the system")]

use crate::lock::Lock;
use crate::sync::fence;
use crate::{RawDpc, System};
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};

/// What is called when the period is over, at DISPATCH_LEVEL.
type Over = unsafe fn(subject: *const c_void);

/// A request, in the storage of what asks.
pub(crate) struct Waiter(UnsafeCell<Request>);

#[derive(Clone, Copy)]
struct Request {
    next: Option<&'static Waiter>,
    subject: *const c_void,
    /// None before the first request: a fresh waiter is all zero, like the slot around it.
    over: Option<Over>,
}

// SAFETY: the cell is written by the one who asks, before it is on a list, and by the engine's lock holder afterwards.
unsafe impl Sync for Waiter {}

impl Waiter {
    pub(crate) const fn new() -> Self {
        Self(UnsafeCell::new(Request { next: None, subject: core::ptr::null(), over: None }))
    }
}

/// The engine, in static storage. `driver!` declares it for drivers with `calls_at_dispatch`.
pub struct GracePeriods<S: System> {
    lists: Lock<Lists, S::Lock>,
    /// The processor that the DPC runs on, or will.
    processor: AtomicUsize,
    system: UnsafeCell<Option<&'static S>>,
    dpc: S::Dpc,
}

#[derive(Clone, Copy)]
struct Lists {
    running: bool,
    /// Served by the period that runs.
    current: Option<&'static Waiter>,
    /// Served by the one after it.
    waiting: Option<&'static Waiter>,
}

// SAFETY: `system` and the preparation of `dpc` are written under the lock, by the first request, before the DPC is ever
// queued; later they are only read, by the DPC.
unsafe impl<S: System> Sync for GracePeriods<S> {}

impl<S: System> GracePeriods<S> {
    /// No period yet.
    ///
    /// # Safety
    /// The value is a field of a driver in static storage, whose unload flushes the system's DPCs last.
    #[doc(hidden)]
    pub const unsafe fn new() -> Self {
        Self {
            lists: Lock::new(Lists { running: false, current: None, waiting: None }),
            processor: AtomicUsize::new(0),
            system: UnsafeCell::new(None),
            dpc: S::Dpc::UNINITIALIZED,
        }
    }

    /// Calls `over` with `subject` when every processor has been seen. IRQL <= DISPATCH_LEVEL.
    ///
    /// # Safety
    /// `waiter` is on no list, and its storage serves nothing else until `over` is called; `over` may be called with
    /// `subject`, at DISPATCH_LEVEL, even before this returns.
    pub(crate) unsafe fn request(
        &'static self,
        system: &'static S,
        waiter: &'static Waiter,
        subject: *const c_void,
        over: Over,
    ) {
        let mut lists = self.lists.lock();
        // SAFETY: on no list, as the caller says.
        unsafe { *waiter.0.get() = Request { next: lists.waiting, subject, over: Some(over) } };
        lists.waiting = Some(waiter);
        if !lists.running {
            // SAFETY: nothing runs, and this is under the lock.
            unsafe { self.prepare(system) };
            lists.start();
            drop(lists);
            self.begin(system);
        }
    }

    /// # Safety
    /// No period runs, and the caller has the lock.
    unsafe fn prepare(&'static self, system: &'static S) {
        // SAFETY: nobody reads it while no period runs.
        let known = unsafe { &mut *self.system.get() };
        if known.is_none() {
            *known = Some(system);
            let this = core::ptr::from_ref(self).cast_mut().cast::<c_void>();
            // SAFETY: not queued yet; the engine is static, and `step` expects it.
            unsafe { self.dpc.initialize(step::<S>, this) };
        }
    }

    /// Sends the DPC round, for requests that are on the list already.
    fn begin(&'static self, system: &'static S) {
        // What the requests closed is seen by whoever comes after the count of processors is read.
        fence(Ordering::SeqCst);
        self.send_to(system, 0);
    }

    fn send_to(&'static self, system: &S, processor: usize) {
        self.processor.store(processor, Ordering::Relaxed);
        // SAFETY: prepared, and not queued: the one DPC is queued by the one who sets `running`, and then by itself.
        unsafe { system.queue_dpc(&self.dpc, processor) };
    }

    /// The DPC has run on one processor.
    fn step(&'static self) {
        // SAFETY: written before the DPC was first queued.
        let system = unsafe { *self.system.get() }.expect("prepared before the DPC is queued");
        let next = self.processor.load(Ordering::Relaxed) + 1;
        // Read again each time: a processor may have been added.
        if next < system.active_processors() {
            return self.send_to(system, next);
        }
        let mut lists = self.lists.lock();
        let mut over = lists.current;
        let goes_on = lists.start();
        drop(lists);
        if goes_on {
            self.begin(system);
        }
        while let Some(waiter) = over {
            // SAFETY: off the lists, and not called yet.
            let Request { next, subject, over: call } = unsafe { *waiter.0.get() };
            over = next;
            if let Some(call) = call {
                // SAFETY: as `request` was promised. The waiter may be gone afterwards.
                unsafe { call(subject) };
            }
        }
    }
}

impl Lists {
    /// The requests that wait become those that are served. Answers whether there are any.
    fn start(&mut self) -> bool {
        self.current = self.waiting.take();
        self.running = self.current.is_some();
        self.running
    }
}

/// # Safety
/// `engine` is a `GracePeriods<S>` in static storage.
unsafe extern "C" fn step<S: System>(engine: *mut c_void) {
    // SAFETY: as the caller says.
    let engine: &'static GracePeriods<S> = unsafe { &*engine.cast_const().cast() };
    engine.step();
}

impl<S: System> fmt::Debug for GracePeriods<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GracePeriods")
    }
}
