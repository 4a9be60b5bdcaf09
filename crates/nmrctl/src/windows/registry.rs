//! The registry: what it says about the system, and our record of installed drivers.
#![expect(unsafe_code, reason = "calls the registry functions of advapi32")]

use std::ptr;

use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_LOCAL_MACHINE, KEY_READ, REG_SZ, RRF_RT_REG_DWORD, RRF_RT_REG_SZ, RegCloseKey, RegDeleteTreeW,
    RegEnumKeyExW, RegGetValueW, RegOpenKeyExW, RegSetKeyValueW,
};

use super::{error, wide};
use crate::failure::Win32Error;
use crate::machine::Record;

const ERROR_FILE_NOT_FOUND: u32 = 2;
const ERROR_NO_MORE_ITEMS: u32 = 259;
/// One key per installed driver lies under this one.
const RECORDS: &str = r"SOFTWARE\nmrctl\Drivers";
const BUNDLE: &str = "Bundle";
const VERSION: &str = "Version";
const MANIFEST: &str = "ManifestSha256";

/// The text of value `name` of `key` under HKEY_LOCAL_MACHINE, or `None` if it is not there.
pub(super) fn text(key: &str, name: &str) -> Result<Option<String>, Win32Error> {
    let mut buffer = vec![0_u16; 4096];
    let mut size = u32::try_from(buffer.len() * 2).unwrap_or(0);
    let (key, name) = (wide::from_text(key), wide::from_text(name));
    let data = buffer.as_mut_ptr().cast();
    let number =
        // SAFETY: both names end with a zero; the buffer is writable for `size` bytes; no type is asked back. With
        // this flag the function accepts text only and ends it with a zero.
        unsafe { RegGetValueW(HKEY_LOCAL_MACHINE, key.as_ptr(), name.as_ptr(), RRF_RT_REG_SZ, ptr::null_mut(), data, &raw mut size) };
    Ok(present(number)?.map(|()| wide::to_text(&buffer)))
}

/// The number in value `name` of `key` under HKEY_LOCAL_MACHINE, or `None` if it is not there.
pub(super) fn number(key: &str, name: &str) -> Result<Option<u32>, Win32Error> {
    let mut value = 0_u32;
    let mut size = 4;
    let (key, name) = (wide::from_text(key), wide::from_text(name));
    let data = ptr::from_mut(&mut value).cast();
    let number =
        // SAFETY: both names end with a zero; the value is writable for the 4 bytes that `size` says.
        unsafe { RegGetValueW(HKEY_LOCAL_MACHINE, key.as_ptr(), name.as_ptr(), RRF_RT_REG_DWORD, ptr::null_mut(), data, &raw mut size) };
    Ok(present(number)?.map(|()| value))
}

fn present(number: u32) -> Result<Option<()>, Win32Error> {
    if number == ERROR_FILE_NOT_FOUND { Ok(None) } else { error::check_number(number).map(Some) }
}

/// The record of driver `name`.
pub(super) fn record(name: &str) -> Result<Option<Record>, Win32Error> {
    let key = format!(r"{RECORDS}\{name}");
    let (bundle, version) = (text(&key, BUNDLE)?, text(&key, VERSION)?);
    let manifest_sha256 = text(&key, MANIFEST)?.filter(|hash| !hash.is_empty());
    Ok(bundle.zip(version).map(|(bundle, version)| Record { bundle, version, manifest_sha256 }))
}

/// Sets or removes the record of driver `name`.
pub(super) fn set_record(name: &str, record: Option<&Record>) -> Result<(), Win32Error> {
    let key = format!(r"{RECORDS}\{name}");
    match record {
        Some(Record { bundle, version, manifest_sha256 }) => {
            set_text(&key, BUNDLE, bundle)?;
            set_text(&key, VERSION, version)?;
            set_text(&key, MANIFEST, manifest_sha256.as_deref().unwrap_or_default())
        }
        None => {
            let key = wide::from_text(&key);
            // SAFETY: the name ends with a zero; the tree below it holds nothing but what `set_record` wrote.
            present(unsafe { RegDeleteTreeW(HKEY_LOCAL_MACHINE, key.as_ptr()) }).map(drop)
        }
    }
}

fn set_text(key: &str, name: &str, value: &str) -> Result<(), Win32Error> {
    let (key, name, value) = (wide::from_text(key), wide::from_text(name), wide::from_text(value));
    let size = u32::try_from(value.len() * 2).unwrap_or(u32::MAX);
    let data = value.as_ptr().cast();
    error::check_number(
        // SAFETY: all names end with a zero; `data` is readable for `size` bytes, the zero of the text included.
        unsafe { RegSetKeyValueW(HKEY_LOCAL_MACHINE, key.as_ptr(), name.as_ptr(), REG_SZ, data, size) },
    )
}

/// The names of all drivers with a record.
pub(super) fn recorded() -> Result<Vec<String>, Win32Error> {
    let Some(key) = Key::open(RECORDS)? else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    for index in 0.. {
        match key.subkey(index)? {
            Some(name) => names.push(name),
            None => break,
        }
    }
    Ok(names)
}

/// An open key.
///
/// # Invariants
/// The handle is valid, open, and closed by nobody else.
struct Key(HKEY);

impl Key {
    fn open(path: &str) -> Result<Option<Self>, Win32Error> {
        let path = wide::from_text(path);
        let mut key = ptr::null_mut();
        // SAFETY: the name ends with a zero; the result is writable.
        let number = unsafe { RegOpenKeyExW(HKEY_LOCAL_MACHINE, path.as_ptr(), 0, KEY_READ, &raw mut key) };
        // INVARIANT: after success the handle is a new one, ours to close.
        Ok(present(number)?.map(|()| Self(key)))
    }

    /// The name of the key number `index` below this one.
    fn subkey(&self, index: u32) -> Result<Option<String>, Win32Error> {
        // 255 units is the longest name a key can have.
        let mut name = [0_u16; 256];
        let mut length = 256;
        let none = ptr::null_mut();
        let number =
            // SAFETY: the key is open by the type's invariant; the buffer is writable for `length` units; class and
            // time are not asked for.
            unsafe { RegEnumKeyExW(self.0, index, name.as_mut_ptr(), &raw mut length, ptr::null(), none, ptr::null_mut(), ptr::null_mut()) };
        if number == ERROR_NO_MORE_ITEMS {
            return Ok(None);
        }
        error::check_number(number)?;
        Ok(Some(wide::to_text(&name)))
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: open and ours by the type's invariant.
        unsafe { RegCloseKey(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_none() {
        assert_eq!(record("no-such-driver-here").unwrap(), None);
        assert_eq!(text(r"SYSTEM\CurrentControlSet\Control", "NoSuchValueHere").unwrap(), None);
        assert_eq!(number(r"SYSTEM\NoSuchKeyHere", "x").unwrap(), None);
    }

    #[test]
    fn a_value_that_is_there_is_read() {
        let key = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion";
        assert!(text(key, "CurrentBuildNumber").unwrap().is_some_and(|build| !build.is_empty()));
    }
}
