//! One binding: the driver's value, the peer's calls, and the rundown that protects both.
//!
//! A slot is filled by its attach trampoline, which owns it until the rundown opens. From then on the rundown decides:
//! callers reach the peer with a guard only, and the value is dropped in cleanup only, or, if the peer declined, by the
//! attach trampoline. A slot goes back to the free list when its attach trampoline and its cleanup have both left it.
//!
//! # Invariants
//! - `value` is initialised from [`Slot::fill`] until [`Slot::drop_value`].
//! - `peer` is initialised before the rundown is opened, and read through a guard only.
//! - NMR knows a binding by its slot's address, with the generation in the six low bits that the alignment leaves free;
//!   peers' calls take the address and mask those bits off.

#![expect(
    unsafe_code,
    reason = "keeps initialised what the rundown protects, in storage that is never moved"
)]

use crate::AtMostDispatch;
use crate::registration::Core;
use crate::role::Role;
use crate::rundown::{Departure, DetachAnswer, Epoch, Rundown};
use crate::sync::const_fn_outside_loom;
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ops::Deref;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use nmr_abi::{BindingHandle, ModuleId};

/// The bits of a context that hold the generation; slots are aligned to what lies above them.
pub(crate) const GENERATION_BITS: usize = 0x3f;

/// Who has left the slot: the attach trampoline, and cleanup.
const ATTACH_LEFT: u8 = 1;
const CLEANED_UP: u8 = 2;

/// Storage for one binding. The value comes first: its address is the binding context that peers hold.
#[repr(C, align(64))]
pub(crate) struct Slot<R: Role> {
    value: UnsafeCell<MaybeUninit<R::Binding>>,
    rundown: Rundown<1>,
    peer: UnsafeCell<MaybeUninit<R::PeerCalls>>,
    peer_module: UnsafeCell<Option<ModuleId>>,
    core: AtomicPtr<Core<R>>,
    nmr_binding: AtomicPtr<c_void>,
    /// Position in the order of attachments; the oldest has the lowest.
    seniority: AtomicU64,
    left: AtomicU8,
    /// Index of the next free slot plus one; belongs to the free list.
    pub(crate) next_free: AtomicUsize,
    /// Whether the binding counts for the policy; belongs to the free list.
    pub(crate) seated: AtomicBool,
}

// SAFETY: `value` is Send + Sync by the bound on `Role::Binding`, `peer` by that on `PeerCalls`; all cells are written by the attach trampoline before the rundown opens, or by cleanup
// after it is drained.
unsafe impl<R: Role> Sync for Slot<R> {}

impl<R: Role> Slot<R> {
    const_fn_outside_loom! {
        pub(crate) fn new() -> Self {
            Self {
                value: UnsafeCell::new(MaybeUninit::uninit()),
                rundown: Rundown::new(),
                peer: UnsafeCell::new(MaybeUninit::uninit()),
                peer_module: UnsafeCell::new(None),
                core: AtomicPtr::new(core::ptr::null_mut()),
                nmr_binding: AtomicPtr::new(core::ptr::null_mut()),
                seniority: AtomicU64::new(0),
                left: AtomicU8::new(0),
                next_free: AtomicUsize::new(0),
                seated: AtomicBool::new(false),
            }
        }
    }

    /// Fills a slot fresh from the free list, which is the caller's alone until NMR hears of it.
    pub(crate) fn fill(
        &'static self,
        core: &'static Core<R>,
        value: R::Binding,
        binding: BindingHandle,
        peer_module: Option<ModuleId>,
        seniority: u64,
    ) {
        self.rundown.renew();
        self.left.store(0, Ordering::Relaxed);
        self.seniority.store(seniority, Ordering::Relaxed);
        self.nmr_binding.store(binding.as_raw(), Ordering::Relaxed);
        self.core.store(core::ptr::from_ref(core).cast_mut(), Ordering::Relaxed);
        // SAFETY: the slot is the caller's alone; the value of the binding before is gone.
        unsafe { (*self.value.get()).write(value) };
        // SAFETY: as above.
        unsafe { *self.peer_module.get() = peer_module };
    }

