//! Loading and unloading drivers. Where an image lay nothing comes to lie again, so that late code faults and the next
//! load gets another address.

#![expect(unsafe_code, reason = "stands before the routines that load and unload drivers")]

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::atomic::Ordering;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use windows_sys::Win32::System::Memory::{MEM_RESERVE, PAGE_NOACCESS, VirtualAlloc};

use crate::images::Image;
use crate::notification::Text;
use crate::thread::State;
use crate::{device, images, report, wine};

#[derive(Debug, Default)]
struct Services {
    /// The image that each service has loaded, by its base.
    images: HashMap<String, usize>,
    /// The image that was loaded last, in the load that runs.
    came: Option<usize>,
    /// The images that have gone, in the call that runs: base and size.
    went: Vec<(usize, usize)>,
}

static SERVICES: LazyLock<Mutex<Services>> = LazyLock::new(Mutex::default);

fn services() -> MutexGuard<'static, Services> {
    SERVICES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An image of a driver under test has come.
pub(crate) fn came(image: &Image) {
    services().came = Some(image.base);
}

/// An image of a driver under test is about to go.
pub(crate) fn went(image: &Image) {
    services().went.push((image.base, image.size));
}

/// Keeps everything away from where images lay.
fn seal() {
    for (base, size) in std::mem::take(&mut services().went) {
        let address = std::ptr::with_exposed_provenance::<c_void>(base);
        // SAFETY: reserves address space that is free.
        let sealed = unsafe { VirtualAlloc(address, size, MEM_RESERVE, PAGE_NOACCESS) };
        if sealed.is_null() {
            // Somebody was quicker. What is there now is theirs, and late code would run into it.
            report::line(format_args!("not sealed base={base:#x} size={size:#x}"));
        }
    }
}

/// `ZwLoadDriver`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn load(service: *const Text) -> i32 {
    // SAFETY: the contract of this function.
    let name = unsafe { Text::read(service) }.to_ascii_lowercase();
    services().came = None;
    let state = State::now();
    // SAFETY: the contract of this function.
    let status = unsafe { wine::load_driver(service.cast()) };
    let came = services().came.take();
    if let Some(image) = came.and_then(images::of) {
        state.expect_again(image.base, "DriverEntry");
        if status >= 0 {
            device::stand_before_dispatch(&image);
            services().images.insert(name, image.base);
        }
    }
    seal();
    status
}

/// `ZwUnloadDriver`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn unload(service: *const Text) -> i32 {
    // SAFETY: the contract of this function.
    let name = unsafe { Text::read(service) }.to_ascii_lowercase();
    let base = services().images.get(&name).copied();
    let image = base.and_then(images::of);
    if let Some(image) = &image {
        image.stopping.store(true, Ordering::Release);
        device::wait_for_handles(image);
    }
    let state = State::now();
    // SAFETY: the contract of this function.
    let status = unsafe { wine::unload_driver(service.cast()) };
    if let Some(image) = &image {
        state.expect_again(image.base, "Unload");
    }
    seal();
    status
}
