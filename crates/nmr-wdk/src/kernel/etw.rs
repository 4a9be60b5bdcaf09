//! ETW: the driver's TraceLogging provider, on systems that have the routines.
//!
//! They are looked up by name and not imported, so that the same image runs where they are missing.

#![expect(unsafe_code, reason = "calls routines of the kernel by address, and is called back")]

use super::text::{UnicodeString, utf16};
use core::ffi::c_void;
use core::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use nmr::trace::{CHANNEL, Listeners, Payload, etw_level};
use nmr::{Event, Guid, Status};
use wdk_sys::ntddk;

/// Who a driver is to ETW. `driver_entry!` makes it.
#[derive(Debug)]
pub struct Provider {
    /// Its GUID, `nmr::trace::provider_id`.
    pub id: Guid,
    /// Its name, `nmr::trace::provider_metadata`.
    pub metadata: &'static [u8],
}

type EtwRegister = unsafe extern "system" fn(*const Guid, EnableCallback, *mut c_void, *mut u64) -> Status;
type EtwUnregister = unsafe extern "system" fn(u64) -> Status;
type EtwSetInformation = unsafe extern "system" fn(u64, u32, *const c_void, u32) -> Status;
type EtwWriteTransfer = unsafe extern "system" fn(
    u64,
    *const EventDescriptor,
    *const Guid,
    *const Guid,
    u32,
    *const DataDescriptor,
) -> Status;
type EnableCallback = unsafe extern "system" fn(*const Guid, u32, u8, u64, u64, *const c_void, *mut c_void);

/// `EVENT_DESCRIPTOR`.
#[repr(C)]
struct EventDescriptor {
    id: u16,
    version: u8,
    channel: u8,
    level: u8,
    opcode: u8,
    task: u16,
    keyword: u64,
}

/// `EVENT_DATA_DESCRIPTOR`.
#[repr(C)]
struct DataDescriptor {
    address: u64,
    size: u32,
    /// `EVENT_DATA_DESCRIPTOR_TYPE_*`.
    data_type: u32,
}

const _: () = assert!(size_of::<EventDescriptor>() == 16 && size_of::<DataDescriptor>() == 16);

const VALUES: u32 = 0;
const EVENT_METADATA: u32 = 1;
const PROVIDER_METADATA: u32 = 2;
/// `EventProviderSetTraits`.
const SET_TRAITS: u32 = 2;

static LISTENERS: Listeners = Listeners::new();
/// The provider's handle; 0 if there is none.
static HANDLE: AtomicU64 = AtomicU64::new(0);
/// `EtwWriteTransfer`; NULL if there is no provider.
static WRITE: AtomicPtr<c_void> = AtomicPtr::new(core::ptr::null_mut());
/// `EtwUnregister`; meaningful with a handle.
static UNREGISTER: AtomicPtr<c_void> = AtomicPtr::new(core::ptr::null_mut());
/// The provider's own metadata. Meaningful with a handle.
static PROVIDER: AtomicPtr<Provider> = AtomicPtr::new(core::ptr::null_mut());

/// Makes `provider` known to ETW, where there is ETW. For DriverEntry.
pub(super) fn register(provider: &'static Provider) {
    let register = routine(const { &utf16::<11>("EtwRegister") });
    let write = routine(const { &utf16::<16>("EtwWriteTransfer") });
    let unregister = routine(const { &utf16::<13>("EtwUnregister") });
    if register.is_null() || write.is_null() || unregister.is_null() {
        return;
    }
    PROVIDER.store(core::ptr::from_ref(provider).cast_mut(), Ordering::Relaxed);
    WRITE.store(write, Ordering::Relaxed);
    UNREGISTER.store(unregister, Ordering::Relaxed);
    // SAFETY: the routine of that name has this type.
    let register = unsafe { core::mem::transmute::<*mut c_void, EtwRegister>(register) };
    let mut handle = 0;
    // SAFETY: at PASSIVE_LEVEL; GUID and callback are static, and `unregister` comes before the image goes.
    let status = unsafe { register(&provider.id, enabled, core::ptr::null_mut(), &mut handle) };
    if !status.is_success() {
        return;
    }
    set_traits(handle, provider);
    HANDLE.store(handle, Ordering::Release);
}

