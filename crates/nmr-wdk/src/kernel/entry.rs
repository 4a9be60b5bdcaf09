//! DriverEntry and Unload, for [`driver_entry!`](crate::driver_entry).

#![expect(unsafe_code, reason = "is called by the I/O manager, with its pointers")]

use super::control_device::{self, Dispatch};
use super::{etw, io_request, log, parameters};
use core::ffi::c_void;
use nmr::{Driver, Level, MayWait, Status};

pub use super::control_device::dispatch;
pub use super::etw::Provider;
pub use wdk_sys::{DEVICE_OBJECT as DeviceObject, IRP as Irp, UNICODE_STRING as UnicodeString};

/// `DRIVER_OBJECT`.
pub type DriverObject = wdk_sys::DRIVER_OBJECT;

/// The type of an Unload routine.
pub type Unload = unsafe extern "C" fn(*mut DriverObject);

/// What `driver_entry!` knows of a driver.
#[derive(Debug)]
pub struct Image {
    /// Its Unload routine; none if the driver has its own.
    pub unload: Option<Unload>,
    /// The dispatch routine of its control device, if it has one.
    pub dispatch: Option<Dispatch>,
    /// What is logged unless the registry says otherwise.
    pub log_level: Level,
    /// Who it is to ETW.
    pub provider: &'static Provider,
    /// `NmrSnapshot`, see [`nmr::snapshot::table`].
    pub snapshot: *const c_void,
}

// SAFETY: the address is a number to this program.
unsafe impl Sync for Image {}

/// DriverEntry: loads `driver`, and lets the I/O manager unload it if that succeeds. If it fails, everything has been
/// taken down again, because the I/O manager then unloads the image without calling Unload.
///
/// The control device is an aid: without it the driver works all the same, so failing to make it is logged and no more.
///
/// # Safety
/// For DriverEntry alone, with the driver object and the registry path that it was given.
pub unsafe fn load<D: Driver>(
    driver: &'static D,
    object: *mut DriverObject,
    registry_path: *const UnicodeString,
    image: &'static Image,
) -> Status {
    // SAFETY: DriverEntry runs at PASSIVE_LEVEL in a system thread, outside any callback.
    let may_wait = unsafe { MayWait::assume() };
    // SAFETY: the I/O manager passes the path, valid while DriverEntry runs, which nobody else does meanwhile.
    unsafe { parameters::remember(registry_path) };
    log::set_level(parameters::log_level(&may_wait).unwrap_or(image.log_level));
    etw::register(image.provider);
    log::write(Level::Trace, format_args!("nmr: {}: NmrSnapshot is at {:p}", D::NAME, image.snapshot));
    if let Some(dispatch) = image.dispatch {
        // SAFETY: object and path are those that DriverEntry was given.
        if let Err(error) = unsafe { control_device::create(object, registry_path, dispatch) } {
            log::write(Level::Warning, format_args!("nmr: {}: no control device: {error}", D::NAME));
        }
    }
    // SAFETY: DriverEntry runs once for an image.
    match unsafe { driver.load(&may_wait) } {
        Ok(()) => {
            if image.unload.is_some() {
                // SAFETY: the I/O manager gives DriverEntry its own driver object to fill in.
                unsafe { (*object).DriverUnload = image.unload };
            }
            Status::SUCCESS
        }
        Err(error) => {
            // SAFETY: DriverEntry fails.
            unsafe { leave(&may_wait) };
            error.status()
        }
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
    // SAFETY: the driver is down.
    unsafe { leave(&may_wait) };
}

/// Takes back what `load` did besides loading the driver, when the last completion routine is over.
///
/// # Safety
/// For DriverEntry that fails, or Unload, when the driver is down.
unsafe fn leave(may_wait: &MayWait<'_>) {
    io_request::wait_until_over(may_wait);
    // SAFETY: as the caller says; handles that are open postpone Unload.
    unsafe { control_device::delete() };
    etw::unregister();
}
