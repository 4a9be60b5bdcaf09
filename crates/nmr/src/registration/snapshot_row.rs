//! A registration and its slots as the snapshot shows them.

use super::core::Core;
use super::passage::Passage;
use crate::Npi;
use crate::binding::Slot;
use crate::log::Subject;
use crate::role::{EventOf, Role};
use crate::snapshot::table::RegistrationTable;
use crate::snapshot::{AttachmentRow, Reading, RegistrationRow};
use ::core::sync::atomic::Ordering;
use nmr_abi::attachments::padded;

/// The registration as it is now. Its stage is not known here.
///
/// Slots are counted by what they show, because the free list has a lock. A slot that shows nothing yet, or no more, while
/// it is taken has a callback running.
pub(super) fn registration<R: Role>(core: &Core<R>, slots: &[Slot<R>]) -> RegistrationRow {
    RegistrationRow {
        name: padded(core.name().declared()),
        npi: R::Npi::ID,
        side: R::SIDE.in_snapshot(),
        state: core.passage.state().in_snapshot(),
        capacity: slots.len() as u32,
        attachments: slots.iter().filter(|slot| !slot.row().is_vacant()).count() as u32,
        callbacks: core.callbacks_running() as u32,
        stage: 0,
        refused_for_capacity: core.refused_for_capacity().load(Ordering::Relaxed),
    }
}

/// Slot `index` as it is at `now`; `None` if it is free. Which registration it is of is not known here.
pub(super) fn attachment<R: Role>(
    subject: &Subject,
    index: usize,
    slot: &Slot<R>,
    now: u64,
) -> Option<AttachmentRow> {
    let reading = slot.read_row()?;
    Some(row(subject, index, &reading, now))
}

/// One copy for all registrations.
#[inline(never)]
fn row(subject: &Subject, index: usize, reading: &Reading, now: u64) -> AttachmentRow {
    AttachmentRow {
        registration: 0,
        slot: index as u32,
        npi: *subject.npi,
        side: subject.side.in_snapshot(),
        state: reading.state,
        peer_number: reading.peer_number,
        peer_type: reading.peer_type,
        peer: reading.peer,
        binding: reading.binding,
        calls_in_flight: reading.calls_in_flight,
        age: now.saturating_sub(reading.since),
    }
}

/// Where a debugger finds it.
pub(super) const fn table<R: Role>(
    core: &'static Core<R>,
    slots: &'static [Slot<R>],
    name: &'static str,
) -> RegistrationTable {
    RegistrationTable {
        name: name.as_ptr(),
        name_length: name.len() as u64,
        npi: R::Npi::ID,
        side: R::SIDE.in_snapshot(),
        state_size: Passage::<EventOf<R>>::WORD_SIZE as u32,
        state: core.passage.word_address(),
        refused_for_capacity: ::core::ptr::from_ref(core.refused_for_capacity()).cast(),
        slots: slots.as_ptr().cast(),
        slot_stride: size_of::<Slot<R>>() as u64,
        slot_count: slots.len() as u32,
        row_offset: Slot::<R>::ROW_OFFSET as u32,
        rundown_offset: Slot::<R>::SHARDS_OFFSET as u32,
        rundown_stride: Slot::<R>::SHARD_STRIDE as u32,
        rundown_count: Slot::<R>::SHARDS as u32,
        reserved: 0,
    }
}
