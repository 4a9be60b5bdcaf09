//! The control device `\Device\Nmr-<service>`: what `nmrctl attachments` and `nmrctl drain` ask.
//!
//! # Who may ask
//! The device is made with FILE_DEVICE_SECURE_OPEN, so that every open under its name is checked against its own DACL; that
//! DACL is set, protected, to LocalSystem and Administrators through `ObOpenObjectByPointer` and `ZwSetSecurityObject`
//! before the link exists by which programs find the device. Nobody gets in before that: the I/O manager refuses
//! opens while DO_DEVICE_INITIALIZING is set, which it clears when DriverEntry has returned. If one of these steps fails
//! there is no device. Beyond that the I/O manager checks the access bits of each request's code: a handle that was
//! opened for reading can look, and not drain.
//!
//! # Unload
//! On Windows an open handle postpones Unload, and none can be opened once Unload has been asked for. So who asks opens
//! the device for one request and closes it; to end a driver one drains it first, while the device can be asked, and stops it
//! when nothing is left. The device goes after all waits of Unload; no request is under way then.

#![expect(unsafe_code, reason = "is called by the I/O manager, with its pointers")]

use super::status::check;
use super::text::UnicodeString;
use crate::device_name::Name;
use crate::security_descriptor::ADMINISTRATORS_ONLY;
use core::cell::UnsafeCell;
use nmr::abi::attachments::{DEVICE_TYPE, DRAIN, Header, QUERY};
use nmr::{Driver, Error, MayWait, Result, Status};
use wdk::nt_success;
use wdk_sys::{
    _MODE, DACL_SECURITY_INFORMATION, DEVICE_OBJECT, DRIVER_OBJECT, FILE_DEVICE_SECURE_OPEN, HANDLE,
    IO_NO_INCREMENT, IRP, IRP_MJ_CLEANUP, IRP_MJ_CLOSE, IRP_MJ_CREATE, IRP_MJ_DEVICE_CONTROL,
    OBJ_KERNEL_HANDLE, UNICODE_STRING, WRITE_DAC, ntddk,
};

/// An entry of the driver's dispatch table.
pub(super) type Dispatch = unsafe extern "C" fn(*mut DEVICE_OBJECT, *mut IRP) -> i32;

/// The device of this driver.
struct ControlDevice {
    device: *mut DEVICE_OBJECT,
    link: Name,
}

/// Reached by DriverEntry and Unload alone, which the I/O manager calls one after the other.
struct Place(UnsafeCell<ControlDevice>);

// SAFETY: as the type says.
unsafe impl Sync for Place {}

static PLACE: Place =
    Place(UnsafeCell::new(ControlDevice { device: core::ptr::null_mut(), link: Name::EMPTY }));

/// Makes the device.
///
/// # Errors
/// What the system failed with. Then there is no device.
///
/// # Safety
/// For DriverEntry alone, with what it was given.
pub(super) unsafe fn create(
    driver: *mut DRIVER_OBJECT,
    registry_path: *const UNICODE_STRING,
    dispatch: Dispatch,
) -> Result<()> {
    // SAFETY: DriverEntry is the only one here.
    let place = unsafe { &mut *PLACE.0.get() };
    // SAFETY: the I/O manager passes a string that is valid while DriverEntry runs; who starts a driver otherwise may pass
    // none.
    let path = unsafe { registry_path.as_ref() }.filter(|path| !path.Buffer.is_null());
    let path = path.ok_or(Error::INVALID_PARAMETER)?;
    let length = usize::from(path.Length) / 2;
    // SAFETY: as above.
    let path = unsafe { core::slice::from_raw_parts(path.Buffer, length) };
    let mut name = Name::EMPTY;
    if !name.set_device(path) || !place.link.set_link(path) {
        return Err(Error::INVALID_PARAMETER);
    }
    let mut device = core::ptr::null_mut();
    let name = UnicodeString::new(name.letters());
    // SAFETY: at PASSIVE_LEVEL, with the driver's own object and strings that outlive the call.
    let status = unsafe {
        ntddk::IoCreateDevice(
            driver,
            0,
            name.as_ptr().cast_mut(),
            DEVICE_TYPE,
            FILE_DEVICE_SECURE_OPEN,
            0,
            &mut device,
        )
    };
    check(status)?;
    // SAFETY: a device that was just made and that nobody else knows.
    let secured = unsafe { admit_administrators_only(device) };
    // SAFETY: as above.
    if let Err(error) = secured.and_then(|()| unsafe { link(&name, &place.link) }) {
        // SAFETY: made above, and nobody uses it.
        unsafe { ntddk::IoDeleteDevice(device) };
        return Err(error);
    }
    place.device = device;
    for function in [IRP_MJ_CREATE, IRP_MJ_CLEANUP, IRP_MJ_CLOSE, IRP_MJ_DEVICE_CONTROL] {
        // SAFETY: the I/O manager gives DriverEntry its own driver object to fill in.
        unsafe { (*driver).MajorFunction[function as usize] = Some(dispatch) };
    }
    Ok(())
}

