//! One binding: the driver's value, the peer's calls, and the rundown that protects both.
//!
//! A slot is filled by its attach trampoline, which owns it until the rundown opens. From then on the rundown decides:
//! callers reach the peer with a guard only, and the value is dropped in cleanup only, or, if the peer declined, by the
//! attach trampoline. A slot goes back to the free list when its attach trampoline and its cleanup have both left it.
//!
//! # Invariants
//! - `value` is initialised from [`Slot::fill`] until [`Slot::drop_value`].
//! - `peer` is initialised before the rundown is opened, and read through a guard only.
//! - A reference that a closer takes for a grace period keeps the slot until the period's end has dropped it.
//! - NMR knows a binding by its slot's address, with the generation in the six low bits that the alignment leaves free;
//!   peers' calls take the address and mask those bits off.

#![expect(
    unsafe_code,
    reason = "keeps initialised what the rundown protects, in storage that is never moved"
)]

mod burst;
mod completer;
mod dispatch;
mod guard;
mod held;
mod holders;
mod peer_ref;

pub use burst::Burst;
pub use dispatch::DispatchGuard;
pub use guard::Guard;
pub use held::HeldGuard;
pub use peer_ref::PeerRef;

use crate::grace::Waiter;
use crate::irql::DISPATCH_LEVEL;
use crate::log::Facts;
use crate::registration::Core;
use crate::role::{Role, SystemOf};
use crate::rundown::{Changed, Departure, DetachAnswer, Epoch, FirstClose, References, Rundown, Shards};
use crate::snapshot::{AttachmentState, Filling, Reading, SnapshotRow};
use crate::sync::const_fn_outside_loom;
use crate::{AtMostDispatch, Driver, Policy, System};
use completer::Completer;
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use holders::Holders;
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
    rundown: Rundown<R::Shards>,
    peer: UnsafeCell<MaybeUninit<R::PeerCalls>>,
    peer_module: UnsafeCell<Option<ModuleId>>,
    row: SnapshotRow,
    core: AtomicPtr<Core<R>>,
    nmr_binding: AtomicPtr<c_void>,
    /// Position in the order of attachments; the oldest has the lowest.
    seniority: AtomicU64,
    left: AtomicU8,
    /// Waits for the end of a grace period, if the registration's calls need one.
    waiter: Waiter,
    holders: Holders,
    /// Index of the next free slot plus one; belongs to the free list.
    pub(crate) next_free: AtomicUsize,
    /// Whether the binding counts for the policy; belongs to the free list.
    pub(crate) seated: AtomicBool,
}

// SAFETY: `value` is Send + Sync by the bound on `Role::Binding`, `peer` by that on `PeerCalls`; all cells are written by
// the attach trampoline before the rundown opens, or by cleanup after it is drained.
unsafe impl<R: Role> Sync for Slot<R> {}

