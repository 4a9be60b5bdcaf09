//! A system whose lock raises the IRQL, as the kernel's does, and notes what its holders do wrong.
//!
//! The host's own lock does not raise: its processors are threads, and no DPC interrupts them. Here whoever takes a lock
//! queues a DPC to its own processor, which tells at the release whether it could have interrupted.

#![expect(unsafe_code, reason = "is a system, with a lock of its own")]

use core::ffi::c_void;
use core::fmt;
use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use core::time::Duration;
use nmr::abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, ProviderCharacteristics, ProviderHandle, Registrar,
};
use nmr::host::{Host, HostDpc, HostEvent};
use nmr::{Event, Failure, Level, MayWait, RawDpc, RawLock, RawThread, Result, Status, System, ThreadEntry};
use nmr_sim::World;
use std::sync::{LazyLock, Mutex, PoisonError};

/// The processors are the same for all hosts; this one queues the DPCs of the locks.
pub static MACHINE: LazyLock<Host<World>> = LazyLock::new(|| Host::quiet(World::new()));

/// How long a holder gives an interrupt to come.
const CHANCE: Duration = Duration::from_micros(200);

/// How locks were held, all of them together.
pub static TAKEN_AT_PASSIVE: AtomicUsize = AtomicUsize::new(0);
pub static TAKEN_AT_DISPATCH: AtomicUsize = AtomicUsize::new(0);
/// Releases that gave back another IRQL than their acquisition had found.
pub static STALE: AtomicUsize = AtomicUsize::new(0);
/// Holders that a DPC of their processor could have interrupted.
pub static INTERRUPTED: AtomicUsize = AtomicUsize::new(0);

/// A DPC that says that it has run.
#[derive(Debug)]
pub struct Interrupt {
    dpc: HostDpc,
    has_run: AtomicBool,
}

/// Those that were made; they are static, as the storage of DPCs in a driver is.
static INTERRUPTS: Mutex<Vec<&'static Interrupt>> = Mutex::new(Vec::new());

impl Interrupt {
    /// Queues one to the processor of the calling thread.
    pub fn here() -> &'static Self {
        let this: &'static Self =
            Box::leak(Box::new(Self { dpc: HostDpc::UNINITIALIZED, has_run: AtomicBool::new(false) }));
        INTERRUPTS.lock().unwrap_or_else(PoisonError::into_inner).push(this);
        let context = core::ptr::from_ref(this).cast_mut().cast::<c_void>();
        // SAFETY: fresh, static, and what the routine expects.
        unsafe { this.dpc.initialize(Self::run, context) };
        // SAFETY: initialised, queued once; the code of a test program never goes away.
        unsafe { MACHINE.queue_dpc(&this.dpc, Host::<World>::processor()) };
        this
    }

    pub fn has_run(&self) -> bool {
        self.has_run.load(Ordering::SeqCst)
    }

    unsafe extern "C" fn run(context: *mut c_void) {
        // SAFETY: `here` passes an interrupt, which is static.
        let this = unsafe { &*context.cast_const().cast::<Self>() };
        this.has_run.store(true, Ordering::SeqCst);
    }
}

/// A spin lock that raises to DISPATCH_LEVEL: what it answers is the IRQL before.
#[derive(Debug)]
pub struct RaisingLock {
    held: AtomicBool,
    before: AtomicU8,
    interrupt: Mutex<Option<&'static Interrupt>>,
}

// SAFETY: one swap of `held` wins until it is stored again, and orders.
unsafe impl RawLock for RaisingLock {
    const UNLOCKED: Self =
        Self { held: AtomicBool::new(false), before: AtomicU8::new(0), interrupt: Mutex::new(None) };
    type Restore = u8;

    unsafe fn acquire(&self) -> u8 {
        // SAFETY: lowered by the release, which the caller promises.
        let before = unsafe { MACHINE.raise_to_dispatch() };
        while self.held.swap(true, Ordering::Acquire) {
            spin_loop();
        }
        self.before.store(before, Ordering::Relaxed);
        if before == 0 {
            TAKEN_AT_PASSIVE.fetch_add(1, Ordering::Relaxed);
            *self.interrupt() = Some(Interrupt::here());
        } else {
            TAKEN_AT_DISPATCH.fetch_add(1, Ordering::Relaxed);
        }
        before
    }

