//! System threads, waited for on the thread object.

#![expect(unsafe_code, reason = "calls the kernel's thread and object routines")]

use super::status::check;
use core::ffi::c_void;
use core::time::Duration;
use nmr::{RawThread, Result, Status, ThreadEntry};
use wdk_sys::{
    _KWAIT_REASON, _MODE, HANDLE, LARGE_INTEGER, OBJ_KERNEL_HANDLE, OBJECT_ATTRIBUTES, STATUS_SUCCESS,
    STATUS_TIMEOUT, THREAD_ALL_ACCESS, ntddk,
};

/// STATUS_SUCCESS and nothing else: STATUS_TIMEOUT is a success code too.
pub(super) fn succeeded(status: i32) -> bool {
    Status(status) == Status::SUCCESS
}

/// A time limit as the kernel takes it: negative, in units of 100 ns from now.
pub(super) struct TimeLimit(LARGE_INTEGER);

impl TimeLimit {
    pub(super) fn relative(time: Duration) -> Self {
        let ticks = i64::try_from(time.as_nanos() / 100).unwrap_or(i64::MAX);
        Self(LARGE_INTEGER { QuadPart: -ticks })
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut LARGE_INTEGER {
        &mut self.0
    }
}

/// `PsCreateSystemThread`, and the thread object in place of its handle.
///
/// # Safety
/// As `nmr::System::spawn`.
pub(super) unsafe fn spawn(entry: ThreadEntry, context: *mut c_void) -> Result<RawThread> {
    let mut attributes = OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        Attributes: OBJ_KERNEL_HANDLE,
        ..Default::default()
    };
    let mut handle: HANDLE = core::ptr::null_mut();
    // SAFETY: at PASSIVE_LEVEL, out parameter and attributes are local, and the caller vouches for entry and context.
    let status = unsafe {
        ntddk::PsCreateSystemThread(
            &mut handle,
            THREAD_ALL_ACCESS,
            &mut attributes,
            core::ptr::null_mut(),
            core::ptr::null_mut(),
            Some(entry),
            context,
        )
    };
    check(status)?;
    let mut thread = core::ptr::null_mut();
    // SAFETY: a handle that this function owns. The object type need not be checked: it is a thread.
    let status = unsafe {
        ntddk::ObReferenceObjectByHandle(
            handle,
            THREAD_ALL_ACCESS,
            core::ptr::null_mut(),
            _MODE::KernelMode as i8,
            &mut thread,
            core::ptr::null_mut(),
        )
    };
    // A kernel handle to a live thread with the access it was made with can always be referenced; without the object
    // nobody could ever join the thread.
    assert!(succeeded(status), "ObReferenceObjectByHandle answered {}", Status(status));
    // SAFETY: the handle is this function's, and not used any more.
    let closed = unsafe { ntddk::ZwClose(handle) };
    debug_assert!(succeeded(closed));
    Ok(RawThread::from_raw(thread))
}

/// `KeWaitForSingleObject` on the thread object, which is signalled when the thread has left the driver's code for good.
///
/// # Safety
/// As `nmr::System::join`.
pub(super) unsafe fn join(thread: RawThread) {
    // SAFETY: as the caller says.
    let gone = unsafe { wait(&thread, core::ptr::null_mut()) };
    assert!(gone, "a wait without limit came to its limit");
    // SAFETY: gives up the reference that `spawn` took.
    unsafe { ntddk::ObfDereferenceObject(thread.into_raw()) };
}

/// # Safety
/// As `nmr::System::ends_within`.
pub(super) unsafe fn ends_within(thread: &RawThread, limit: Duration) -> bool {
    let mut limit = TimeLimit::relative(limit);
    // SAFETY: as the caller says.
    unsafe { wait(thread, limit.as_mut_ptr()) }
}

/// Whether the thread is gone; otherwise the limit has come.
///
/// # Safety
/// `thread` is not joined yet; `limit` is NULL or one.
unsafe fn wait(thread: &RawThread, limit: *mut LARGE_INTEGER) -> bool {
    // SAFETY: the reference that `spawn` took keeps the object; the caller is at PASSIVE_LEVEL.
    let status = unsafe {
        ntddk::KeWaitForSingleObject(
            thread.as_raw(),
            _KWAIT_REASON::Executive,
            _MODE::KernelMode as i8,
            0,
            limit,
        )
    };
    assert!(
        matches!(status, STATUS_SUCCESS | STATUS_TIMEOUT),
        "waiting for a thread answered {}",
        Status(status)
    );
    status == STATUS_SUCCESS
}

/// `KeDelayExecutionThread`.
pub(super) fn sleep(time: Duration) {
    let mut limit = TimeLimit::relative(time);
    // SAFETY: the caller of `nmr::System::sleep` has MayWait, so the thread is at PASSIVE_LEVEL.
    let slept = unsafe { ntddk::KeDelayExecutionThread(_MODE::KernelMode as i8, 0, limit.as_mut_ptr()) };
    debug_assert!(succeeded(slept), "nothing alerts a wait in kernel mode that is not alertable");
}

/// `PsGetCurrentThreadId`, as a number that tells threads apart.
pub(super) fn current() -> usize {
    // SAFETY: callable at any IRQL.
    unsafe { ntddk::PsGetCurrentThreadId() }.addr()
}