impl<R: Role> Slot<R> {
    const_fn_outside_loom! {
        pub(crate) fn new() -> Self {
            Self {
                value: UnsafeCell::new(MaybeUninit::uninit()),
                rundown: Rundown::new(),
                peer: UnsafeCell::new(MaybeUninit::uninit()),
                peer_module: UnsafeCell::new(None),
                row: SnapshotRow::new(),
                core: AtomicPtr::new(core::ptr::null_mut()),
                nmr_binding: AtomicPtr::new(core::ptr::null_mut()),
                seniority: AtomicU64::new(0),
                left: AtomicU8::new(0),
                waiter: Waiter::new(),
                holders: Holders::new(),
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
        filling: &Filling,
    ) {
        self.rundown.renew();
        self.left.store(0, Ordering::Relaxed);
        self.seniority.store(filling.binding, Ordering::Relaxed);
        self.nmr_binding.store(binding.as_raw(), Ordering::Relaxed);
        self.core.store(core::ptr::from_ref(core).cast_mut(), Ordering::Relaxed);
        // SAFETY: the slot is the caller's alone; the value of the binding before is gone.
        unsafe { (*self.value.get()).write(value) };
        // SAFETY: as above.
        unsafe { *self.peer_module.get() = filling.peer };
        self.row.fill(filling);
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

    /// The binding that the slot holds, if it is open.
    #[inline]
    pub(crate) fn peer_ref(&'static self) -> Option<PeerRef<R>> {
        self.rundown.open_epoch().map(|epoch| PeerRef { slot: self, epoch })
    }

    /// Enters the binding, whichever it is, if it is open.
    #[inline]
    pub(crate) fn enter<'a>(&'static self) -> Option<Guard<'a, R>> {
        self.peer_ref()?.enter()
    }

    /// Decides the detach that NMR asks for. On [`DetachAnswer::Pending`] the binding may be gone when this returns.
    pub(crate) fn detach(&'static self, at: &AtMostDispatch<'_>) -> DetachAnswer {
        self.rundown.detach(|first| self.closing(first, at))
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
    pub(crate) fn peer_module_id(&self) -> Option<ModuleId> {
        // SAFETY: written by `fill` and not changed while the slot is filled.
        unsafe { *self.peer_module.get() }
    }

    /// Stops new calls. The caller is inside, so that the slot stays.
    fn close(&'static self, at: &AtMostDispatch<'_>) {
        self.depart(self.rundown.close(|first| self.closing(first, at)));
    }

    /// Calls in flight, as far as they are counted; for people who look.
    pub(crate) fn calls_in_flight(&self) -> u64 {
        self.rundown.in_flight()
    }

    /// Whether this thread has a guard on the binding. Known in debug builds only.
    pub(crate) fn is_held_here(&self) -> bool {
        self.holders.contain::<SystemOf<R>>()
    }

    /// What the log says of the binding. Only for whoever knows that the slot is filled.
    pub(crate) fn facts(&self) -> Facts<'static> {
        Facts::of_peer(self.peer_module_id()).with_binding(self.seniority())
    }

    /// What the slot shows of itself. Its state is advanced before the last access to the slot, like everything else.
    pub(crate) fn row(&self) -> &SnapshotRow {
        &self.row
    }

    /// What the slot shows now; `None` if it is free.
    pub(crate) fn read_row(&self) -> Option<Reading> {
        self.row.read(&|| self.calls_in_flight())
    }

    /// Where the row is in a slot, for debuggers.
    pub(crate) const ROW_OFFSET: usize = core::mem::offset_of!(Self, row);
    /// Where the first word of the rundown's shards is in a slot, for debuggers.
    pub(crate) const SHARDS_OFFSET: usize =
        core::mem::offset_of!(Self, rundown) + Rundown::<R::Shards>::SHARDS_OFFSET;
    /// Distance from one shard's word to the next, in bytes.
    pub(crate) const SHARD_STRIDE: usize = Rundown::<R::Shards>::SHARD_STRIDE;
    /// How many shards there are.
    pub(crate) const SHARDS: usize = R::Shards::COUNT;

    pub(crate) fn seniority(&self) -> u64 {
        self.seniority.load(Ordering::Relaxed)
    }

    /// The first step of closing, with the rundown held.
    fn closing(&'static self, first: FirstClose, at: &AtMostDispatch<'_>) -> References {
        self.row.advance(AttachmentState::DRAINING);
        if self.core().options().policy == Policy::One {
            self.core().vacate(self);
        }
        let references = if R::CALLS_AT_DISPATCH && first.was_open {
            let periods = self.core().home().driver.grace_periods();
            let periods = periods.expect("driver! declares the grace periods that a registration needs");
            // SAFETY: the reference that this answers keeps the slot, and with it the waiter, until `grace_over`.
            unsafe { periods.request(self.core().system(), &self.waiter, self.this(), Self::grace_over) };
            References::One
        } else {
            References::None
        };
        // SAFETY: a closer runs with the rundown held and before cleanup, so the value is there.
        R::closing(unsafe { self.value() }, at);
        references
    }

    /// The end of the grace period that `closing` has asked for. IRQL = DISPATCH_LEVEL.
    ///
    /// # Safety
    /// `slot` is the slot that asked.
    unsafe fn grace_over(slot: *const c_void) {
        // SAFETY: slots are static, and this is one of this type.
        let slot: &'static Self = unsafe { &*slot.cast() };
        slot.depart(slot.rundown.drop_reference());
    }

    fn this(&'static self) -> *const c_void {
        core::ptr::from_ref(self).cast()
    }

    /// # Safety
    /// Cleanup cannot run before the caller is done: it is inside the rundown, or holds it, or is at DISPATCH_LEVEL
    /// since it found the rundown open.
    unsafe fn value(&self) -> &R::Binding {
        // SAFETY: filled before anyone could be inside the rundown, dropped after all have left.
        unsafe { &*self.value.get().cast::<R::Binding>() }
    }

    /// # Safety
    /// The rundown has opened, and the caller is inside, or at DISPATCH_LEVEL since it found the rundown open.
    unsafe fn peer_calls(&self) -> &R::PeerCalls {
        // SAFETY: written before the rundown opened, and not changed until the slot is filled anew.
        unsafe { &*self.peer.get().cast::<R::PeerCalls>() }
    }

    /// Reports, in debug builds, a guard that is dropped where NMR must not be called: it may be the last one out.
    fn assert_may_complete(&'static self) {
        debug_assert!(
            SystemOf::<R>::irql() <= DISPATCH_LEVEL,
            "a guard of registration {} is dropped at IRQL {}: DISPATCH_LEVEL is the highest",
            self.core().options().name,
            SystemOf::<R>::irql(),
        );
    }

    /// Leaves through the shard of the entry. The last access to the slot.
    #[inline]
    fn leave(&'static self, epoch: Epoch, shard: u32) {
        if let Err(changed) = self.rundown.count_out(epoch, shard as usize) {
            self.leave_changed(changed);
        }
    }

    /// Out of the way of calls, whose registers it would take.
    #[cold]
    #[inline(never)]
    fn leave_changed(&'static self, changed: Changed) {
        self.depart(self.rundown.leave_changed(changed));
    }

    fn depart(&'static self, departure: Departure) {
        if departure == Departure::CompletesDetach {
            Completer::of(self).complete();
        }
    }
}
