//! The import table of a driver's image in memory: every kernel routine with a gate is reached through it, from whichever
//! library it is imported, and every one without is named.

#![expect(unsafe_code, reason = "reads and changes the tables of an image that the loader has mapped")]

use std::ffi::{CStr, c_void};

use windows_sys::Win32::System::Memory::{PAGE_READWRITE, VirtualProtect};

use crate::images::Image;
use crate::routines::UNLIMITED;
use crate::{gate, report, stub};

/// The libraries whose routines are the kernel's.
const KERNEL: [&str; 3] = ["ntoskrnl.exe", "hal.dll", "netio.sys"];
/// Offsets in the headers of a 64-bit image, and the size of a row in its import table.
const NEW_HEADER: usize = 0x3c;
const IMPORT_TABLE: usize = 0x90;
const ROW: usize = 20;
const BY_ORDINAL: u64 = 1 << 63;

/// Reads a value at `address` of a mapped image.
///
/// # Safety
/// There is one.
unsafe fn read<T: Copy>(address: usize) -> T {
    // SAFETY: the contract of this function.
    unsafe { std::ptr::with_exposed_provenance::<T>(address).read_unaligned() }
}

/// The text at `address` of a mapped image.
///
/// # Safety
/// There is one, and it ends with NUL.
unsafe fn text<'a>(address: usize) -> &'a str {
    // SAFETY: the contract of this function.
    let text = unsafe { CStr::from_ptr(std::ptr::with_exposed_provenance(address)) };
    text.to_str().unwrap_or_default()
}

/// Whether the image is one of Wine's own, which says so between its two headers.
///
/// # Safety
/// An image is mapped at `base`.
pub(crate) unsafe fn is_wines(base: usize) -> bool {
    // SAFETY: every image begins with a header page.
    let mark = unsafe { read::<[u8; 16]>(base + 0x40) };
    mark == *b"Wine builtin DLL" || mark == *b"Wine placeholder"
}

/// Leads the imports of `image` through the gates, and reports those that have none.
///
/// # Safety
/// The image is mapped, and nobody calls through its table yet.
pub(crate) unsafe fn lead_through_gates(image: &Image) {
    let base = image.base;
    // SAFETY: in the header page of the image.
    let header = base + unsafe { read::<u32>(base + NEW_HEADER) } as usize;
    // SAFETY: as above.
    let table = unsafe { read::<u32>(header + IMPORT_TABLE) } as usize;
    if table == 0 {
        return;
    }
    for row in (0..).map(|index| base + table + index * ROW) {
        // SAFETY: the table ends with an empty row, at which this loop ends.
        let [names, _, _, library, places] = unsafe { read::<[u32; 5]>(row) }.map(|offset| offset as usize);
        if places == 0 {
            return;
        }
        // SAFETY: the loader has found this text there.
        let library = unsafe { text(base + library) };
        if !KERNEL.iter().any(|kernel| kernel.eq_ignore_ascii_case(library)) {
            report::broken_by(
                &image.name,
                row,
                format_args!("imports from {library}, which is not the kernel"),
            );
            continue;
        }
        let names = if names == 0 { places } else { names };
        let (mut slots, mut routines) = (Vec::new(), Vec::new());
        for index in 0.. {
            // SAFETY: the list ends with a zero, at which this loop ends.
            let name = unsafe { read::<u64>(base + names + index * 8) };
            if name == 0 {
                break;
            }
            if name & BY_ORDINAL != 0 {
                report::broken_by(&image.name, row, format_args!("imports by number from {library}"));
                continue;
            }
            // SAFETY: a hint of two bytes, then the name, as the loader has found it.
            let name = unsafe { text(base + name as usize + 2) };
            match gate::index_of(name) {
                Some(routine) => {
                    slots.push(base + places + index * 8);
                    routines.push(routine);
                }
                None if UNLIMITED.contains(&name) => {}
                None => report::broken_by(
                    &image.name,
                    row,
                    format_args!("imports {name}, whose limit the lab does not know"),
                ),
            }
        }
        for (slot, stub) in slots.into_iter().zip(stub::make(image, &routines)) {
            // SAFETY: the place of an import in a table that nobody uses yet.
            unsafe { set(slot, stub) };
        }
    }
}

/// Stores `stub` at `place`, which is read-only by now.
///
/// # Safety
/// `place` holds an address that nobody uses now.
unsafe fn set(place: usize, stub: *const c_void) {
    let address = std::ptr::with_exposed_provenance_mut::<*const c_void>(place);
    let mut before = 0;
    // SAFETY: a page of the image.
    unsafe { VirtualProtect(address.cast(), 8, PAGE_READWRITE, &mut before) };
    // SAFETY: the contract of this function; writable now.
    unsafe { address.write(stub) };
    // SAFETY: as above.
    unsafe { VirtualProtect(address.cast(), 8, before, &mut before) };
}
