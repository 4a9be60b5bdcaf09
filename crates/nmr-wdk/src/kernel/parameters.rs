//! The `Parameters` key of the service, in which the driver leaves word while its unload hangs.

#![expect(unsafe_code, reason = "calls the registry with pointers to local storage")]

use super::thread::succeeded;
use core::cell::UnsafeCell;
use core::fmt::{self, Write};
use nmr::{MayWait, Status};
use wdk_sys::{
    HANDLE, KEY_SET_VALUE, OBJ_CASE_INSENSITIVE, OBJ_KERNEL_HANDLE, OBJECT_ATTRIBUTES,
    REG_OPTION_NON_VOLATILE, REG_SZ, UNICODE_STRING, ntddk,
};

/// The value that says who holds the unload up.
pub(super) const UNLOAD_BLOCKER: &str = "UnloadBlocker";
const FOLDER: &str = r"\Parameters";
/// Service keys have about 80 characters.
const MOST_PATH: usize = 256;
const MOST_LINE: usize = 400;

/// UTF-16 text in place; what does not fit is left out.
struct Wide<const MOST: usize> {
    units: [u16; MOST],
    length: usize,
}

impl<const MOST: usize> Wide<MOST> {
    const fn new() -> Self {
        Self { units: [0; MOST], length: 0 }
    }

    fn push(&mut self, unit: u16) -> bool {
        let fits = self.length < MOST;
        if fits {
            self.units[self.length] = unit;
            self.length += 1;
        }
        fits
    }

    fn units(&self) -> &[u16] {
        &self.units[..self.length]
    }

    /// For routines that only read, as long as `self` is not changed.
    fn as_unicode_string(&self) -> UNICODE_STRING {
        let bytes = size_of_val(self.units()) as u16;
        UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: self.units.as_ptr().cast_mut() }
    }
}

impl<const MOST: usize> Write for Wide<MOST> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.encode_utf16().all(|unit| self.push(unit)).then_some(()).ok_or(fmt::Error)
    }
}

/// The path of the key; empty if it is not known.
struct Path(UnsafeCell<Wide<MOST_PATH>>);

// SAFETY: written by DriverEntry before anything else runs, then only read.
unsafe impl Sync for Path {}

static PATH: Path = Path(UnsafeCell::new(Wide::new()));

/// Keeps the path that DriverEntry was given.
///
/// # Safety
/// For DriverEntry, before it does anything else. `service` is NULL or the service's key.
pub(super) unsafe fn remember(service: *const UNICODE_STRING) {
    // SAFETY: as the caller says.
    let Some(service) = (unsafe { service.as_ref() }) else { return };
    let length = usize::from(service.Length) / size_of::<u16>();
    if service.Buffer.is_null() || length + FOLDER.len() > MOST_PATH {
        return;
    }
    // SAFETY: the string says how long it is.
    let service = unsafe { core::slice::from_raw_parts(service.Buffer, length) };
    // SAFETY: nobody else knows of the path yet.
    let path = unsafe { &mut *PATH.0.get() };
    *path = Wide::new();
    let whole = service.iter().copied().chain(FOLDER.encode_utf16());
    whole.for_each(|unit| {
        path.push(unit);
    });
}

/// Sets the string value `name` to `text`. What cannot be set is logged: nothing depends on it.
pub(super) fn set(_: &MayWait<'_>, name: &str, text: fmt::Arguments<'_>) {
    // SAFETY: DriverEntry, the only writer, came before.
    let path = unsafe { &*PATH.0.get() };
    if path.length == 0 {
        return;
    }
    let mut value_name = Wide::<32>::new();
    let mut line = Wide::<MOST_LINE>::new();
    // A line that is too long is cut off.
    let _ = (value_name.write_str(name), line.write_fmt(text));
    // The terminating zero of REG_SZ; the last unit gives way to it.
    if !line.push(0) {
        line.units[MOST_LINE - 1] = 0;
    }
    let status = set_value(&path.as_unicode_string(), &value_name.as_unicode_string(), line.units());
    if !succeeded(status) {
        super::log(format_args!("nmr: {name} cannot be set: {}", Status(status)));
    }
}

fn set_value(path: &UNICODE_STRING, name: &UNICODE_STRING, text: &[u16]) -> i32 {
    let mut attributes = OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        ObjectName: core::ptr::from_ref(path).cast_mut(),
        Attributes: OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE,
        ..Default::default()
    };
    let mut key: HANDLE = core::ptr::null_mut();
    // SAFETY: at PASSIVE_LEVEL, and everything passed is local.
    let status = unsafe {
        ntddk::ZwCreateKey(
            &mut key,
            KEY_SET_VALUE,
            &mut attributes,
            0,
            core::ptr::null_mut(),
            REG_OPTION_NON_VOLATILE,
            core::ptr::null_mut(),
        )
    };
    if !succeeded(status) {
        return status;
    }
    let mut name = *name;
    let data = text.as_ptr().cast_mut().cast();
    // SAFETY: a key that was just opened for this, and data of the length that is given.
    let status = unsafe { ntddk::ZwSetValueKey(key, &mut name, 0, REG_SZ, data, size_of_val(text) as u32) };
    // SAFETY: the handle is this function's, and not used any more.
    let closed = unsafe { ntddk::ZwClose(key) };
    debug_assert!(succeeded(closed));
    status
}
