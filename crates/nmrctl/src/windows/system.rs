//! What kind of machine this is.
#![expect(unsafe_code, reason = "asks kernel32, ntdll and advapi32 about the machine")]

use std::{mem, ptr};

use windows_sys::Wdk::System::SystemServices::RtlGetVersion;
use windows_sys::Win32::Foundation::{CloseHandle, HANDLE};
use windows_sys::Win32::Security::{GetTokenInformation, TOKEN_ELEVATION, TOKEN_QUERY, TokenElevation};
use windows_sys::Win32::System::SystemInformation::{
    ComputerNamePhysicalDnsHostname, GetComputerNameExW, GetWindowsDirectoryW, IMAGE_FILE_MACHINE_AMD64,
    IMAGE_FILE_MACHINE_ARM64, OSVERSIONINFOW,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, IsWow64Process2, OpenProcessToken};

use super::{error, refused, registry, wide};
use crate::failure::{Failure, Win32Error};
use crate::machine::Facts;

/// What does not change while the program runs.
pub(super) fn facts() -> Result<Facts, Failure> {
    let ask = |what: &'static str| move |error: Win32Error| refused(what, &error);
    let options = registry::text(r"SYSTEM\CurrentControlSet\Control", "SystemStartOptions");
    let secure_boot =
        registry::number(r"SYSTEM\CurrentControlSet\Control\SecureBoot\State", "UEFISecureBootEnabled");
    Ok(Facts {
        name: computer_name().map_err(ask("asking for the computer's name"))?,
        architecture: architecture().map_err(ask("asking for the processor"))?,
        system: version(),
        elevated: is_elevated().map_err(ask("asking for our rights"))?,
        windows_folder: windows_folder().map_err(ask("asking for the Windows folder"))?,
        test_signing: options.map_err(ask("reading the start options"))?.map(|text| is_test_signing(&text)),
        secure_boot: secure_boot.map_err(ask("reading the Secure Boot state"))?.map(|value| value != 0),
    })
}

/// The start options are the loader's words, separated by blanks.
fn is_test_signing(options: &str) -> bool {
    options.split_whitespace().any(|word| word.trim_start_matches('/').eq_ignore_ascii_case("TESTSIGNING"))
}

fn computer_name() -> Result<String, Win32Error> {
    let mut buffer = [0_u16; 256];
    let mut size = 256;
    // SAFETY: the buffer is writable for `size` units.
    error::check(unsafe {
        GetComputerNameExW(ComputerNamePhysicalDnsHostname, buffer.as_mut_ptr(), &raw mut size)
    })?;
    Ok(wide::to_text(&buffer))
}

fn windows_folder() -> Result<String, Win32Error> {
    let mut buffer = [0_u16; 260];
    // SAFETY: the buffer is writable for the number of units given.
    let length = unsafe { GetWindowsDirectoryW(buffer.as_mut_ptr(), 260) };
    if length == 0 { Err(error::last()) } else { Ok(wide::to_text(&buffer)) }
}

/// The machine's own architecture, whatever this program was built for: an emulated program must not take the
/// emulator's word.
fn architecture() -> Result<String, Win32Error> {
    let (mut process, mut native) = (0, 0);
    // SAFETY: has no precondition; the value is a constant that stands for this process.
    let own = unsafe { GetCurrentProcess() };
    // SAFETY: the pseudo handle is always valid; both results are writable.
    error::check(unsafe { IsWow64Process2(own, &raw mut process, &raw mut native) })?;
    Ok(match native {
        IMAGE_FILE_MACHINE_AMD64 => "x64".to_owned(),
        IMAGE_FILE_MACHINE_ARM64 => "arm64".to_owned(),
        other => format!("machine {other:#06x}"),
    })
}

fn version() -> (u32, u32, u32) {
    let size = u32::try_from(mem::size_of::<OSVERSIONINFOW>()).unwrap_or(0);
    let mut version = OSVERSIONINFOW { dwOSVersionInfoSize: size, ..OSVERSIONINFOW::default() };
    // SAFETY: the structure is writable and says its size. The function is documented to succeed always.
    unsafe { RtlGetVersion(&raw mut version) };
    (version.dwMajorVersion, version.dwMinorVersion, version.dwBuildNumber)
}

fn is_elevated() -> Result<bool, Win32Error> {
    let token = Token::of_this_process()?;
    let mut elevation = TOKEN_ELEVATION::default();
    let size = u32::try_from(mem::size_of::<TOKEN_ELEVATION>()).unwrap_or(0);
    let mut returned = 0;
    let buffer = ptr::from_mut(&mut elevation).cast();
    // SAFETY: the token is open; the buffer is a TOKEN_ELEVATION, what this class fills, of the size given.
    error::check(unsafe { GetTokenInformation(token.0, TokenElevation, buffer, size, &raw mut returned) })?;
    Ok(elevation.TokenIsElevated != 0)
}

/// An open access token.
///
/// # Invariants
/// The handle is valid, open, and closed by nobody else.
struct Token(HANDLE);

impl Token {
    fn of_this_process() -> Result<Self, Win32Error> {
        let mut token = ptr::null_mut();
        // SAFETY: has no precondition; the value is a constant that stands for this process.
        let own = unsafe { GetCurrentProcess() };
        // SAFETY: the pseudo handle is always valid; the result is writable.
        error::check(unsafe { OpenProcessToken(own, TOKEN_QUERY, &raw mut token) })?;
        // INVARIANT: the call succeeded, so the handle is a new one, ours to close.
        Ok(Self(token))
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        // SAFETY: open and ours by the type's invariant.
        unsafe { CloseHandle(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_facts() {
        let facts = facts().unwrap();
        assert_eq!(facts.architecture, "x64");
        assert!(facts.system.0 >= 6, "{:?}", facts.system);
        assert!(facts.windows_folder.contains(':'));
    }

    #[test]
    fn test_signing_is_one_word_of_the_start_options() {
        assert!(is_test_signing(" NOEXECUTE=OPTIN  TESTSIGNING  NOVGA"));
        assert!(is_test_signing("/TESTSIGNING"));
        assert!(!is_test_signing(" NOEXECUTE=OPTIN  NOTESTSIGNING"));
    }
}
