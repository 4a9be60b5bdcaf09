//! Memory that modules under test allocate from the world, which knows when it may be freed.

#![expect(unsafe_code, reason = "allocates, poisons and frees memory that modules keep raw pointers to")]

use crate::contract::Rule;
use crate::side::Side;
use crate::sync::lock;
use crate::world::World;
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::collections::{BTreeMap, VecDeque};
use std::ffi::c_void;
use std::ops::Range;
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::Ordering::Relaxed;

/// What freed memory is filled with. Followed as a pointer it faults: no canonical address begins like this.
const POISON: u8 = 0xdd;
/// How many freed blocks are kept, poisoned, before the oldest are given back.
const KEPT: usize = 4096;
/// Pool memory is aligned like this in 64-bit Windows.
const ALIGNMENT: usize = 16;

/// One allocation, which owns its bytes.
struct Block {
    at: *mut u8,
    layout: Layout,
}

// SAFETY: the pointer owns its bytes, as a box does.
unsafe impl Send for Block {}

impl Block {
    fn new(bytes: usize) -> Option<Self> {
        let layout = Layout::from_size_align(bytes.max(1), ALIGNMENT).ok()?;
        // SAFETY: the layout is not empty.
        let at = unsafe { alloc_zeroed(layout) };
        (!at.is_null()).then_some(Self { at, layout })
    }

    fn range(&self) -> Range<usize> {
        self.at.addr()..self.at.addr() + self.layout.size()
    }

    fn poison(&self) {
        // SAFETY: this block's own bytes; a module that still uses them has broken its contract with `free`.
        unsafe { self.at.write_bytes(POISON, self.layout.size()) };
    }

    fn is_poisoned(&self) -> bool {
        // SAFETY: this block's own bytes, which were initialised as zeroes.
        let bytes = unsafe { std::slice::from_raw_parts(self.at, self.layout.size()) };
        bytes.iter().all(|byte| *byte == POISON)
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout, and owned.
        unsafe { dealloc(self.at, self.layout) };
    }
}

/// The memory that a world gave to modules.
#[derive(Default)]
pub(crate) struct Memory {
    blocks: Mutex<Blocks>,
}

#[derive(Default)]
struct Blocks {
    live: BTreeMap<usize, Block>,
    freed: VecDeque<Block>,
}

impl Memory {
    /// How many blocks are allocated.
    pub(crate) fn live(&self) -> usize {
        lock(&self.blocks).live.len()
    }

    fn add(&self, block: Block) -> *mut c_void {
        let at = block.at;
        lock(&self.blocks).live.insert(at.addr(), block);
        at.cast()
    }

    /// The extent of the block that begins at `address`.
    fn extent(&self, address: usize) -> Option<Range<usize>> {
        lock(&self.blocks).live.get(&address).map(Block::range)
    }

    /// Poisons the block at `address` and keeps it. Gives back the oldest one if there are enough, as whether it
    /// was left alone.
    fn retire(&self, address: usize) -> Option<Option<usize>> {
        let mut blocks = lock(&self.blocks);
        let block = blocks.live.remove(&address)?;
        block.poison();
        blocks.freed.push_back(block);
        let oldest = if blocks.freed.len() > KEPT { blocks.freed.pop_front() } else { None };
        drop(blocks);
        Some(oldest.filter(|oldest| !oldest.is_poisoned()).map(|oldest| oldest.at.addr()))
    }

    /// The addresses of the freed blocks that were written to since. Each is told once.
    fn touched(&self) -> Vec<usize> {
        let mut touched = Vec::new();
        lock(&self.blocks).freed.retain(|block| {
            let intact = block.is_poisoned();
            if !intact {
                touched.push(block.at.addr());
            }
            intact
        });
        touched
    }
}

