//! A driver's control device.
#![expect(unsafe_code, reason = "calls DeviceIoControl of kernel32")]

use std::fs::{File, OpenOptions};
use std::os::windows::io::AsRawHandle as _;
use std::ptr;

use nmr_abi::attachments::{DEVICE_PREFIX, DRAIN, Header, QUERY};
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_MORE_DATA, ERROR_PATH_NOT_FOUND};
use windows_sys::Win32::System::IO::DeviceIoControl;

use super::error;
use crate::failure::Win32Error;
use crate::machine::DeviceRequest;

/// Room for the answers of most drivers.
const FIRST_ROOM: usize = 0x4000;
/// How often more room is offered to an answer that grows meanwhile.
const TRIES: usize = 8;

/// Opens the device of the service `name`, asks, and closes it. `None` if there is no such device.
pub(super) fn ask(name: &str, request: DeviceRequest) -> Result<Option<Vec<u8>>, Win32Error> {
    let drains = request == DeviceRequest::Drain;
    let path = format!(r"\\.\{DEVICE_PREFIX}{name}");
    let device = match OpenOptions::new().read(true).write(drains).open(path) {
        Ok(device) => device,
        Err(error) => {
            let number = error.raw_os_error().and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
            return match number {
                ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND => Ok(None),
                number => Err(error::numbered(number)),
            };
        }
    };
    let mut answer = vec![0; FIRST_ROOM];
    for _ in 0..TRIES {
        match control(&device, if drains { DRAIN } else { QUERY }, &mut answer) {
            Ok(length) => {
                answer.truncate(length);
                return Ok(Some(answer));
            }
            Err(error) if error.number == ERROR_MORE_DATA => {
                let needed = Header::from_bytes(&answer).map_or(0, |header| header.needed as usize);
                answer = vec![0; needed.max(answer.len()).saturating_mul(2).min(0x400_0000)];
            }
            Err(error) => return Err(error),
        }
    }
    Err(error::numbered(ERROR_MORE_DATA))
}

fn control(device: &File, code: u32, answer: &mut [u8]) -> Result<usize, Win32Error> {
    let size = u32::try_from(answer.len()).unwrap_or(u32::MAX);
    let mut length = 0;
    // SAFETY: the handle is open while `device` is borrowed; nothing is passed in, and the buffer is writable for `size`
    // bytes.
    error::check(unsafe {
        DeviceIoControl(
            device.as_raw_handle(),
            code,
            ptr::null(),
            0,
            answer.as_mut_ptr().cast(),
            size,
            &raw mut length,
            ptr::null_mut(),
        )
    })?;
    Ok(length as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_is_not_there_is_none() {
        assert_eq!(ask("no-such-driver-here", DeviceRequest::Query).unwrap(), None);
    }
}