/// Takes the device away, if there is one.
///
/// # Safety
/// For DriverEntry that fails, or Unload, alone: nobody has the device open.
pub(super) unsafe fn delete() {
    // SAFETY: as the caller says.
    let place = unsafe { &mut *PLACE.0.get() };
    let device = core::mem::replace(&mut place.device, core::ptr::null_mut());
    if device.is_null() {
        return;
    }
    let link = UnicodeString::new(place.link.letters());
    // SAFETY: at PASSIVE_LEVEL, the link that `create` made.
    let deleted = unsafe { ntddk::IoDeleteSymbolicLink(link.as_ptr().cast_mut()) };
    debug_assert!(nt_success(deleted));
    // SAFETY: made by `create`, and nobody uses it.
    unsafe { ntddk::IoDeleteDevice(device) };
}

/// # Safety
/// PASSIVE_LEVEL.
unsafe fn link(device: &UnicodeString<'_>, link: &Name) -> Result<()> {
    let link = UnicodeString::new(link.letters());
    // SAFETY: strings that outlive the call.
    check(unsafe { ntddk::IoCreateSymbolicLink(link.as_ptr().cast_mut(), device.as_ptr().cast_mut()) })
}

/// # Safety
/// `device` is a device of this driver; PASSIVE_LEVEL.
unsafe fn admit_administrators_only(device: *mut DEVICE_OBJECT) -> Result<()> {
    let mut handle: HANDLE = core::ptr::null_mut();
    // SAFETY: an object of ours, and a local out parameter. The object type need not be checked: it is a device.
    check(unsafe {
        ntddk::ObOpenObjectByPointer(
            device.cast(),
            OBJ_KERNEL_HANDLE,
            core::ptr::null_mut(),
            WRITE_DAC,
            core::ptr::null_mut(),
            _MODE::KernelMode as i8,
            &mut handle,
        )
    })?;
    let mut descriptor = ADMINISTRATORS_ONLY;
    // SAFETY: the handle has the right to write the DACL; the descriptor is whole, aligned, and only read.
    let status = unsafe {
        ntddk::ZwSetSecurityObject(handle, DACL_SECURITY_INFORMATION, descriptor.0.as_mut_ptr().cast())
    };
    // SAFETY: the handle is ours, and not used any more.
    let closed = unsafe { ntddk::ZwClose(handle) };
    debug_assert!(nt_success(closed));
    check(status)
}

/// What every entry of the dispatch table does. A thread that is in here cannot be suspended, so that it cannot hold an
/// Unload up for ever.
///
/// # Safety
/// Called by the I/O manager, at PASSIVE_LEVEL, with a request for the device of `driver`.
pub unsafe fn dispatch<D: Driver>(driver: &'static D, irp: *mut IRP) -> Status {
    // SAFETY: PASSIVE_LEVEL, and left below.
    unsafe { ntddk::KeEnterCriticalRegion() };
    // SAFETY: the request is ours until it is completed.
    let request = unsafe { &mut *irp };
    // SAFETY: as the caller says.
    let (status, bytes) = unsafe { serve(driver, request) };
    request.IoStatus.__bindgen_anon_1.Status = status.0;
    request.IoStatus.Information = bytes as u64;
    // SAFETY: completed once, and not touched afterwards.
    unsafe { ntddk::IofCompleteRequest(irp, IO_NO_INCREMENT as i8) };
    // SAFETY: entered above.
    unsafe { ntddk::KeLeaveCriticalRegion() };
    status
}

/// The status of the request and how many bytes it answers.
///
/// # Safety
/// As [`dispatch`].
unsafe fn serve<D: Driver>(driver: &'static D, request: &IRP) -> (Status, usize) {
    // SAFETY: a request that a driver has is of the overlay, and its current stack location is meant for the driver.
    let overlay = unsafe { &request.Tail.Overlay };
    // SAFETY: as above.
    let location = unsafe { overlay.__bindgen_anon_2.__bindgen_anon_1.CurrentStackLocation };
    // SAFETY: as above; it stays until the request is completed.
    let location = unsafe { &*location };
    if u32::from(location.MajorFunction) != IRP_MJ_DEVICE_CONTROL {
        return (Status::SUCCESS, 0);
    }
    // SAFETY: the parameters of a device control.
    let parameters = unsafe { &location.Parameters.DeviceIoControl };
    // SAFETY: the buffer of METHOD_BUFFERED, which all our codes are of; other codes are refused before it is looked at.
    let buffer = unsafe { request.AssociatedIrp.SystemBuffer };
    let length = parameters.OutputBufferLength as usize;
    if !matches!(parameters.IoControlCode, QUERY | DRAIN) {
        return (Status::INVALID_DEVICE_REQUEST, 0);
    }
    if buffer.is_null() || length < Header::SIZE {
        return (Status::BUFFER_TOO_SMALL, 0);
    }
    // SAFETY: METHOD_BUFFERED: as long as the longer of input and output, and ours until the request is completed.
    let buffer = unsafe { core::slice::from_raw_parts_mut(buffer.cast::<u8>(), length) };
    if parameters.IoControlCode == DRAIN {
        // A peer may block, and this thread could not be ended: it is in a critical region, and its open handle would
        // hold up the very Unload that has helpers and a watchdog. So a thread of the driver does it.
        // SAFETY: PASSIVE_LEVEL, on a thread of a program's, which no callback of NMR has led here.
        if let Err(error) = driver.begin_drain(&unsafe { MayWait::assume() }) {
            return (error.status(), 0);
        }
    }
    match driver.write_snapshot(buffer) {
        Ok(written) if written.cut_off => (Status::BUFFER_OVERFLOW, written.bytes),
        Ok(written) => (Status::SUCCESS, written.bytes),
        Err(_) => (Status::BUFFER_TOO_SMALL, 0),
    }
}
