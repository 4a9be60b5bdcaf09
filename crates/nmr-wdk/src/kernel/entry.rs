//! DriverEntry and Unload, for [`driver_entry!`](crate::driver_entry).

#![expect(unsafe_code, reason = "is called by the I/O manager, with its pointers")]

use super::parameters;
use nmr::{Driver, MayWait, Status};

/// `DRIVER_OBJECT`.
pub type DriverObject = wdk_sys::DRIVER_OBJECT;

/// The `UNICODE_STRING` that names the service's key.
pub type RegistryPath = wdk_sys::UNICODE_STRING;

/// The type of an Unload routine.
pub type Unload = unsafe extern "C" fn(*mut DriverObject);

/// DriverEntry: loads `driver`, and lets the I/O manager unload it if that succeeds. If it fails, everything has been
/// taken down again, because the I/O manager then unloads the image without calling Unload.
///
/// # Safety
/// For DriverEntry alone, with the driver object and registry path that it was given.
pub unsafe fn load<D: Driver>(
    driver: &'static D,
    object: *mut DriverObject,
    registry_path: *const RegistryPath,
    unload: Unload,
) -> Status {
    // SAFETY: the I/O manager passes the path, valid while DriverEntry runs, which nobody else does meanwhile.
    unsafe { parameters::remember(registry_path) };
    // SAFETY: DriverEntry runs at PASSIVE_LEVEL in a system thread, outside any callback.
    let may_wait = unsafe { MayWait::assume() };
    // SAFETY: DriverEntry runs once for an image.
    match unsafe { driver.load(&may_wait) } {
        Ok(()) => {
            // SAFETY: the I/O manager gives DriverEntry its own driver object to fill in.
            unsafe { (*object).DriverUnload = Some(unload) };
            Status::SUCCESS
        }
        Err(error) => error.status(),
    }
}

/// Unload.
///
/// # Safety
/// For Unload alone.
pub unsafe fn unload<D: Driver>(driver: &'static D) {
    // SAFETY: Unload runs at PASSIVE_LEVEL in a system thread, outside any callback.
    let may_wait = unsafe { MayWait::assume() };
    // SAFETY: the I/O manager calls Unload once, after DriverEntry has succeeded, on a thread of its own.
    unsafe { driver.unload(&may_wait) };
}
