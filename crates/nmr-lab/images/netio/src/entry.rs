//! The one entry point, which is called as `DllMain` and as `DriverEntry`.

#![expect(unsafe_code, reason = "is the entry point of an image and calls the C runtime's")]

use lab_print as print;
use nmr_sim::{Event, What, c_library};
use std::ffi::c_void;

const DLL_PROCESS_DETACH: usize = 0;
const DLL_PROCESS_ATTACH: usize = 1;
/// `DLL_THREAD_DETACH`, the highest reason for which `DllMain` is called.
const LAST_REASON: usize = 3;
const STATUS_SUCCESS: i32 = 0;

unsafe extern "system" {
    /// The C runtime's entry point of a DLL, which this one stands in front of.
    fn DllMainCRTStartup(module: *mut c_void, reason: u32, reserved: *mut c_void) -> i32;
}

/// `DllMain(module, reason, reserved)` when the image is mapped or unmapped, `DriverEntry(driver object, registry path)`
/// when it is started as a kernel service. The second argument tells which: no address is as small as a reason.
///
/// # Safety
/// Called by the loader, or by the kernel as DriverEntry.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "system" fn netio_entry(
    module_or_driver: *mut c_void,
    reason_or_path: usize,
    reserved: *mut c_void,
) -> i32 {
    if reason_or_path > LAST_REASON {
        // No unload routine is set: whoever starts this service wants its process to stay.
        print::line("nmr-sim: service");
        return STATUS_SUCCESS;
    }
    if reason_or_path == DLL_PROCESS_DETACH {
        if reserved.is_null() {
            let left = c_library::world().left();
            let (registrations, bindings) = (left.registrations.len(), left.bindings);
            print::line(&format!(
                "nmr-sim: unmapped registrations-left={registrations} bindings-left={bindings}"
            ));
        } else {
            // The process ends; its other threads are dead and may have held any lock.
            print::line("nmr-sim: ended");
        }
    }
    // SAFETY: the arguments of this very call, made by the loader.
    let done = unsafe { DllMainCRTStartup(module_or_driver, reason_or_path as u32, reserved) };
    if reason_or_path == DLL_PROCESS_ATTACH && done != 0 {
        c_library::install(|builder| builder.record(false).listener(print_event));
        // What would go to standard error, which a kernel service does not have, is told by the events.
        for (setting, value) in [("on-violation", "collect"), ("wait-report", "none")] {
            if let Err(wrong) = c_library::set(setting, value) {
                print::line(&format!("nmr-sim: {wrong}"));
            }
        }
        print::line("nmr-sim: loaded");
    }
    done
}

fn print_event(event: &Event) {
    print::line(&match &event.what {
        What::Violated(violation) => {
            let (sequence, rule) = (event.sequence, violation.rule);
            format!("nmr-sim: VIOLATION {sequence} rule={rule} text={}", violation.sentence())
        }
        _ => format!("nmr-sim: {event}"),
    });
}
