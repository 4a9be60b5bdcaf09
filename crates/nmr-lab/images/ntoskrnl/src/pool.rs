//! The pool of the drivers under test: a block ends at a page without access, a freed block stays without access, and
//! every block is known until the machine is switched off.
//!
//! Who is no driver under test gets Wine's own pool.

#![expect(unsafe_code, reason = "gives out memory, and fills and reads the bytes around it")]

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError, TryLockError};

use crate::images::Image;
use crate::layout::{PAGE, offset, pages};
use crate::{arena, dpc, images, report, thread, timer, wine};

/// What a new block is filled with, unless zeroes are asked for, and what the watched bytes behind it hold.
const FRESH: u8 = 0xce;
const WATCHED: u8 = 0xa5;
/// POOL_ZERO_ALLOCATION in a POOL_TYPE.
const ZERO_TYPE: u32 = 0x400;
/// POOL_FLAG_UNINITIALIZED.
const UNINITIALIZED_FLAG: u64 = 2;
/// The tag of the routines that take none.
const NO_TAG: u32 = u32::from_le_bytes(*b"None");

#[derive(Clone, Debug)]
struct Block {
    address: usize,
    size: usize,
    tag: u32,
    driver: String,
    image_base: usize,
    allocated_at: usize,
    /// Where it was freed; 0 if it was not.
    freed_at: usize,
}

impl Block {
    /// The first byte of its pages.
    fn first(&self) -> usize {
        self.address - offset(self.size)
    }
}

/// Every block there ever was, by the first byte of its pages.
static BLOCKS: Mutex<BTreeMap<usize, Block>> = Mutex::new(BTreeMap::new());

fn tag_name(tag: u32) -> String {
    tag.to_le_bytes()
        .iter()
        .map(|&byte| if byte.is_ascii_graphic() { char::from(byte) } else { '.' })
        .collect()
}

fn give(image: &Image, size: usize, tag: u32, zeroed: bool) -> *mut c_void {
    let caller = thread::caller();
    let first = arena::commit(size);
    if first == 0 {
        return std::ptr::null_mut();
    }
    let address = first + offset(size);
    let block = std::ptr::with_exposed_provenance_mut::<u8>(address);
    if !zeroed {
        // SAFETY: `size` bytes of pages that were just committed.
        unsafe { block.write_bytes(FRESH, size) };
    }
    let behind = first + pages(size) * PAGE - address - size;
    // SAFETY: the bytes from the block's end to that of its pages.
    unsafe { block.wrapping_add(size).write_bytes(WATCHED, behind) };
    image.blocks.fetch_add(1, Ordering::Relaxed);
    let known = Block {
        address,
        size,
        tag,
        driver: image.name.clone(),
        image_base: image.base,
        allocated_at: caller,
        freed_at: 0,
    };
    BLOCKS.lock().unwrap_or_else(PoisonError::into_inner).insert(first, known);
    block.cast()
}

/// `ExAllocatePool`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn allocate(kind: u32, size: usize) -> *mut c_void {
    // SAFETY: the contract of this function.
    unsafe { allocate_tagged(kind, size, NO_TAG) }
}

/// `ExAllocatePoolWithTag`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn allocate_tagged(kind: u32, size: usize, tag: u32) -> *mut c_void {
    match images::of(thread::caller()) {
        Some(image) => give(&image, size, tag, kind & ZERO_TYPE != 0),
        // SAFETY: the contract of this function.
        None => unsafe { wine::allocate_pool(kind, size, tag) },
    }
}

/// `ExAllocatePool2`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn allocate_zeroed(flags: u64, size: usize, tag: u32) -> *mut c_void {
    let zeroed = flags & UNINITIALIZED_FLAG == 0;
    if let Some(image) = images::of(thread::caller()) {
        return give(&image, size, tag, zeroed);
    }
    // SAFETY: any size and tag may be asked for.
    let block = unsafe { wine::allocate_pool(0, size, tag) };
    if zeroed && !block.is_null() {
        // SAFETY: a block of this size that nobody else knows yet.
        unsafe { block.cast::<u8>().write_bytes(0, size) };
    }
    block
}

/// `ExFreePool`.
///
/// # Safety
/// As for the kernel's routine.
pub(crate) unsafe extern "system" fn free(block: *mut c_void) {
    // SAFETY: the contract of this function.
    unsafe { free_tagged(block, 0) };
}

