//! The library's entry point.

#![expect(unsafe_code, reason = "is called by the loader")]

use std::ffi::c_void;

use crate::{fault, notification};

const PROCESS_ATTACH: u32 = 1;

/// Called by the loader, behind the C runtime's own entry point.
#[unsafe(no_mangle)]
extern "system" fn DllMain(_library: *mut c_void, reason: u32, _reserved: *mut c_void) -> i32 {
    if reason == PROCESS_ATTACH {
        notification::begin();
        fault::listen();
    }
    1
}
