//! Virtual processors. Each is a lock, held by the one thread that is at DISPATCH_LEVEL on it.
//!
//! Threads below DISPATCH_LEVEL wander from processor to processor, as on Windows: what was true of the processor's
//! number a moment ago need not be true now.

#![expect(
    unsafe_code,
    reason = "locks without a guard, and writes what drivers ask for where they ask for it"
)]

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU32, Ordering};

use windows_sys::Win32::System::Threading::{AcquireSRWLockExclusive, ReleaseSRWLockExclusive, SRWLOCK};

use crate::level::DISPATCH;
use crate::settings;
use crate::{irql, thread};

/// Processors there can be at most.
pub(crate) const MOST: u32 = 64;
/// A thread asks this often for its number until it is on another processor.
const STAYS: u32 = 61;
const ALL_GROUPS: u16 = 0xffff;
const STATUS_SUCCESS: i32 = 0;
const STATUS_INVALID_PARAMETER: i32 = 0xc000_000d_u32 as i32;

struct Lock(UnsafeCell<SRWLOCK>);

// SAFETY: an SRWLOCK is made for many threads, and touched by its own routines only.
unsafe impl Sync for Lock {}

static LOCKS: [Lock; MOST as usize] =
    [const { Lock(UnsafeCell::new(SRWLOCK { Ptr: std::ptr::null_mut() })) }; MOST as usize];
static NEXT: AtomicU32 = AtomicU32::new(0);

/// PROCESSOR_NUMBER.
#[repr(C)]
pub(crate) struct Number {
    group: u16,
    number: u8,
    reserved: u8,
}

/// How many there are.
pub(crate) fn count() -> u32 {
    settings::get().processors
}

/// A processor for a new thread: the next in turn.
pub(crate) fn assign() -> u32 {
    NEXT.fetch_add(1, Ordering::Relaxed) % count()
}

fn own() -> u32 {
    thread::with(|thread| match thread.processor.get() {
        Some(processor) => processor,
        None => {
            let processor = assign();
            thread.processor.set(Some(processor));
            processor
        }
    })
}

/// Takes the processor of this thread, which is below DISPATCH_LEVEL.
pub(crate) fn take() {
    let lock = &LOCKS[own() as usize];
    // SAFETY: an initialised lock, which this thread does not hold: its level was below DISPATCH_LEVEL.
    unsafe { AcquireSRWLockExclusive(lock.0.get()) };
}

/// Gives back the processor of this thread, which was at DISPATCH_LEVEL.
pub(crate) fn give_back() {
    let lock = &LOCKS[own() as usize];
    // SAFETY: this thread took it when it was raised, and has not changed its processor since.
    unsafe { ReleaseSRWLockExclusive(lock.0.get()) };
}

/// The processor of this thread now.
pub(crate) fn current() -> u32 {
    let processor = own();
    if irql::current() >= DISPATCH {
        return processor;
    }
    thread::with(|thread| {
        let asked = thread.asked.get().wrapping_add(1);
        thread.asked.set(asked);
        let bound = thread.system_routine.get() == thread::DPC_THREAD;
        if asked.is_multiple_of(STAYS) && !bound {
            thread.processor.set(Some((processor + 1) % count()));
        }
    });
    own()
}

/// `KeGetCurrentProcessorNumberEx`.
///
/// # Safety
/// `number` is NULL or a place for a number.
pub(crate) unsafe extern "system" fn get_current_number(number: *mut Number) -> u32 {
    let index = current();
    if !number.is_null() {
        // SAFETY: the contract of this function.
        unsafe { number.write(Number { group: 0, number: index as u8, reserved: 0 }) };
    }
    index
}

/// `KeQueryActiveProcessorCountEx`, `KeQueryMaximumProcessorCountEx`.
pub(crate) extern "system" fn count_in_group(group: u16) -> u32 {
    if group == 0 || group == ALL_GROUPS { count() } else { 0 }
}

/// `KeQueryActiveProcessorCount`.
///
/// # Safety
/// `mask` is NULL or a place for a mask.
pub(crate) unsafe extern "system" fn count_and_mask(mask: *mut usize) -> u32 {
    if !mask.is_null() {
        // SAFETY: the contract of this function.
        unsafe { mask.write(usize::MAX >> (MOST - count())) };
    }
    count()
}

/// `KeQueryMaximumProcessorCount`.
pub(crate) extern "system" fn count_most() -> u32 {
    count()
}

/// `KeGetProcessorNumberFromIndex`.
///
/// # Safety
/// `number` is a place for a number.
pub(crate) unsafe extern "system" fn number_from_index(index: u32, number: *mut Number) -> i32 {
    if index >= count() {
        return STATUS_INVALID_PARAMETER;
    }
    // SAFETY: the contract of this function.
    unsafe { number.write(Number { group: 0, number: index as u8, reserved: 0 }) };
    STATUS_SUCCESS
}

/// `KeGetProcessorIndexFromNumber`.
///
/// # Safety
/// `number` points to a number.
pub(crate) unsafe extern "system" fn index_from_number(number: *const Number) -> u32 {
    // SAFETY: the contract of this function.
    let number = unsafe { &*number };
    let known = number.group == 0 && u32::from(number.number) < count() && number.reserved == 0;
    if known { u32::from(number.number) } else { u32::MAX }
}

/// The index that a number stands for, if there is such a processor.
///
/// # Safety
/// `number` points to a number.
pub(crate) unsafe fn index_of(number: *const Number) -> Option<u32> {
    // SAFETY: the contract of this function.
    let index = unsafe { index_from_number(number) };
    (index != u32::MAX).then_some(index)
}
