//! What the loader says when an image comes and when it goes.

#![expect(unsafe_code, reason = "registers a callback with the loader and reads what it is given")]

use std::ffi::c_void;

use crate::images::{self, Image};
use crate::{departure, import, report, service};

const LOADED: u32 = 1;
const UNLOADED: u32 = 2;
/// A driver of the lab's own, which is not under test.
const REGISTRAR: &str = "netio.sys";

/// UNICODE_STRING.
#[repr(C)]
pub(crate) struct Text {
    /// In bytes.
    length: u16,
    capacity: u16,
    letters: *const u16,
}

impl Text {
    /// What it says.
    ///
    /// # Safety
    /// `text` is as the kernel makes them.
    pub(crate) unsafe fn read(text: *const Self) -> String {
        // SAFETY: the contract of this function.
        let text = unsafe { &*text };
        if text.letters.is_null() {
            return String::new();
        }
        // SAFETY: the contract of this function.
        let letters = unsafe { std::slice::from_raw_parts(text.letters, usize::from(text.length) / 2) };
        String::from_utf16_lossy(letters)
    }
}

/// LDR_DLL_NOTIFICATION_DATA, the same for both events.
#[repr(C)]
struct Notice {
    flags: u32,
    full_name: *const Text,
    name: *const Text,
    base: *mut c_void,
    size: u32,
}

#[link(name = "ntdll")]
unsafe extern "system" {
    fn LdrRegisterDllNotification(
        flags: u32,
        callback: unsafe extern "system" fn(u32, *const Notice, *mut c_void),
        context: *mut c_void,
        cookie: *mut *mut c_void,
    ) -> i32;
}

/// Asks the loader to tell us.
pub(crate) fn begin() {
    let mut cookie = std::ptr::null_mut();
    // SAFETY: the callback lives as long as the process, like this library.
    unsafe { LdrRegisterDllNotification(0, notified, std::ptr::null_mut(), &mut cookie) };
}

unsafe extern "system" fn notified(event: u32, notice: *const Notice, _: *mut c_void) {
    // SAFETY: the loader's, for the time of this call.
    let Notice { name, base, size, .. } = unsafe { &*notice };
    // SAFETY: as above.
    let name = unsafe { Text::read(*name) };
    let base = base.expose_provenance();
    match event {
        LOADED if is_under_test(&name, base) => {
            let image = images::add(Image { name, base, size: *size as usize, ..Image::default() });
            report::line(format_args!("loaded driver={} base={base:#x} size={size:#x}", image.name));
            // SAFETY: mapped, and not started yet.
            unsafe { import::lead_through_gates(&image) };
            service::came(&image);
        }
        UNLOADED => {
            if let Some(image) = images::of(base) {
                departure::report_left(&image);
                images::remove(base);
                service::went(&image);
            }
        }
        _ => {}
    }
}

fn is_under_test(name: &str, base: usize) -> bool {
    let is_driver = name.to_ascii_lowercase().ends_with(".sys") && !name.eq_ignore_ascii_case(REGISTRAR);
    // SAFETY: the loader has mapped an image there.
    is_driver && !unsafe { import::is_wines(base) }
}
