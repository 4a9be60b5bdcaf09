//! An IRP that the driver allocates, hands out, and gets back.

#![expect(
    unsafe_code,
    reason = "calls the I/O manager's routines, and fills in what its inline functions do"
)]

use core::ffi::c_void;
use core::ptr::NonNull;
use nmr::{Completion, Error, Result, Status};
use wdk_sys::{
    DEVICE_OBJECT, IRP, SL_INVOKE_ON_CANCEL, SL_INVOKE_ON_ERROR, SL_INVOKE_ON_SUCCESS, STATUS_UNSUCCESSFUL,
    ntddk,
};

/// What the completion routine of an IRP of the driver's own answers: the I/O manager lets go of it.
pub(super) const MORE_PROCESSING_REQUIRED: i32 = 0xC000_0016_u32 as i32;

/// When the completion routine is called: always, or the I/O manager would free the IRP itself.
const ALWAYS: u8 = (SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL) as u8;

/// As many stack locations as the peer needs: its own one, which it fills in itself.
const STACK_SIZE: i8 = 1;

/// An IO_COMPLETION_ROUTINE.
type Routine = unsafe extern "C" fn(*mut DEVICE_OBJECT, *mut IRP, *mut c_void) -> i32;

/// An IRP.
pub(super) struct Irp(NonNull<IRP>);

impl Irp {
    /// `IoAllocateIrp`, without quota.
    ///
    /// # Errors
    /// STATUS_INSUFFICIENT_RESOURCES.
    pub(super) fn new() -> Result<Self> {
        // SAFETY: at DISPATCH_LEVEL or below, as every caller of a request is.
        let irp = unsafe { ntddk::IoAllocateIrp(STACK_SIZE, 0) };
        NonNull::new(irp).map(Self).ok_or(Error::INSUFFICIENT_RESOURCES)
    }

    /// `IoReuseIrp` and `IoSetCompletionRoutine`. The IRP can be handed out.
    ///
    /// # Safety
    /// Nobody has the IRP. `routine` may be called with `context` once, and answers [`MORE_PROCESSING_REQUIRED`].
    pub(super) unsafe fn begin(&self, routine: Routine, context: *mut c_void) -> *mut IRP {
        let irp = self.0.as_ptr();
        // SAFETY: of `IoAllocateIrp`, and nobody else has it.
        unsafe { ntddk::IoReuseIrp(irp, STATUS_UNSUCCESSFUL) };
        // SAFETY: as above.
        let tail = unsafe { &(*irp).Tail };
        // SAFETY: an IRP that is not in a device queue is of the overlay.
        let overlay = unsafe { &tail.Overlay };
        // SAFETY: as above.
        let current = unsafe { overlay.__bindgen_anon_2.__bindgen_anon_1.CurrentStackLocation };
        // SAFETY: the one below is the next driver's; there is one.
        let next = unsafe { current.sub(1) };
        // SAFETY: as above, and nobody else has it.
        let next = unsafe { &mut *next };
        next.CompletionRoutine = Some(routine);
        next.Context = context;
        next.Control = ALWAYS;
        irp
    }

    /// How it was completed.
    ///
    /// # Safety
    /// It was.
    pub(super) unsafe fn completion(&self) -> Completion {
        // SAFETY: completed, so nobody writes it.
        let status = unsafe { &(*self.0.as_ptr()).IoStatus };
        // SAFETY: whoever completes an IRP has written a status.
        let code = unsafe { status.__bindgen_anon_1.Status };
        Completion { status: Status(code), information: status.Information as usize }
    }

    /// `IoCancelIrp`. It may be completed meanwhile, or have been: it stays until its owner frees it.
    pub(super) fn cancel(&self) {
        // SAFETY: of `IoAllocateIrp`, and not freed. Whether there was a cancel routine does not matter here.
        unsafe { ntddk::IoCancelIrp(self.0.as_ptr()) };
    }
}

impl Drop for Irp {
    /// `IoFreeIrp`.
    fn drop(&mut self) {
        // SAFETY: of `IoAllocateIrp`; nobody has it, as the owner of this value sees to.
        unsafe { ntddk::IoFreeIrp(self.0.as_ptr()) };
    }
}
