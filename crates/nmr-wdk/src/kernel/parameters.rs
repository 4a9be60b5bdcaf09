//! The `Parameters` key of the service: how much is logged, and word of who holds the unload up.

#![expect(unsafe_code, reason = "keeps the path that DriverEntry is given")]

use super::registry::Key;
use super::text::{UnicodeString, utf16};
use core::cell::UnsafeCell;
use core::fmt::{self, Write};
use nmr::{Level, MayWait};
use wdk_sys::UNICODE_STRING;

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

/// How much is logged, the DWORD `NmrLogLevel`: 0 errors, 1 warnings as well, 2 every step, 3 all. `None` if it is not
/// there.
pub(super) fn log_level(at: &MayWait<'_>) -> Option<Level> {
    let name = UnicodeString::new(const { &utf16::<11>("NmrLogLevel") });
    Key::open(&path()?, at).ok()?.number(&name, at).map(Level::from_number)
}

/// Sets `UnloadBlocker` to `text`, who holds the unload up. What cannot be set is logged: nothing depends on it.
pub(super) fn set_unload_blocker(text: fmt::Arguments<'_>, at: &MayWait<'_>) {
    let mut line = Wide::<MOST_LINE>::new();
    // A line that is too long is cut off.
    let _ = line.write_fmt(text);
    // The terminating zero of REG_SZ; the last unit gives way to it.
    if !line.push(0) {
        line.units[MOST_LINE - 1] = 0;
    }
    let name = UnicodeString::new(const { &utf16::<13>("UnloadBlocker") });
    let Some(path) = path() else { return };
    if let Err(error) = Key::create(&path, at).and_then(|key| key.set(&name, line.units(), at)) {
        super::log::write(Level::Warning, format_args!("nmr: UnloadBlocker cannot be set: {error}"));
    }
}

/// The path of the key; `None` if it is not known.
fn path() -> Option<UnicodeString<'static>> {
    // SAFETY: DriverEntry, the only writer, came before.
    let path = unsafe { &*PATH.0.get() };
    (path.length > 0).then(|| UnicodeString::new(path.units()))
}
