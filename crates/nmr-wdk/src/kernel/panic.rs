//! The panic handler of every driver: the message, and then a stop whose parameters name the place.

use super::{log, stop};
use core::panic::PanicInfo;
use nmr::Level;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let (file, line, column) = info.location().map_or(("", 0, 0), |at| (at.file(), at.line(), at.column()));
    log::write(Level::Error, format_args!("nmr: panic at {file}:{line}:{column}: {}", info.message()));
    stop::machine(stop::PANIC, [fnv1a(file), u64::from(line), u64::from(column), 0])
}

/// 64-bit FNV-1a: short, and well known enough to be computed by hand for a crash dump.
const fn fnv1a(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x100_0000_01b3);
        at += 1;
    }
    hash
}