impl World {
    /// Memory for a module, zeroed and aligned as pool memory: what `ExAllocatePool2` is to a driver. NULL if
    /// [`Self::fail_nth`] has picked this call, or if there is not so much.
    ///
    /// A module that takes its binding contexts, dispatch tables and characteristics from here is watched more closely:
    /// memory that the NMR or a peer may still use is not to be freed ([`Rule::FreedEarly`]), is poisoned when it is,
    /// and is not to be touched afterwards ([`Rule::UsedAfterFree`]). What is never freed is in [`Self::left`].
    #[must_use]
    pub fn allocate(&self, bytes: usize) -> *mut c_void {
        if self.inner.faults.strikes() {
            return null_mut();
        }
        Block::new(bytes).map_or(null_mut(), |block| self.inner.memory.add(block))
    }

    /// Frees what [`Self::allocate`] gave; NULL is nothing to free.
    ///
    /// # Safety
    /// Nothing uses the memory after this. It is kept, poisoned, for a while, so that writes to it are found.
    pub unsafe fn free(&self, memory: *mut c_void) {
        if memory.is_null() {
            return;
        }
        let Some(extent) = self.inner.memory.extent(memory.addr()) else {
            self.violated(Rule::BadFree, || format!("{memory:p} is freed"));
            return;
        };
        if let Some(use_) = self.use_of(&extent) {
            self.violated(Rule::FreedEarly, || format!("{memory:p} is freed, which is {use_}"));
        }
        if let Some(Some(touched)) = self.inner.memory.retire(memory.addr()) {
            self.touched_late(touched);
        }
    }

    /// Looks whether freed memory was written to. Asked before violations are told.
    pub(crate) fn judge_memory(&self) {
        for touched in self.inner.memory.touched() {
            self.touched_late(touched);
        }
    }

    fn touched_late(&self, address: usize) {
        self.violated(Rule::UsedAfterFree, || format!("{address:#x} was written to after it had been freed"));
    }

    /// What the NMR or a peer may still use in `extent`. Looks at everything that is registered.
    fn use_of(&self, extent: &Range<usize>) -> Option<String> {
        for registration in self.inner.registrations.all() {
            let module = &registration.module;
            if extent.contains(&module.context().addr()) {
                return Some(format!("the registration context of {registration}"));
            }
            if module.registered().addresses().iter().any(|address| extent.contains(&address.addr())) {
                return Some(format!("what {registration} registered"));
            }
        }
        for binding in self.inner.bindings.all() {
            let progress = lock(&binding.progress);
            for side in [Side::Client, Side::Provider] {
                let number = binding.number;
                if progress.context_is_in_use(side)
                    && extent.contains(&binding.context(side).load(Relaxed).addr())
                {
                    return Some(format!("the {side}'s context of binding {number}"));
                }
                if progress.dispatch_is_in_use()
                    && extent.contains(&binding.dispatch(side).load(Relaxed).addr())
                {
                    return Some(format!("the {side}'s dispatch table of binding {number}"));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, KEPT, Memory};

    #[test]
    fn freed_blocks_are_kept_for_a_while_and_told_once_if_touched() {
        let memory = Memory::default();
        let first = memory.add(Block::new(24).expect("small"));
        assert_eq!(first.addr() % super::ALIGNMENT, 0);
        assert!(memory.retire(first.addr()).is_some() && memory.retire(first.addr()).is_none());
        assert!(memory.touched().is_empty());
        // SAFETY: the block is kept, which is what the test is about.
        unsafe { first.cast::<u8>().write(1) };
        for _ in 1..KEPT {
            let block = memory.add(Block::new(8).expect("small"));
            assert_eq!(memory.retire(block.addr()), Some(None));
        }
        let last = memory.add(Block::new(8).expect("small"));
        assert_eq!(memory.retire(last.addr()), Some(Some(first.addr())), "the oldest goes, and was touched");
        assert!(memory.touched().is_empty());
        assert_eq!(memory.live(), 0);
    }

    #[test]
    fn what_there_is_no_memory_for_is_not_given() {
        assert!(Block::new(usize::MAX).is_none());
        assert!(cfg!(miri) || Block::new(isize::MAX as usize / 2).is_none());
    }
}