    /// What NMR and the peer know the binding by.
    pub(crate) fn context(&'static self) -> *mut c_void {
        let generation = self.generation();
        core::ptr::from_ref(self).cast_mut().cast::<c_void>().map_addr(|address| address | generation)
    }

    fn generation(&self) -> usize {
        self.rundown.generation() as usize & GENERATION_BITS
    }

    /// The slot that `context` stands for; `None` if it has been filled anew since.
    ///
    /// # Safety
    /// `context` came from [`Slot::context`] of a slot of this role.
    pub(crate) unsafe fn from_context(context: *mut c_void) -> Option<&'static Self> {
        let address = context.map_addr(|address| address & !GENERATION_BITS);
        // SAFETY: slots are static, and `context` is the address of one plus a generation.
        let slot = unsafe { &*address.cast_const().cast::<Self>() };
        (slot.generation() == context.addr() & GENERATION_BITS).then_some(slot)
    }

    /// The registration that the slot belongs to.
    pub(crate) fn core(&self) -> &'static Core<R> {
        // SAFETY: stored by `fill`, before NMR or a caller could know the slot; registrations are static.
        unsafe { &*self.core.load(Ordering::Relaxed) }
    }

    /// Opens the binding for calls through `peer`, unless a detach came first.
    pub(crate) fn commit(&self, peer: R::PeerCalls) -> bool {
        // SAFETY: nobody has a guard before the rundown opens, and only the attach trampoline opens it.
        unsafe { (*self.peer.get()).write(peer) };
        self.rundown.open()
    }

    /// Enters the binding, whichever it is, if it is open.
    pub(crate) fn enter<'a>(&'static self) -> Option<Guard<'a, R>> {
        let epoch = self.rundown.open_epoch()?;
        match self.rundown.enter(epoch, 0) {
            Ok(()) => Some(Guard { slot: self, epoch, scope: PhantomData }),
            Err(refused) => {
                self.depart(refused.departure);
                None
            }
        }
    }

    /// Decides the detach that NMR asks for. On [`DetachAnswer::Pending`] the binding may be gone when this returns.
    pub(crate) fn detach(&'static self, at: &AtMostDispatch<'_>) -> DetachAnswer {
        self.rundown.detach(|| self.closing(at))
    }

    /// Drops the driver's value: in cleanup, or when the peer declined.
    ///
    /// # Safety
    /// The value was filled in and has not been dropped, and neither a caller nor the peer reaches it any more.
    pub(crate) unsafe fn drop_value(&self) {
        // SAFETY: as the caller says.
        unsafe { self.value.get().cast::<R::Binding>().drop_in_place() };
    }

    /// The attach trampoline does not touch the slot any more. Answers whether the slot is free.
    pub(crate) fn leave_attach(&self) -> bool {
        self.left.fetch_or(ATTACH_LEFT, Ordering::AcqRel) == CLEANED_UP
    }

    /// Cleanup does not touch the slot any more. Answers whether the slot is free.
    pub(crate) fn leave_cleanup(&self) -> bool {
        self.left.fetch_or(CLEANED_UP, Ordering::AcqRel) == ATTACH_LEFT
    }

    /// Who the peer said it was. Only for whoever knows that the slot is filled.
    pub(crate) fn peer_name(&self) -> PeerName {
        // SAFETY: written by `fill` and not changed while the slot is filled.
        PeerName(unsafe { *self.peer_module.get() })
    }

    /// Whether an entry would succeed at this moment.
    pub(crate) fn is_open(&self) -> bool {
        self.rundown.open_epoch().is_some()
    }

    pub(crate) fn seniority(&self) -> u64 {
        self.seniority.load(Ordering::Relaxed)
    }

    fn closing(&'static self, at: &AtMostDispatch<'_>) {
        // SAFETY: a closer runs with the rundown held and before cleanup, so the value is there.
        R::closing(unsafe { self.value() }, at);
    }

    /// # Safety
    /// Cleanup cannot run before the caller is done: it is inside the rundown, or holds it.
    unsafe fn value(&self) -> &R::Binding {
        // SAFETY: filled before anyone could be inside the rundown, dropped after all have left.
        unsafe { &*self.value.get().cast::<R::Binding>() }
    }

    fn depart(&'static self, departure: Departure) {
        if departure == Departure::CompletesDetach {
            Completer { slot: self }.complete();
        }
    }
}

