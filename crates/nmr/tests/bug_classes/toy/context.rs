//! A toy's binding context: memory that can be freed, and the peer behind it.

#![expect(unsafe_code, reason = "calls the peer through the addresses that it gave")]

use super::{Fault, Toy};
use crate::drivers::adder;
use core::ffi::c_void;
use core::ptr::null_mut;
use nmr::abi::BindingHandle;
use nmr_sim::Side;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

/// A binding context.
pub struct Context {
    pub toy: &'static Toy,
    pub handle: BindingHandle,
    freed: AtomicBool,
    pub(super) detached: AtomicBool,
    pub(super) peer_context: AtomicPtr<c_void>,
    pub(super) peer_table: AtomicPtr<c_void>,
    /// A word for whatever a toy counts here.
    pub word: AtomicUsize,
}

impl Context {
    pub(super) fn new(toy: &'static Toy, handle: BindingHandle) -> Self {
        Self {
            toy,
            handle,
            freed: AtomicBool::new(false),
            detached: AtomicBool::new(false),
            peer_context: AtomicPtr::new(null_mut()),
            peer_table: AtomicPtr::new(null_mut()),
            word: AtomicUsize::new(0),
        }
    }

    /// Uses the memory.
    pub fn touch(&self) {
        if self.freed.load(Ordering::SeqCst) {
            self.toy.note(Fault::UseAfterFree);
        }
    }

    /// Frees the memory, as far as a toy does.
    pub fn free(&self) {
        if self.freed.swap(true, Ordering::SeqCst) {
            self.toy.note(Fault::DoubleFree);
        }
    }

    /// Whether the detach callback was called.
    pub fn was_detached(&self) -> bool {
        self.detached.load(Ordering::SeqCst)
    }

    pub fn is_freed(&self) -> bool {
        self.freed.load(Ordering::SeqCst)
    }

    /// Completes the detach.
    pub fn complete(&self) {
        self.toy.complete(self.handle);
    }

    /// Calls the peer with no protection at all: the function of the table that the peer gave. `None` if the context
    /// says that there is no peer.
    pub fn call_peer(&self, argument: u32) -> Option<u32> {
        let (context, table) =
            (self.peer_context.load(Ordering::SeqCst), self.peer_table.load(Ordering::SeqCst));
        if table.is_null() {
            return None;
        }
        let mut sum = 0;
        match self.toy.side {
            Side::Client => {
                // SAFETY: a table of Adder's providers, which are kept or static.
                let table = unsafe { &*table.cast_const().cast::<adder::ProviderDispatch>() };
                // SAFETY: a context of theirs, likewise, and a place for the sum.
                unsafe { (table.add)(context, argument, 0, &mut sum) }.is_success().then_some(sum)
            }
            Side::Provider => {
                // SAFETY: a table of Adder's clients, which are kept or static.
                let table = unsafe { &*table.cast_const().cast::<adder::ClientDispatch>() };
                // SAFETY: a context of theirs, likewise.
                Some(unsafe { (table.told)(context, argument) })
            }
        }
    }

    /// Whether the peer gave a context.
    pub fn has_peer_context(&self) -> bool {
        !self.peer_context.load(Ordering::SeqCst).is_null()
    }

    /// Forgets the peer.
    pub fn clear_peer(&self) {
        self.peer_table.store(null_mut(), Ordering::SeqCst);
    }
}
