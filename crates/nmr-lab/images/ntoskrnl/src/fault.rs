//! Says whose mistake an access violation is, before Wine ends the process for it.

#![expect(unsafe_code, reason = "is called with a fault and reads what the system says about it")]

use windows_sys::Win32::Foundation::EXCEPTION_ACCESS_VIOLATION;
use windows_sys::Win32::System::Diagnostics::Debug::{
    AddVectoredExceptionHandler, EXCEPTION_CONTINUE_SEARCH, EXCEPTION_POINTERS,
};

use crate::{images, pool, report};

/// In the first parameter of an access violation: what was attempted.
const EXECUTE: usize = 8;
const WRITE: usize = 1;

/// The page in which the kernel shows its clocks, which headers read in place; Wine answers for it when it faults.
const SHARED_DATA: std::ops::Range<usize> = 0xffff_f780_0000_0000..0xffff_f780_0000_1000;

/// Listens from now on.
pub(crate) fn listen() {
    // SAFETY: the handler lives as long as the process, like this library.
    unsafe { AddVectoredExceptionHandler(1, Some(explain)) };
}

unsafe extern "system" fn explain(pointers: *mut EXCEPTION_POINTERS) -> i32 {
    // SAFETY: valid for the time of this call.
    let record = unsafe { (*pointers).ExceptionRecord };
    // SAFETY: as above.
    let record = unsafe { &*record };
    let [what, touched, ..] = record.ExceptionInformation;
    if record.ExceptionCode == EXCEPTION_ACCESS_VIOLATION && !SHARED_DATA.contains(&touched) {
        let at = record.ExceptionAddress.addr();
        if let Some((driver, text)) = of(at, what, touched) {
            report::broken_by(&driver, at, format_args!("{text}"));
        }
    }
    EXCEPTION_CONTINUE_SEARCH
}

/// Whose mistake it is and what, if it has to do with a driver under test.
fn of(at: usize, what: usize, touched: usize) -> Option<(String, String)> {
    let attempt = match what {
        EXECUTE => "executes",
        WRITE => "writes to",
        _ => "reads",
    };
    if let Some(image) = images::gone(at).filter(|_| images::of(at).is_none()) {
        return Some((image.name.clone(), "runs in an image that is unloaded".to_owned()));
    }
    if let Some((owner, block)) = pool::explain(touched) {
        let driver = images::of(at).map_or(owner, |image| image.name.clone());
        return Some((driver, format!("{attempt} {block}")));
    }
    let driver = images::of(at)?.name.clone();
    let text = match images::gone(touched).filter(|_| images::of(touched).is_none()) {
        Some(_) => format!("{attempt} {} of an image that is unloaded", images::place(touched)),
        None => format!("{attempt} {touched:#x}, where nothing is"),
    };
    Some((driver, text))
}