/// `ExFreePoolWithTag`.
///
/// # Safety
/// As for the kernel's routine, mistakes in which are reported and then forgiven.
pub(crate) unsafe extern "system" fn free_tagged(block: *mut c_void, tag: u32) {
    let (caller, address) = (thread::caller(), block.addr());
    let known = find(address);
    if known.is_none() && images::of(caller).is_none() {
        // SAFETY: the contract of this function: Wine's own pool gave it out.
        unsafe { wine::free_pool(block, tag) };
        return;
    }
    let Some(known) = known.filter(|known| known.address == address) else {
        report::broken(caller, format_args!("frees {address:#x}, which is the address of no pool block"));
        return;
    };
    let Block { size, tag: its_tag, .. } = known;
    if known.freed_at != 0 {
        let (tag, first) = (tag_name(its_tag), images::place(known.freed_at));
        report::broken(
            caller,
            format_args!("frees a pool block twice: tag={tag} size={size} first-freed-at={first}"),
        );
        return;
    }
    if tag != 0 && tag != its_tag {
        let (wrong, right) = (tag_name(tag), tag_name(its_tag));
        report::broken(
            caller,
            format_args!("frees a pool block with tag {wrong}, it was allocated with {right}"),
        );
    }
    look_behind(&known, caller);
    let end = address + size.max(1);
    if dpc::is_queued_within(address..end) {
        report::broken(caller, format_args!("frees a pool block that holds a queued DPC"));
    }
    if timer::is_set_within(address..end) {
        report::broken(caller, format_args!("frees a pool block that holds a timer that is set"));
    }
    // From here on a second free, or an access, knows who freed it.
    if let Some(block) = BLOCKS.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&known.first()) {
        block.freed_at = caller;
    }
    arena::retire(known.first(), size);
}

/// Whether `address` lies in a block that is not freed.
pub(crate) fn is_alive(address: usize) -> bool {
    find(address).is_some_and(|block| block.freed_at == 0)
}

/// The block whose pages, with the one behind them, hold `address`.
fn find(address: usize) -> Option<Block> {
    find_in(&BLOCKS.lock().unwrap_or_else(PoisonError::into_inner), address)
}

fn find_in(blocks: &BTreeMap<usize, Block>, address: usize) -> Option<Block> {
    let (first, block) = blocks.range(..=address).next_back()?;
    let end = first + (pages(block.size) + 1) * PAGE;
    (address < end).then(|| block.clone())
}

/// Reports bytes behind a block that are no longer what they were. They are in its own page, where a write does not
/// fault.
fn look_behind(block: &Block, caller: usize) {
    let end = block.first() + pages(block.size) * PAGE;
    let behind = block.address + block.size..end;
    let changed = behind.clone().find(|&address| {
        let byte = std::ptr::with_exposed_provenance::<u8>(address);
        // SAFETY: a byte of the block's pages, which are there until it is freed.
        unsafe { byte.read_volatile() != WATCHED }
    });
    if let Some(changed) = changed {
        let (tag, size) = (tag_name(block.tag), block.size);
        let (offset, allocated) = (changed - block.address, images::place(block.allocated_at));
        report::broken(
            caller,
            format_args!(
                "wrote behind a pool block: tag={tag} size={size} offset={offset} allocated-at={allocated}"
            ),
        );
    }
}

/// Reports what the driver of `image`, which is about to go, has not freed. Answers how many blocks.
pub(crate) fn report_leaks(image: &Image) -> usize {
    let blocks = BLOCKS.lock().unwrap_or_else(PoisonError::into_inner);
    let leaked: Vec<&Block> =
        blocks.values().filter(|block| block.image_base == image.base && block.freed_at == 0).collect();
    if let Some(first) = leaked.first() {
        let bytes: usize = leaked.iter().map(|block| block.size).sum();
        let (count, tag, size) = (leaked.len(), tag_name(first.tag), first.size);
        report::broken_by(
            &image.name,
            first.allocated_at,
            format_args!("leaks {count} pool blocks of {bytes} bytes, the first tag={tag} size={size}"),
        );
    }
    leaked.len()
}

/// What an access to `address` touched, if that is or was the pool's, and whose block it is.
pub(crate) fn explain(address: usize) -> Option<(String, String)> {
    // A fault may have interrupted anything.
    let blocks = match BLOCKS.try_lock() {
        Ok(blocks) => blocks,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return None,
    };
    let block = find_in(&blocks, address)?;
    let (tag, size) = (tag_name(block.tag), block.size);
    let offset = address.cast_signed() - block.address.cast_signed();
    let allocated = images::place(block.allocated_at);
    let text = if block.freed_at != 0 {
        let freed = images::place(block.freed_at);
        format!(
            "a freed pool block: tag={tag} size={size} offset={offset} allocated-at={allocated} freed-at={freed}"
        )
    } else {
        format!(
            "behind the end of a pool block: tag={tag} size={size} offset={offset} allocated-at={allocated}"
        )
    };
    Some((block.driver, text))
}
