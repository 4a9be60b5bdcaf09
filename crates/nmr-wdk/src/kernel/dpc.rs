//! The ordinary DPC of high importance.

#![expect(
    unsafe_code,
    reason = "calls the kernel's DPC routines on memory that they own, and is called back"
)]

use super::processor;
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::fmt;
use core::mem::MaybeUninit;
use nmr::{DpcRoutine, RawDpc};
use wdk_sys::{_KDPC_IMPORTANCE, KDPC, ntddk};

/// A KDPC, and what it runs.
pub struct KernelDpc {
    dpc: UnsafeCell<MaybeUninit<KDPC>>,
    routine: UnsafeCell<Option<DpcRoutine>>,
    context: UnsafeCell<*mut c_void>,
}

impl KernelDpc {
    fn raw(&self) -> *mut KDPC {
        self.dpc.get().cast()
    }

    /// `KeSetTargetProcessorDpcEx` and `KeInsertQueueDpc`. Any IRQL.
    ///
    /// # Safety
    /// As `nmr::System::queue_dpc`.
    pub(super) unsafe fn queue(&'static self, processor: usize) {
        let mut number = processor::number(processor);
        // SAFETY: initialised and not queued, as the caller says.
        let status = unsafe { ntddk::KeSetTargetProcessorDpcEx(self.raw(), &mut number) };
        assert!(status == 0, "KeSetTargetProcessorDpcEx answered {}", nmr::Status(status));
        // SAFETY: as above; the routine takes no arguments.
        let queued =
            unsafe { ntddk::KeInsertQueueDpc(self.raw(), core::ptr::null_mut(), core::ptr::null_mut()) };
        debug_assert!(queued != 0, "the DPC was queued already");
    }
}

/// `KeFlushQueuedDpcs`. IRQL = PASSIVE_LEVEL.
pub(super) fn flush() {
    // SAFETY: the caller of `nmr::System::flush_dpcs` has MayWait, so the thread is at PASSIVE_LEVEL.
    unsafe { ntddk::KeFlushQueuedDpcs() };
}

impl fmt::Debug for KernelDpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KernelDpc")
    }
}

// SAFETY: routine and context are written before the DPC is queued, and read by the DPC; the rest is the kernel's.
unsafe impl Sync for KernelDpc {}
// SAFETY: as for `Sync`; a DPC that has been initialised is never moved, as `RawDpc::initialize` demands.
unsafe impl Send for KernelDpc {}

// SAFETY: the kernel runs an ordinary DPC at DISPATCH_LEVEL on its target processor, where it interrupts nothing that is
// at DISPATCH_LEVEL; queueing and running it are ordered.
unsafe impl RawDpc for KernelDpc {
    const UNINITIALIZED: Self = Self {
        dpc: UnsafeCell::new(MaybeUninit::uninit()),
        routine: UnsafeCell::new(None),
        context: UnsafeCell::new(core::ptr::null_mut()),
    };

    unsafe fn initialize(&self, routine: DpcRoutine, context: *mut c_void) {
        // SAFETY: the DPC is not queued, so nobody reads it.
        unsafe { *self.routine.get() = Some(routine) };
        // SAFETY: as above.
        unsafe { *self.context.get() = context };
        let this = core::ptr::from_ref(self).cast_mut().cast::<c_void>();
        // SAFETY: the memory is this value's, and stays in place.
        unsafe { ntddk::KeInitializeDpc(self.raw(), Some(run), this) };
        // SAFETY: initialised.
        unsafe { ntddk::KeSetImportanceDpc(self.raw(), _KDPC_IMPORTANCE::HighImportance) };
    }
}

/// # Safety
/// `this` is a `KernelDpc` that was initialised.
unsafe extern "C" fn run(_: *mut KDPC, this: *mut c_void, _: *mut c_void, _: *mut c_void) {
    // SAFETY: the context that `initialize` gave, in static storage.
    let this: &'static KernelDpc = unsafe { &*this.cast_const().cast() };
    // SAFETY: written before the DPC was queued.
    let routine = unsafe { *this.routine.get() }.expect("initialised before it is queued");
    // SAFETY: as above.
    let context = unsafe { *this.context.get() };
    // SAFETY: whoever initialised the DPC says so.
    unsafe { routine(context) };
}
