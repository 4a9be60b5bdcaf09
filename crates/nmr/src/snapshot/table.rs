//! `NmrSnapshot`: where a debugger finds the rows, with no symbols but that one.
//!
//! Each driver image exports the constant data `NmrSnapshot`. It holds addresses, strides and offsets; what it points to
//! lives in the driver's static storage, so a crash dump that has the driver's data has all of it. All numbers are
//! little-endian and, unless the type says otherwise, 64 bits wide.
//!
//! # The table
//!
//! | offset | type | what |
//! |---|---|---|
//! | 0x00 | 8 bytes | magic: `NmrTable` |
//! | 0x08 | u32 | version: 1 |
//! | 0x0c | u32 | size of the whole table, in bytes |
//! | 0x10 | u32 | how many registrations follow |
//! | 0x14 | u32 | size of each of them: 0x60 |
//! | 0x18 | address | the driver's name, in UTF-8 |
//! | 0x20 | u64 | its length in bytes |
//! | 0x28 | address | the driver's `NPI_MODULEID` |
//! | 0x30 | | the registrations |
//!
//! Each registration:
//!
//! | offset | type | what |
//! |---|---|---|
//! | 0x00 | address | its name in the declaration, in UTF-8 |
//! | 0x08 | u64 | the name's length in bytes |
//! | 0x10 | GUID | the NPI |
//! | 0x20 | u32 | side: 1 client, 2 provider |
//! | 0x24 | u32 | size of the state word, in bytes |
//! | 0x28 | address | the state word; its low three bits are 0 idle, 1 registering, 2 registered, 3 deregistering, 4 deregistered and not waited for, 5 deregistered, 6 waiting for NMR, 7 failed |
//! | 0x30 | address | the counter of peers that were refused for want of capacity |
//! | 0x38 | address | the first slot |
//! | 0x40 | u64 | distance from one slot to the next, in bytes |
//! | 0x48 | u32 | how many slots there are |
//! | 0x4c | u32 | offset of the row in a slot |
//! | 0x50 | u32 | offset of the first rundown word in a slot |
//! | 0x54 | u32 | distance from one rundown word to the next |
//! | 0x58 | u32 | how many rundown words a slot has |
//! | 0x5c | u32 | 0 |
//!
//! The row in a slot, six words:
//!
//! | offset | what |
//! |---|---|
//! | 0x00 | low byte: 0 vacant, 1 attaching, 2 attached, 3 draining, 4 detached; above it the sequence number, odd while the slot was being filled |
//! | 0x08 | number of the binding |
//! | 0x10 | time at which it was begun: performance counter over its frequency, in units of 100 ns |
//! | 0x18 | low half: type of the peer's module id, 0 none, 1 GUID, 2 LUID; high half: number of its instance |
//! | 0x20 | the peer's module id, 16 bytes |
//!
//! Calls in flight are the sum of the low halves of the slot's rundown words.
//!
//! # By hand
//!
//! For a driver `composite`, with nothing but memory reads:
//!
//! ```text
//! kd> dc composite!NmrSnapshot L2                      "NmrTable": this is one
//! kd> dq composite!NmrSnapshot+10 L4                   00000060`00000003: three registrations of 0x60 bytes
//! kd> dq composite!NmrSnapshot+30 L0xc                 the first; the next is 0x60 further on
//! kd> da poi(composite!NmrSnapshot+30)                 its name
//! kd> dq poi(composite!NmrSnapshot+58) L1              its state, in the low three bits
//! kd> r $t0 = poi(composite!NmrSnapshot+68)            the first slot
//! kd> r $t1 = poi(composite!NmrSnapshot+78)>>20        offset of the row
//! kd> r $t2 = poi(composite!NmrSnapshot+80)&ffffffff   offset of the first rundown word
//! kd> dq $t0+$t1 L6                                    the row
//! kd> dd $t0+$t2 L1                                    calls in flight through the first rundown word
//! kd> r $t0 = $t0+poi(composite!NmrSnapshot+70)        the next slot
//! ```
//!
//! The age is the time of the dump less that of the row; two rows are compared as they are.

#![expect(unsafe_code, reason = "holds addresses of static storage, for debuggers")]

use crate::{Guid, ModuleId};
use core::ffi::c_void;
use nmr_abi::attachments::ModuleSide;

/// The table, for `COUNT` registrations. See the [module](self) for its layout.
#[derive(Debug)]
#[repr(C)]
pub struct SnapshotTable<const COUNT: usize> {
    magic: [u8; 8],
    version: u32,
    size: u32,
    count: u32,
    registration_size: u32,
    driver: *const u8,
    driver_length: u64,
    module_id: *const ModuleId,
    registrations: [RegistrationTable; COUNT],
}

/// One registration in the table.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RegistrationTable {
    pub(crate) name: *const u8,
    pub(crate) name_length: u64,
    pub(crate) npi: Guid,
    pub(crate) side: ModuleSide,
    pub(crate) state_size: u32,
    pub(crate) state: *const c_void,
    pub(crate) refused_for_capacity: *const c_void,
    pub(crate) slots: *const c_void,
    pub(crate) slot_stride: u64,
    pub(crate) slot_count: u32,
    pub(crate) row_offset: u32,
    pub(crate) rundown_offset: u32,
    pub(crate) rundown_stride: u32,
    pub(crate) rundown_count: u32,
    pub(crate) reserved: u32,
}

// SAFETY: the addresses are numbers to this program; nothing is read or written through them.
unsafe impl<const COUNT: usize> Sync for SnapshotTable<COUNT> {}

const _: () = {
    use core::mem::offset_of;
    assert!(size_of::<RegistrationTable>() == 0x60);
    assert!(offset_of!(RegistrationTable, npi) == 0x10 && offset_of!(RegistrationTable, state) == 0x28);
    assert!(
        offset_of!(RegistrationTable, slots) == 0x38 && offset_of!(RegistrationTable, row_offset) == 0x4c
    );
    assert!(
        offset_of!(SnapshotTable<1>, module_id) == 0x28
            && offset_of!(SnapshotTable<1>, registrations) == 0x30
    );
};

impl<const COUNT: usize> SnapshotTable<COUNT> {
    /// The table of a driver. `driver!` makes it, of static storage.
    #[doc(hidden)]
    pub const fn new(
        driver: &'static str,
        module_id: &'static ModuleId,
        registrations: [RegistrationTable; COUNT],
    ) -> Self {
        Self {
            magic: *b"NmrTable",
            version: 1,
            size: size_of::<Self>() as u32,
            count: COUNT as u32,
            registration_size: size_of::<RegistrationTable>() as u32,
            driver: driver.as_ptr(),
            driver_length: driver.len() as u64,
            module_id,
            registrations,
        }
    }
}