/// The duty to complete a detach. Whoever has it is the last one out, and nobody else has it.
#[must_use = "NMR waits for the completion"]
struct Completer<R: Role> {
    slot: &'static Slot<R>,
}

impl<R: Role> Completer<R> {
    /// `NmrClientDetachProviderComplete` or `NmrProviderDetachClientComplete`, and nothing after it: cleanup may run
    /// inside the call.
    fn complete(self) {
        let core = self.slot.core();
        let binding = BindingHandle::from_raw(self.slot.nmr_binding.load(Ordering::Relaxed));
        core.log("complete detach", format_args!(": {}", self.slot.peer_name()));
        // SAFETY: the detach callback was called and answers STATUS_PENDING, and the rundown makes one completer only.
        unsafe { R::detach_complete(core.system(), binding) };
    }
}

/// A call into the peer, or several: the binding cannot go away while it lives.
///
/// Dereferences to the peer's functions. Entering and leaving cost two locked instructions; make several calls through
/// one guard where they belong together. IRQL <= DISPATCH_LEVEL. Do not keep it across a wait for what the peer's
/// unload may have to do first: the peer's deregistration is held up until the guard is dropped.
pub struct Guard<'a, R: Role> {
    slot: &'static Slot<R>,
    epoch: Epoch,
    scope: PhantomData<(&'a (), *mut ())>,
}

impl<R: Role> Guard<'_, R> {
    /// The driver's own value for this binding.
    pub fn binding(&self) -> &R::Binding {
        // SAFETY: this guard is inside the rundown.
        unsafe { self.slot.value() }
    }

    /// Whether the binding has begun to close; a long series of calls ends early then.
    pub fn is_closing(&self) -> bool {
        self.slot.rundown.is_closing(self.epoch, 0)
    }

    /// The module id of the peer; `None` if it has none.
    pub fn peer_module_id(&self) -> Option<ModuleId> {
        self.slot.peer_name().0
    }

    /// Stops new calls through this binding.
    pub(crate) fn close(self, at: &AtMostDispatch<'_>) {
        let slot = self.slot;
        slot.depart(slot.rundown.close(|| slot.closing(at)));
    }
}

impl<R: Role> Deref for Guard<'_, R> {
    type Target = R::PeerCalls;

    fn deref(&self) -> &R::PeerCalls {
        // SAFETY: this guard is inside the rundown, which opened after `peer` was written.
        unsafe { &*self.slot.peer.get().cast::<R::PeerCalls>() }
    }
}

impl<R: Role> Drop for Guard<'_, R> {
    fn drop(&mut self) {
        let slot = self.slot;
        slot.depart(slot.rundown.leave(self.epoch, 0));
    }
}

impl<R: Role> fmt::Debug for Guard<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("peer", &self.peer_module_id()).finish_non_exhaustive()
    }
}

/// A peer in the log.
pub(crate) struct PeerName(Option<ModuleId>);

impl PeerName {
    pub(crate) fn of(module_id: Option<ModuleId>) -> Self {
        Self(module_id)
    }
}

impl fmt::Display for PeerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(module_id) => write!(f, "peer {module_id}"),
            None => f.write_str("peer without a module id"),
        }
    }
}