/// Tells ETW the provider's name, so that sessions can list it before its first event. Systems before Windows 10 do not
/// know that, and events carry the name in any case.
fn set_traits(handle: u64, provider: &'static Provider) {
    let set_information = routine(const { &utf16::<17>("EtwSetInformation") });
    if set_information.is_null() {
        return;
    }
    // SAFETY: the routine of that name has this type.
    let set_information = unsafe { core::mem::transmute::<*mut c_void, EtwSetInformation>(set_information) };
    let (traits, size) = (provider.metadata.as_ptr().cast(), provider.metadata.len() as u32);
    // SAFETY: the handle is that of our registration; the traits are static, as they have to be.
    let _ = unsafe { set_information(handle, SET_TRAITS, traits, size) };
}

/// Makes the provider unknown again, and waits for callbacks that are running. The last that DriverEntry does if it
/// fails, or Unload.
pub(super) fn unregister() {
    let handle = HANDLE.swap(0, Ordering::AcqRel);
    if handle == 0 {
        return;
    }
    let unregister = UNREGISTER.load(Ordering::Relaxed);
    // SAFETY: the routine of that name has this type, and its address was stored before the handle.
    let unregister = unsafe { core::mem::transmute::<*mut c_void, EtwUnregister>(unregister) };
    // SAFETY: the handle was ours and is used by nobody any more: who writes events is gone before this is called.
    let _ = unsafe { unregister(handle) };
}

/// Hands `event` to those who listen.
pub(super) fn trace(event: &Event<'_>) {
    let level = etw_level(event.step.level());
    if LISTENERS.want(level) {
        write(event, level);
    }
}

#[inline(never)]
fn write(event: &Event<'_>, level: u8) {
    let handle = HANDLE.load(Ordering::Acquire);
    if handle == 0 {
        return;
    }
    // SAFETY: a static provider was stored before the handle.
    let provider = unsafe { &*PROVIDER.load(Ordering::Relaxed) };
    let payload = Payload::of(event);
    let descriptor =
        EventDescriptor { id: 0, version: 0, channel: CHANNEL, level, opcode: 0, task: 0, keyword: 0 };
    let data = |bytes: &[u8], data_type| DataDescriptor {
        address: bytes.as_ptr().expose_provenance() as u64,
        size: bytes.len() as u32,
        data_type,
    };
    let data = [
        data(provider.metadata, PROVIDER_METADATA),
        data(event.step.metadata(), EVENT_METADATA),
        data(payload.as_bytes(), VALUES),
    ];
    let none = core::ptr::null();
    // SAFETY: the routine of that name has this type, and its address was stored before the handle.
    let write =
        unsafe { core::mem::transmute::<*mut c_void, EtwWriteTransfer>(WRITE.load(Ordering::Relaxed)) };
    // SAFETY: the handle is registered; descriptors and what they point to outlive the call, in memory that is not paged.
    // A full buffer loses the event, which is all that the status could say.
    let _ = unsafe { write(handle, &descriptor, none, none, data.len() as u32, data.as_ptr()) };
}

unsafe extern "system" fn enabled(
    _source: *const Guid,
    control_code: u32,
    level: u8,
    _any: u64,
    _all: u64,
    _filter: *const c_void,
    _context: *mut c_void,
) {
    LISTENERS.control(control_code, level);
}

/// The routine of that name, NULL if the system has none. PASSIVE_LEVEL.
fn routine(name: &[u16]) -> *mut c_void {
    let name = UnicodeString::new(name);
    // SAFETY: the name is a string that outlives the call; DriverEntry and Unload run at PASSIVE_LEVEL.
    unsafe { ntddk::MmGetSystemRoutineAddress(name.as_ptr().cast_mut()) }
}
