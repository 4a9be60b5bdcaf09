//! The debugger's log: one line in one or more calls of `DbgPrintEx`, and the least level that is wanted.
//!
//! Lines go out as component IHVNETWORK. Windows shows a kernel debugger what the component's mask says, at first
//! errors alone: `ed nt!Kd_IHVNETWORK_Mask 0x1f` shows all, or a DWORD `IHVNETWORK` of that value under
//! `HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Debug Print Filter` before a restart. What is not wanted by the
//! driver, see [`set_level`], is not even formatted.

#![expect(unsafe_code, reason = "calls DbgPrintEx")]

use core::fmt::{self, Write as _};
use core::sync::atomic::{AtomicU8, Ordering};
use nmr::Level;
use wdk_sys::ntddk;

/// `DPFLTR_IHVNETWORK_ID`.
const IHVNETWORK: u32 = 80;

static WANTED: AtomicU8 = AtomicU8::new(Level::Info as u8);

/// Writes one line to the debugger with `DbgPrintEx`. IRQL <= DIRQL.
pub fn log(line: fmt::Arguments<'_>) {
    write(Level::Info, line);
}

/// Lines that matter less than `level` are dropped from now on.
pub(super) fn set_level(level: Level) {
    WANTED.store(level as u8, Ordering::Relaxed);
}

/// Writes one line, if lines of `level` are wanted.
pub(super) fn write(level: Level, line: fmt::Arguments<'_>) {
    if level as u8 > WANTED.load(Ordering::Relaxed) {
        return;
    }
    let mut piece = Piece { level: debugger_level(level), bytes: [0; ROOM], used: 0 };
    // Neither a piece nor a number fails to be written; a value of the driver's own whose formatting fails ends the line.
    let _ = piece.write_fmt(line);
    let _ = piece.write_char('\n');
    piece.print();
}

/// `DPFLTR_*_LEVEL`, in the order of our own: its TRACE is more than INFO, which ours is less than.
const fn debugger_level(level: Level) -> u32 {
    match level {
        Level::Error => 0,
        Level::Warning => 1,
        Level::Info => 3,
        Level::Trace => 4,
    }
}

/// DbgPrintEx shows 512 bytes at a time, the last of them zero.
const ROOM: usize = 512;

struct Piece {
    level: u32,
    bytes: [u8; ROOM],
    used: usize,
}

impl Piece {
    fn print(&mut self) {
        self.bytes[self.used] = 0;
        self.used = 0;
        // SAFETY: the format takes one string, which ends with the zero above.
        unsafe { ntddk::DbgPrintEx(IHVNETWORK, self.level, c"%s".as_ptr(), self.bytes.as_ptr()) };
    }
}

impl fmt::Write for Piece {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if self.used == ROOM - 1 {
                self.print();
            }
            self.bytes[self.used] = byte;
            self.used += 1;
        }
        Ok(())
    }
}