    unsafe fn release(&self, restore: u8) {
        if let Some(interrupt) = self.interrupt().take() {
            std::thread::sleep(CHANCE);
            INTERRUPTED.fetch_add(usize::from(interrupt.has_run()), Ordering::Relaxed);
        }
        if restore != self.before.load(Ordering::Relaxed) {
            STALE.fetch_add(1, Ordering::Relaxed);
        }
        self.held.store(false, Ordering::Release);
        // SAFETY: raised from there in `acquire`, if the caller keeps the contract.
        unsafe { MACHINE.lower(restore) };
    }
}

impl RaisingLock {
    fn interrupt(&self) -> std::sync::MutexGuard<'_, Option<&'static Interrupt>> {
        self.interrupt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A host with that lock.
#[derive(Clone, Debug)]
pub struct Raising(Host<World>);

impl Raising {
    pub fn over(world: &World) -> Self {
        Self(Host::new(world.clone()))
    }
}

/// Passes calls on to the host.
macro_rules! pass_on {
    ($($(#[$unsafe:ident])? fn $name:ident($($argument:ident: $type:ty),*) $(-> $answer:ty)?;)*) => {
        $(pass_on! { @ $($unsafe)? fn $name($($argument: $type),*) $(-> $answer)? })*
    };
    (@ raw fn $name:ident($($argument:ident: $type:ty),*) $(-> $answer:ty)?) => {
        unsafe fn $name(&self, $($argument: $type),*) $(-> $answer)? {
            // SAFETY: the caller keeps the contract of this very call.
            unsafe { self.0.$name($($argument),*) }
        }
    };
    (@ fn $name:ident($($argument:ident: $type:ty),*) $(-> $answer:ty)?) => {
        fn $name(&self, $($argument: $type),*) $(-> $answer)? {
            self.0.$name($($argument),*)
        }
    };
}

// SAFETY: the host's.
unsafe impl Registrar for Raising {
    pass_on! {
        #[raw] fn register_client(it: *const ClientCharacteristics, context: *mut c_void, handle: &mut ClientHandle) -> Status;
        #[raw] fn deregister_client(handle: ClientHandle) -> Status;
        #[raw] fn wait_for_client_deregister_complete(handle: ClientHandle) -> Status;
        #[raw] fn client_attach_provider(
            binding: BindingHandle, context: *mut c_void, dispatch: *const c_void,
            peer_context: &mut *mut c_void, peer_dispatch: &mut *const c_void
        ) -> Status;
        #[raw] fn client_detach_provider_complete(binding: BindingHandle);
        #[raw] fn register_provider(it: *const ProviderCharacteristics, context: *mut c_void, handle: &mut ProviderHandle) -> Status;
        #[raw] fn deregister_provider(handle: ProviderHandle) -> Status;
        #[raw] fn wait_for_provider_deregister_complete(handle: ProviderHandle) -> Status;
        #[raw] fn provider_detach_client_complete(binding: BindingHandle);
    }
}

// SAFETY: the host's, but for the lock, which excludes and orders as asked.
unsafe impl System for Raising {
    type Lock = RaisingLock;
    type Event = HostEvent;
    type Dpc = HostDpc;

    fn processor() -> usize {
        Host::<World>::processor()
    }

    fn thread() -> usize {
        Host::<World>::thread()
    }

    fn irql() -> u8 {
        Host::<World>::irql()
    }

    unsafe fn enter_critical_region() -> bool {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { Host::<World>::enter_critical_region() }
    }

    unsafe fn leave_critical_region() {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { Host::<World>::leave_critical_region() }
    }

    pass_on! {
        #[raw] fn raise_to_dispatch() -> u8;
        #[raw] fn lower(before: u8);
        fn active_processors() -> usize;
        #[raw] fn queue_dpc(dpc: &'static HostDpc, processor: usize);
        fn flush_dpcs(may_wait: &MayWait<'_>);
        #[raw] fn spawn(entry: ThreadEntry, context: *mut c_void) -> Result<RawThread>;
        #[raw] fn join(may_wait: &MayWait<'_>, thread: RawThread);
        #[raw] fn ends_within(may_wait: &MayWait<'_>, thread: &RawThread, limit: Duration) -> bool;
        fn now() -> Duration;
        fn report_blocker(may_wait: &MayWait<'_>, line: fmt::Arguments<'_>);
        fn sleep(may_wait: &MayWait<'_>, time: Duration);
        fn write(level: Level, line: fmt::Arguments<'_>);
        fn trace(event: &Event<'_>);
    }

    fn stop(&self, failure: Failure) -> ! {
        self.0.stop(failure)
    }
}
