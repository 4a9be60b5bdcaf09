//! The service control manager.
#![expect(unsafe_code, reason = "calls the service functions of advapi32")]

use std::{mem, ptr};

use windows_sys::Win32::Foundation::ERROR_INSUFFICIENT_BUFFER;
use windows_sys::Win32::System::Services::{
    CloseServiceHandle, ControlService, DeleteService, OpenSCManagerW, OpenServiceW, QUERY_SERVICE_CONFIGW,
    QueryServiceConfigW, QueryServiceStatusEx, SC_HANDLE, SC_MANAGER_CONNECT, SC_STATUS_PROCESS_INFO,
    SERVICE_CONTROL_STOP, SERVICE_QUERY_CONFIG, SERVICE_QUERY_STATUS, SERVICE_START, SERVICE_STATUS,
    SERVICE_STATUS_PROCESS, SERVICE_STOP, StartServiceW,
};

use super::{error, wide};
use crate::failure::Win32Error;
use crate::machine::Request;
use crate::service::{Service, ServiceState};

const ERROR_SERVICE_DOES_NOT_EXIST: u32 = 1060;
const DELETE: u32 = 0x0001_0000;

/// An open handle to the manager or to a service.
///
/// # Invariants
/// The handle is valid, open, and closed by nobody else.
struct Handle(SC_HANDLE);

impl Handle {
    fn service(name: &str, access: u32) -> Result<Self, Win32Error> {
        // SAFETY: NULL stands for this machine and for the active database, as documented.
        let manager = unsafe { OpenSCManagerW(ptr::null(), ptr::null(), SC_MANAGER_CONNECT) };
        let manager = Self::owning(manager)?;
        let name = wide::from_text(name);
        // SAFETY: the manager's handle is open by the type's invariant; the name ends with a zero and outlives the call.
        Self::owning(unsafe { OpenServiceW(manager.0, name.as_ptr(), access) })
    }

    fn owning(handle: SC_HANDLE) -> Result<Self, Win32Error> {
        // INVARIANT: the functions above return a new handle that is ours to close, or NULL.
        if handle.is_null() { Err(error::last()) } else { Ok(Self(handle)) }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: open and ours by the type's invariant. A failure would mean that it is not open; nothing is lost.
        unsafe { CloseServiceHandle(self.0) };
    }
}

/// The service `name`, or `None` if there is none.
pub(super) fn query(name: &str) -> Result<Option<Service>, Win32Error> {
    let handle = match Handle::service(name, SERVICE_QUERY_STATUS | SERVICE_QUERY_CONFIG) {
        Ok(handle) => handle,
        Err(error) if error.number == ERROR_SERVICE_DOES_NOT_EXIST => return Ok(None),
        Err(error) => return Err(error),
    };
    let status = status(&handle)?;
    let (image_path, load_order_group) = configuration(&handle)?;
    let state = ServiceState::from_number(status.dwCurrentState);
    Ok(Some(Service { state, win32_exit_code: status.dwWin32ExitCode, image_path, load_order_group }))
}

fn status(service: &Handle) -> Result<SERVICE_STATUS_PROCESS, Win32Error> {
    let mut status = SERVICE_STATUS_PROCESS::default();
    let size = u32::try_from(mem::size_of::<SERVICE_STATUS_PROCESS>()).unwrap_or(0);
    let buffer = ptr::from_mut(&mut status).cast();
    let mut needed = 0;
    // SAFETY: the handle is open; the buffer is a SERVICE_STATUS_PROCESS, what this information level fills, of the
    // size given.
    error::check(unsafe {
        QueryServiceStatusEx(service.0, SC_STATUS_PROCESS_INFO, buffer, size, &raw mut needed)
    })?;
    Ok(status)
}

/// Image path and load order group.
fn configuration(service: &Handle) -> Result<(String, String), Win32Error> {
    let mut needed = 0;
    // SAFETY: with size 0 nothing is written but the size needed.
    let done = unsafe { QueryServiceConfigW(service.0, ptr::null_mut(), 0, &raw mut needed) };
    if let Err(error) = error::check(done)
        && error.number != ERROR_INSUFFICIENT_BUFFER
    {
        return Err(error);
    }
    // Eight-byte words give the structure its alignment.
    let mut buffer =
        vec![0_u64; (needed as usize).div_ceil(8).max(mem::size_of::<QUERY_SERVICE_CONFIGW>() / 8)];
    let size = u32::try_from(buffer.len() * 8).unwrap_or(u32::MAX);
    let start: *mut QUERY_SERVICE_CONFIGW = buffer.as_mut_ptr().cast();
    // SAFETY: the handle is open; the buffer is aligned and writable for `size` bytes.
    error::check(unsafe { QueryServiceConfigW(service.0, start, size, &raw mut needed) })?;
    // SAFETY: the call above succeeded, so a whole structure lies at the start of the buffer, which is at least as large.
    let configuration = unsafe { &*start };
    let text = |pointer: *const u16| text_inside(&buffer, pointer);
    Ok((text(configuration.lpBinaryPathName), text(configuration.lpLoadOrderGroup)))
}

/// The text at `pointer`, which the manager placed inside `buffer`; empty for NULL or anything outside.
fn text_inside(buffer: &[u64], pointer: *const u16) -> String {
    let Some(offset) = pointer.addr().checked_sub(buffer.as_ptr().addr()) else { return String::new() };
    let units: Vec<u16> = buffer
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .skip(offset)
        .collect::<Vec<u8>>()
        .as_chunks()
        .0
        .iter()
        .map(|pair| u16::from_le_bytes(*pair))
        .collect();
    wide::to_text(&units)
}

/// Sends `request` and returns when the manager answers, which is when the driver has.
pub(super) fn request(request: Request, name: &str) -> Result<(), Win32Error> {
    match request {
        Request::Start => {
            let service = Handle::service(name, SERVICE_START)?;
            // SAFETY: the handle is open with the right to start; no arguments are passed.
            error::check(unsafe { StartServiceW(service.0, 0, ptr::null()) })
        }
        Request::Stop => {
            let service = Handle::service(name, SERVICE_STOP)?;
            let mut status = SERVICE_STATUS::default();
            // SAFETY: the handle is open with the right to stop; the status is writable.
            error::check(unsafe { ControlService(service.0, SERVICE_CONTROL_STOP, &raw mut status) })
        }
    }
}

/// Deletes the service `name`.
pub(super) fn delete(name: &str) -> Result<(), Win32Error> {
    let service = Handle::service(name, DELETE)?;
    // SAFETY: the handle is open with the right to delete.
    error::check(unsafe { DeleteService(service.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_is_not_there_is_none_and_cannot_be_stopped() {
        assert_eq!(query("no-such-service-here").unwrap(), None);
        assert_eq!(
            request(Request::Stop, "no-such-service-here").unwrap_err().number,
            ERROR_SERVICE_DOES_NOT_EXIST
        );
    }

    #[test]
    fn text_outside_the_buffer_is_empty() {
        let buffer = [u64::from_le_bytes(*b"a\0b\0\0\0c\0"), 0];
        let start: *const u16 = buffer.as_ptr().cast();
        assert_eq!(text_inside(&buffer, start), "ab");
        assert_eq!(text_inside(&buffer, start.wrapping_add(1)), "b");
        assert_eq!(text_inside(&buffer, ptr::null()), "");
        assert_eq!(text_inside(&buffer, start.wrapping_add(100)), "");
    }
}
