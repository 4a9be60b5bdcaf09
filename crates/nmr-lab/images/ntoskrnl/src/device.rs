//! Devices of the drivers under test: who has one open, and that nobody opens one of a driver that is to stop.
//!
//! Windows calls Unload when the last handle has closed. Wine calls it at once; here it is called when the last handle
//! has closed or the time of the settings has passed, which is a violation of whoever kept the handle.
//!
//! In Wine every open succeeds, whatever the driver answers. Here what the driver refused, or is refused for its sake,
//! is a handle that is good for nothing: the driver sees no more of it, and every request fails.

#![expect(unsafe_code, reason = "stands before the dispatch routines of drivers")]

use std::ffi::c_void;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::images::{self, Image};
use crate::thread::{self, State};
use crate::{report, settings, wine};

/// IRP_MJ_CREATE, IRP_MJ_CLOSE, and how many codes there are.
const CREATE: usize = 0;
const CLOSE: usize = 2;
const CODES: usize = 28;
const STATUS_SUCCESS: i32 = 0;
const STATUS_NO_SUCH_DEVICE: i32 = 0xc000_000e_u32 as i32;

/// Where the kernel's structures have what is needed here, in bytes.
const DRIVER_OF_DEVICE: usize = 0x08;
const DISPATCH_OF_DRIVER: usize = 0x70;
const STATUS_OF_REQUEST: usize = 0x30;
const INFORMATION_OF_REQUEST: usize = 0x38;
const LOCATION_OF_REQUEST: usize = 0xb8;
const FILE_OF_LOCATION: usize = 0x30;

type Dispatch = unsafe extern "system" fn(*mut c_void, *mut c_void) -> i32;

/// A device that a driver under test has made.
struct Device {
    device: usize,
    driver: usize,
    image: usize,
}

/// A driver whose dispatch table is ours.
struct Driver {
    object: usize,
    image: Arc<Image>,
    dispatch: [Dispatch; CODES],
    handles: u32,
}

struct Known {
    devices: Vec<Device>,
    drivers: Vec<Driver>,
    /// The files of handles that were refused and are not closed yet.
    refused: Vec<usize>,
}

static KNOWN: Mutex<Known> =
    Mutex::new(Known { devices: Vec::new(), drivers: Vec::new(), refused: Vec::new() });
static CLOSED: Condvar = Condvar::new();

fn known() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `IoCreateDevice`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn create(
    driver: *mut c_void,
    extension: u32,
    name: *const c_void,
    kind: u32,
    characteristics: u32,
    exclusive: u8,
    device: *mut *mut c_void,
) -> i32 {
    let image = images::of(thread::caller());
    // SAFETY: the contract of this function.
    let status =
        unsafe { wine::create_device(driver, extension, name, kind, characteristics, exclusive, device) };
    if let Some(image) = image.filter(|_| status >= 0) {
        // SAFETY: written by the routine, which has succeeded.
        let device = unsafe { *device }.addr();
        known().devices.push(Device { device, driver: driver.expose_provenance(), image: image.base });
    }
    status
}

/// `IoDeleteDevice`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn delete(device: *mut c_void) {
    known().devices.retain(|known| known.device != device.addr());
    // SAFETY: the contract of this function.
    unsafe { wine::delete_device(device) };
}

fn count_link(by: i64) {
    if let Some(image) = images::of(thread::caller()) {
        image.links.fetch_add(by, Ordering::Relaxed);
    }
}

/// `IoCreateSymbolicLink`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn create_link(link: *const c_void, target: *const c_void) -> i32 {
    // SAFETY: the contract of this function.
    let status = unsafe { wine::create_link(link, target) };
    if status >= 0 {
        count_link(1);
    }
    status
}

/// `IoDeleteSymbolicLink`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn delete_link(link: *const c_void) -> i32 {
    // SAFETY: the contract of this function.
    let status = unsafe { wine::delete_link(link) };
    if status >= 0 {
        count_link(-1);
    }
    status
}

/// The dispatch table of a driver object.
fn table(driver: usize) -> *mut [Dispatch; CODES] {
    std::ptr::with_exposed_provenance_mut(driver + DISPATCH_OF_DRIVER)
}

/// Stands before the dispatch routines of a driver that has made devices and returned from DriverEntry.
pub(crate) fn stand_before_dispatch(image: &Arc<Image>) {
    let mut known = known();
    let Some(object) =
        known.devices.iter().find(|device| device.image == image.base).map(|device| device.driver)
    else {
        return;
    };
    // SAFETY: the driver object lives, and Wine has filled its table before DriverEntry.
    let dispatch = unsafe { table(object).read() };
    known.drivers.push(Driver { object, image: Arc::clone(image), dispatch, handles: 0 });
    // SAFETY: as above; requests are dispatched by the routine that takes this lock.
    unsafe { table(object).write([request; CODES]) };
}

