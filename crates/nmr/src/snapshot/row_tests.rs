//! One text for two worlds: plain threads and Miri by default, every schedule up to a bound under loom.

use super::row::{Filling, Reading, SnapshotRow};
use crate::model_check::{Arc, model, spawn};
use core::time::Duration;
use nmr_abi::attachments::AttachmentState;
use nmr_abi::{Guid, ModuleId};

/// All that is said of binding `n` follows from `n`, so that a mixture of two bindings shows.
fn filling(n: u64) -> Filling {
    Filling {
        binding: n,
        now: Duration::from_secs(n),
        peer: Some(ModuleId::from_guid(Guid::from_u128(u128::from(n) << 64 | u128::from(n)))),
        peer_number: n as u32,
    }
}

fn assert_whole(reading: &Reading) {
    if reading.state == AttachmentState::CHANGING {
        return;
    }
    let n = reading.binding;
    assert_eq!(reading.since, n * 10_000_000, "{reading:?}");
    assert_eq!(reading.peer_number, n as u32, "{reading:?}");
    let filled = filling(n);
    let peer = filled.peer.expect("it has one");
    assert_eq!((reading.peer_type, reading.peer), (1, peer.value), "{reading:?}");
}

#[test]
fn a_row_that_is_accepted_is_of_one_binding() {
    model(|| {
        let row = Arc::new(SnapshotRow::new());
        row.fill(&filling(1));
        let reader = {
            let row = Arc::clone(&row);
            spawn(move || {
                for _ in 0..2 {
                    if let Some(reading) = row.read(&|| 0) {
                        assert_whole(&reading);
                    }
                }
            })
        };
        row.vacate();
        row.fill(&filling(2));
        reader.join().expect("no panic");
        let reading = row.read(&|| 5).expect("in use");
        assert_whole(&reading);
        assert_eq!((reading.binding, reading.calls_in_flight), (2, 5));
        assert_eq!(reading.state, AttachmentState::ATTACHING);
    });
}

/// The attach trampoline publishes Attached while a closer publishes Draining: whoever is late changes nothing.
#[test]
fn draining_overtakes_attached() {
    model(|| {
        let row = Arc::new(SnapshotRow::new());
        row.fill(&filling(1));
        let closer = {
            let row = Arc::clone(&row);
            spawn(move || row.advance(AttachmentState::DRAINING))
        };
        row.advance(AttachmentState::ATTACHED);
        closer.join().expect("no panic");
        assert_eq!(row.read(&|| 0).expect("in use").state, AttachmentState::DRAINING);
    });
}

/// Cleanup may run before the attach trampoline has left the slot.
#[test]
fn a_late_attached_does_not_bring_a_binding_back() {
    model(|| {
        let row = Arc::new(SnapshotRow::new());
        row.fill(&filling(1));
        let cleanup = {
            let row = Arc::clone(&row);
            spawn(move || {
                row.advance(AttachmentState::DETACHED);
                row.vacate();
            })
        };
        row.advance(AttachmentState::ATTACHED);
        cleanup.join().expect("no panic");
        assert_eq!(row.read(&|| 0), None);
    });
}

#[cfg(not(loom))]
#[test]
fn the_life_of_a_binding_is_shown() {
    let row = SnapshotRow::new();
    assert_eq!(row.read(&|| 0), None);
    row.fill(&Filling { peer: None, ..filling(7) });
    let reading = row.read(&|| 0).expect("in use");
    assert_eq!((reading.peer_type, reading.peer, reading.binding), (0, [0; 16], 7));
    let state = || row.read(&|| 0).map(|reading| reading.state);
    assert_eq!(state(), Some(AttachmentState::ATTACHING));
    for next in [AttachmentState::ATTACHED, AttachmentState::DRAINING, AttachmentState::DETACHED] {
        row.advance(next);
        assert_eq!(state(), Some(next));
        row.advance(AttachmentState::ATTACHED);
        assert_eq!(state(), Some(next), "forward only");
    }
    row.vacate();
    assert_eq!(state(), None);
}

#[cfg(not(loom))]
#[test]
fn times_are_in_units_of_100_ns() {
    let row = SnapshotRow::new();
    row.fill(&Filling { now: Duration::from_nanos(1_234_567_899), ..filling(7) });
    assert_eq!(row.read(&|| 0).expect("in use").since, 12_345_678);
}

/// A reader that is disturbed at each look says so, and does not go on for ever.
#[cfg(not(loom))]
#[test]
fn after_three_looks_a_row_is_changing() {
    let row = SnapshotRow::new();
    row.fill(&filling(0));
    let looks = core::cell::Cell::new(0);
    let disturb = || {
        looks.set(looks.get() + 1);
        row.vacate();
        row.fill(&filling(looks.get()));
        4
    };
    let reading = row.read(&disturb).expect("in use");
    assert_eq!((reading.state, reading.calls_in_flight), (AttachmentState::CHANGING, 4));
    assert_eq!(looks.get(), 4, "three looks, and the count");
}
