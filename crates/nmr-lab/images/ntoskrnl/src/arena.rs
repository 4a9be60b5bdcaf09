//! Address space for the pool: each block gets pages that nobody ever gets again, with a page behind them that is never
//! accessible.

#![expect(unsafe_code, reason = "reserves, commits and decommits pages")]

use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};

use windows_sys::Win32::System::Memory::{
    MEM_COMMIT, MEM_DECOMMIT, MEM_RESERVE, PAGE_NOACCESS, PAGE_READWRITE, VirtualAlloc, VirtualFree,
};

use crate::layout::{PAGE, pages};

/// What is reserved at a time: enough for millions of small blocks.
const CHUNK: usize = 16 << 30;

#[derive(Debug)]
struct Arena {
    next: usize,
    end: usize,
}

static ARENA: Mutex<Arena> = Mutex::new(Arena { next: 0, end: 0 });

/// Pages for `size` bytes, readable, writable, zeroed, not executable. 0 if there are none left.
pub(crate) fn commit(size: usize) -> usize {
    let bytes = pages(size) * PAGE;
    let first = {
        let mut arena = ARENA.lock().unwrap_or_else(PoisonError::into_inner);
        if arena.end - arena.next < bytes + PAGE {
            let reserved = CHUNK.max(bytes + PAGE);
            // SAFETY: reserves new address space, wherever the system has some.
            let chunk = unsafe { VirtualAlloc(std::ptr::null(), reserved, MEM_RESERVE, PAGE_NOACCESS) };
            if chunk.is_null() {
                return 0;
            }
            arena.next = chunk.expose_provenance();
            arena.end = arena.next + reserved;
        }
        let first = arena.next;
        arena.next += bytes + PAGE;
        first
    };
    let address = std::ptr::with_exposed_provenance::<c_void>(first);
    // SAFETY: pages of our reservation that nobody has used.
    let committed = unsafe { VirtualAlloc(address, bytes, MEM_COMMIT, PAGE_READWRITE) };
    committed.expose_provenance()
}

/// Takes the pages away for ever: every access from now on faults.
pub(crate) fn retire(first: usize, size: usize) {
    let address = std::ptr::with_exposed_provenance_mut::<c_void>(first);
    // SAFETY: pages that `commit` gave out; whoever uses them from now on is to fault.
    unsafe { VirtualFree(address, pages(size) * PAGE, MEM_DECOMMIT) };
}