/// Stands before every dispatch routine.
unsafe extern "system" fn request(device: *mut c_void, request: *mut c_void) -> i32 {
    // SAFETY: the device object is a live one.
    let object = unsafe { device.wrapping_byte_add(DRIVER_OF_DEVICE).cast::<usize>().read() };
    // SAFETY: the request is a live one.
    let location = unsafe { request.wrapping_byte_add(LOCATION_OF_REQUEST).cast::<*const u8>().read() };
    // SAFETY: the stack location begins with the code.
    let code = usize::from(unsafe { location.read() });
    // SAFETY: the stack location names the file that the request is for.
    let file = unsafe { location.wrapping_add(FILE_OF_LOCATION).cast::<usize>().read() };
    let Some((dispatch, image)) = known().admit(object, code, file) else {
        let status = if code == CLOSE { STATUS_SUCCESS } else { STATUS_NO_SUCH_DEVICE };
        // SAFETY: a live request that the driver does not see.
        return unsafe { answer(request, status) };
    };
    let state = State::now();
    // SAFETY: the driver's own routine with what it was called with.
    let status = unsafe { dispatch(device, request) };
    state.expect_again(dispatch as usize, "a dispatch routine");
    if code == CLOSE || (code == CREATE && status < 0) {
        known().gone(&image, (code == CREATE).then_some(file));
        CLOSED.notify_all();
    }
    status
}

impl Known {
    /// Whether the driver may see the request: its own routine for it, or nothing if it may not.
    fn admit(&mut self, object: usize, code: usize, file: usize) -> Option<(Dispatch, Arc<Image>)> {
        if let Some(index) = self.refused.iter().position(|refused| *refused == file) {
            if code == CLOSE {
                self.refused.swap_remove(index);
            }
            return None;
        }
        let driver = self.drivers.iter_mut().find(|driver| driver.object == object)?;
        if code == CREATE {
            if driver.image.stopping.load(Ordering::Acquire) {
                let name = &driver.image.name;
                report::line(format_args!("refused driver={name} text=opened after its stop was asked for"));
                self.refused.push(file);
                return None;
            }
            // Counted before the driver is asked: from here on Unload has to wait.
            driver.handles += 1;
        }
        Some((driver.dispatch[code.min(CODES - 1)], Arc::clone(&driver.image)))
    }

    /// A handle is closed, or was `refused` by the driver.
    fn gone(&mut self, image: &Image, refused: Option<usize>) {
        self.refused.extend(refused);
        if let Some(driver) = self.drivers.iter_mut().find(|driver| driver.image.base == image.base) {
            driver.handles = driver.handles.saturating_sub(1);
        }
    }
}

/// Completes a request in place of the driver.
///
/// # Safety
/// The request is a live one, and nobody else's now.
unsafe fn answer(request: *mut c_void, status: i32) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { request.wrapping_byte_add(STATUS_OF_REQUEST).cast::<i32>().write(status) };
    // SAFETY: the contract of this function.
    unsafe { request.wrapping_byte_add(INFORMATION_OF_REQUEST).cast::<usize>().write(0) };
    // SAFETY: the contract of this function.
    unsafe { wine::complete_request(request, 0) };
    status
}

/// Waits until nobody has a device of the driver open, for as long as the settings allow.
pub(crate) fn wait_for_handles(image: &Image) {
    let (begin, limit) = (Instant::now(), Duration::from_millis(settings::get().handle_wait));
    let open = |known: &Known| {
        known
            .drivers
            .iter()
            .filter(|driver| driver.image.base == image.base)
            .map(|driver| driver.handles)
            .sum()
    };
    let mut known = known();
    loop {
        let handles: u32 = open(&known);
        let left = limit.saturating_sub(begin.elapsed());
        if handles == 0 {
            break;
        }
        if left.is_zero() {
            drop(known);
            let waited = limit.as_millis();
            let text = format_args!("has {handles} handles open {waited} ms after its stop was asked for");
            report::broken_by(&image.name, image.base, text);
            break;
        }
        known = CLOSED.wait_timeout(known, left).unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// Reports devices of the driver of `image`, which is about to go.
pub(crate) fn report_left(image: &Image) {
    let mut known = known();
    let left = known.devices.iter().filter(|device| device.image == image.base).count();
    if left > 0 {
        report::broken_by(
            &image.name,
            image.base,
            format_args!("is unloaded with {left} devices not deleted"),
        );
    }
    known.devices.retain(|device| device.image != image.base);
    known.drivers.retain(|driver| driver.image.base != image.base);
}
