//! Processing of INF files: newdev.dll for the driver store, setupapi.dll for a named section.
#![expect(unsafe_code, reason = "calls setupapi, and newdev through addresses looked up at run time")]

use std::path::Path;
use std::{mem, ptr};

use windows_sys::Win32::Devices::DeviceAndDriverInstallation::InstallHinfSectionW;
use windows_sys::Win32::Foundation::{FARPROC, HWND};
use windows_sys::Win32::System::LibraryLoader::{
    GetProcAddress, LOAD_LIBRARY_SEARCH_SYSTEM32, LoadLibraryExW,
};
use windows_sys::core::{BOOL, PCSTR, PCWSTR, s};

use super::{error, wide};
use crate::failure::Win32Error;
use crate::machine::Processed;

/// `DiInstallDriverW` and `DiUninstallDriverW` have the same shape.
type StoreFunction = unsafe extern "system" fn(HWND, PCWSTR, u32, *mut BOOL) -> BOOL;

/// `DiInstallDriverW`.
pub(super) fn install_through_store(inf: &Path) -> Result<Processed, Win32Error> {
    through_store(s!("DiInstallDriverW"), inf)
}

/// `DiUninstallDriverW`, which systems before Windows 10 1903 do not have.
pub(super) fn uninstall_through_store(inf: &Path) -> Result<Processed, Win32Error> {
    through_store(s!("DiUninstallDriverW"), inf)
}

fn through_store(function: PCSTR, inf: &Path) -> Result<Processed, Win32Error> {
    let Some(function) = newdev_function(function)? else { return Ok(Processed::NotOffered) };
    let inf = wide::from_path(inf);
    let mut needs_restart = 0;
    // SAFETY: the function has this shape by its documentation; no window is its parent, the path ends with a zero and
    // outlives the call, flags 0 ask for nothing special, the last argument is writable.
    error::check(unsafe { function(ptr::null_mut(), inf.as_ptr(), 0, &raw mut needs_restart) })?;
    Ok(Processed::Claimed)
}

/// The address of `name` in newdev.dll, or `None` if this system's newdev.dll has no such function. The library stays
/// loaded, so the address stays good.
fn newdev_function(name: PCSTR) -> Result<Option<StoreFunction>, Win32Error> {
    let library = wide::from_text("newdev.dll");
    // SAFETY: the name ends with a zero; only the system folder is searched, so nobody's library is run by accident.
    let module = unsafe { LoadLibraryExW(library.as_ptr(), ptr::null_mut(), LOAD_LIBRARY_SEARCH_SYSTEM32) };
    if module.is_null() {
        return Err(error::last());
    }
    // SAFETY: the module was loaded above and is never freed; the name ends with a zero.
    let address = unsafe { GetProcAddress(module, name) };
    // SAFETY: both are nullable function pointers; the callers name functions of newdev.dll of this shape only.
    Ok(unsafe { mem::transmute::<FARPROC, Option<StoreFunction>>(address) })
}

/// `InstallHinfSectionW`: processes `section` of `inf` and the services section that belongs to it. It returns nothing,
/// so nothing but the result on the machine tells whether it worked.
pub(super) fn run_section(inf: &Path, section: &str) -> Result<Processed, Win32Error> {
    // 128: the folder of the INF is the source of its files. 4: never restart. No quotes: it takes the rest of the
    // line as the path.
    let line = wide::from_text(&format!("{section} 132 {}", inf.display()));
    // SAFETY: no window and no module is needed; the line ends with a zero and outlives the call.
    unsafe { InstallHinfSectionW(ptr::null_mut(), ptr::null_mut(), line.as_ptr(), 0) };
    Ok(Processed::Claimed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_newdev_lacks_is_not_offered() {
        assert!(newdev_function(s!("DiInstallDriverW")).unwrap().is_some());
        assert!(newdev_function(s!("DiNoSuchFunctionW")).unwrap().is_none());
    }
}
