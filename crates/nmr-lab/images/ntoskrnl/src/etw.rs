//! Event tracing: registrations are counted, events become lines of the log.

#![expect(unsafe_code, reason = "implements routines that drivers call with pointers of theirs")]

use std::ffi::c_void;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::images::{self, Image};
use crate::trace_logging::{self, Guid};
use crate::{report, settings, thread};

const STATUS_SUCCESS: i32 = 0;
const STATUS_INVALID_HANDLE: i32 = 0xc000_0008_u32 as i32;
/// EVENT_CONTROL_CODE_ENABLE_PROVIDER, and a session that wants everything.
const ENABLE: u32 = 1;
const ALL_LEVELS: u8 = 0xff;
const ALL_KEYWORDS: u64 = u64::MAX;
/// EVENT_INFO_CLASS: EventProviderSetTraits.
const SET_TRAITS: u32 = 2;
/// EVENT_DATA_DESCRIPTOR's Type: metadata of the event.
const EVENT_METADATA: u8 = 1;
/// As above: metadata of the provider.
const PROVIDER_METADATA: u8 = 2;

type Enabled = unsafe extern "system" fn(*const Guid, u32, u8, u64, u64, *const c_void, *mut c_void);

/// A provider that is registered.
struct Registration {
    handle: u64,
    provider: Guid,
    /// From its traits, if it has set them.
    name: Option<String>,
    image: usize,
}

struct Registrations {
    known: Vec<Registration>,
    last: u64,
}

static REGISTRATIONS: Mutex<Registrations> = Mutex::new(Registrations { known: Vec::new(), last: 0 });

fn registrations() -> MutexGuard<'static, Registrations> {
    REGISTRATIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// EVENT_DESCRIPTOR.
#[repr(C)]
pub(crate) struct Descriptor {
    id: u16,
    version: u8,
    channel: u8,
    level: u8,
    opcode: u8,
    task: u16,
    keyword: u64,
}

/// EVENT_DATA_DESCRIPTOR.
#[repr(C)]
pub(crate) struct Data {
    address: u64,
    size: u32,
    kind: u8,
    reserved: [u8; 3],
}

/// `EtwRegister`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn register(
    provider: *const Guid,
    enabled: Option<Enabled>,
    context: *mut c_void,
    handle: *mut u64,
) -> i32 {
    let image = images::of(thread::caller()).map_or(0, |image| image.base);
    // SAFETY: the contract of this function.
    let provider = unsafe { *provider };
    let made = {
        let mut registrations = registrations();
        registrations.last += 1;
        let handle = registrations.last;
        registrations.known.push(Registration { handle, provider, name: None, image });
        handle
    };
    // SAFETY: the contract of this function.
    unsafe { handle.write(made) };
    if let Some(enabled) = enabled.filter(|_| settings::get().tracing) {
        let (session, filter) = (Guid::default(), std::ptr::null());
        // SAFETY: the driver's callback and its context.
        unsafe { enabled(&session, ENABLE, ALL_LEVELS, ALL_KEYWORDS, 0, filter, context) };
    }
    STATUS_SUCCESS
}

/// `EtwUnregister`.
pub(crate) extern "system" fn unregister(handle: u64) -> i32 {
    let mut registrations = registrations();
    let before = registrations.known.len();
    registrations.known.retain(|known| known.handle != handle);
    if registrations.known.len() == before {
        drop(registrations);
        report::broken(
            thread::caller(),
            format_args!("unregisters an event provider that is not registered"),
        );
        return STATUS_INVALID_HANDLE;
    }
    STATUS_SUCCESS
}

/// `EtwSetInformation`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn set_information(
    handle: u64,
    class: u32,
    information: *const u8,
    size: u32,
) -> i32 {
    let mut registrations = registrations();
    let Some(known) = registrations.known.iter_mut().find(|known| known.handle == handle) else {
        return STATUS_INVALID_HANDLE;
    };
    if class == SET_TRAITS && !information.is_null() {
        // SAFETY: the contract of this function.
        let traits = unsafe { std::slice::from_raw_parts(information, size as usize) };
        known.name = trace_logging::provider_name(traits);
    }
    STATUS_SUCCESS
}

/// `EtwWrite`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn write(
    handle: u64,
    descriptor: *const Descriptor,
    activity: *const Guid,
    count: u32,
    data: *const Data,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { write_transfer(handle, descriptor, activity, std::ptr::null(), count, data) }
}

/// `EtwWriteTransfer`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn write_transfer(
    handle: u64,
    descriptor: *const Descriptor,
    _activity: *const Guid,
    _related: *const Guid,
    count: u32,
    data: *const Data,
) -> i32 {
    let provider = {
        let registrations = registrations();
        let known = registrations.known.iter().find(|known| known.handle == handle);
        known.map(|known| known.name.clone().unwrap_or_else(|| known.provider.to_string()))
    };
    let Some(provider) = provider else {
        report::broken(
            thread::caller(),
            format_args!("writes an event for a provider that is not registered"),
        );
        return STATUS_INVALID_HANDLE;
    };
    // SAFETY: the contract of this function.
    let descriptor = unsafe { &*descriptor };
    let parts = if count == 0 {
        &[]
    } else {
        // SAFETY: the contract of this function.
        unsafe { std::slice::from_raw_parts(data, count as usize) }
    };
    let (mut metadata, mut payload) = (Vec::new(), Vec::new());
    for part in parts.iter().filter(|part| part.size > 0) {
        let bytes = std::ptr::with_exposed_provenance::<u8>(part.address as usize);
        // SAFETY: the contract of this function.
        let bytes = unsafe { std::slice::from_raw_parts(bytes, part.size as usize) };
        match part.kind {
            EVENT_METADATA => metadata.extend_from_slice(bytes),
            PROVIDER_METADATA => {}
            _ => payload.extend_from_slice(bytes),
        }
    }
    let event = match trace_logging::event(&metadata, &payload) {
        Some(event) => event,
        None => format!("id={} bytes={}", descriptor.id, payload.len()),
    };
    let Descriptor { level, keyword, .. } = descriptor;
    report::line(format_args!("event provider={provider} level={level} keyword={keyword:#x} {event}"));
    STATUS_SUCCESS
}

/// `EtwEventEnabled`.
pub(crate) extern "system" fn event_enabled(_handle: u64, _descriptor: *const Descriptor) -> u8 {
    u8::from(settings::get().tracing)
}

/// `EtwProviderEnabled`.
pub(crate) extern "system" fn provider_enabled(_handle: u64, _level: u8, _keyword: u64) -> u8 {
    u8::from(settings::get().tracing)
}

/// Reports event providers of the driver of `image`, which is about to go.
pub(crate) fn report_left(image: &Image) {
    let mut registrations = registrations();
    let before = registrations.known.len();
    registrations.known.retain(|known| known.image != image.base);
    let left = before - registrations.known.len();
    if left > 0 {
        let text = format_args!("is unloaded with {left} event providers registered");
        report::broken_by(&image.name, image.base, text);
    }
}
