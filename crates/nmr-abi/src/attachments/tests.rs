//! Answers written, read, cut off and damaged.

extern crate std;

use super::*;
use std::vec::Vec;

fn registration(name: &str) -> RegistrationRow {
    RegistrationRow {
        name: padded(name),
        npi: Guid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff),
        side: ModuleSide::CLIENT,
        state: RegistrationState::REGISTERED,
        capacity: 4,
        attachments: 2,
        callbacks: 0,
        stage: 1,
        refused_for_capacity: 7,
    }
}

fn attachment(registration: u32, slot: u32) -> AttachmentRow {
    AttachmentRow {
        registration,
        slot,
        npi: Guid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff),
        side: ModuleSide::CLIENT,
        state: AttachmentState::ATTACHED,
        peer_number: 3,
        peer_type: 1,
        peer: [0xab; 16],
        binding: 9,
        calls_in_flight: 2,
        age: 12_345_678,
    }
}

fn answer(room: usize) -> (Vec<u8>, Written) {
    let mut buffer = std::vec![0xee; room];
    let mut writer = SnapshotWriter::new(&mut buffer, "Composite").expect("room for the header");
    for name in ["echo", "relay"] {
        writer.registration(&registration(name));
    }
    for (registration, slot) in [(0, 0), (0, 2), (1, 1)] {
        writer.attachment(&attachment(registration, slot));
    }
    let written = writer.finish();
    (buffer, written)
}

const WHOLE: usize = Header::SIZE + 2 * RegistrationRow::SIZE + 3 * AttachmentRow::SIZE;

#[test]
fn what_was_written_is_read() {
    let (bytes, written) = answer(1000);
    assert_eq!(written, Written { bytes: WHOLE, cut_off: false });
    assert!(bytes[WHOLE..].iter().all(|byte| *byte == 0xee), "nothing is written behind the end");
    let snapshot = Snapshot::parse(&bytes[..WHOLE]).expect("well formed");
    assert_eq!((snapshot.driver(), snapshot.needed(), snapshot.is_cut_off()), ("Composite", WHOLE, false));
    let registrations: Vec<_> = snapshot.registrations().collect();
    assert_eq!(registrations, [registration("echo"), registration("relay")]);
    let attachments: Vec<_> = snapshot.attachments().collect();
    assert_eq!(attachments, [attachment(0, 0), attachment(0, 2), attachment(1, 1)]);
}

/// The bytes are part of the interface between a driver and the program of another bundle.
#[test]
fn the_layout_is_fixed() {
    assert_eq!([Header::SIZE, RegistrationRow::SIZE, AttachmentRow::SIZE], [72, 80, 80]);
    let (bytes, _) = answer(1000);
    assert_eq!(bytes[..8], *b"NmrAtch\0");
    assert_eq!(bytes[8..16], [1, 0, 0, 0, 72, 0, 0, 0]);
    assert_eq!(bytes[24..40], [2, 0, 0, 0, 80, 0, 0, 0, 3, 0, 0, 0, 80, 0, 0, 0]);
    let row = &bytes[72..152];
    assert_eq!(row[..6], *b"echo\0\0");
    assert_eq!(row[32..40], [0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66]);
    assert_eq!(row[40..48], [0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff]);
    assert_eq!(row[48..56], [1, 0, 0, 0, 2, 0, 0, 0]);
    assert_eq!(row[72..], 7_u64.to_le_bytes());
    let row = &bytes[232..312];
    assert_eq!(row[24..32], [1, 0, 0, 0, 2, 0, 0, 0]);
    assert_eq!(row[48..56], [0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab]);
    assert_eq!(row[72..], 12_345_678_u64.to_le_bytes());
}

/// `CTL_CODE(FILE_DEVICE_UNKNOWN, function, METHOD_BUFFERED, access)`.
#[test]
fn the_requests_have_the_codes_of_the_header() {
    assert_eq!(QUERY, 0x0022_6000);
    assert_eq!(DRAIN, 0x0022_e004);
}

#[test]
fn whatever_the_room_the_answer_is_whole_rows_and_says_what_it_takes() {
    assert_eq!(SnapshotWriter::new(&mut [0; Header::SIZE - 1], "x").err(), Some(TooSmall));
    for room in Header::SIZE..WHOLE {
        let (bytes, written) = answer(room);
        assert!(written.cut_off && written.bytes <= room);
        let snapshot = Snapshot::parse(&bytes[..written.bytes]).expect("well formed");
        assert_eq!((snapshot.needed(), snapshot.is_cut_off()), (WHOLE, true));
        let rows = (snapshot.registrations().count(), snapshot.attachments().count());
        let left = room - Header::SIZE;
        let registrations = (left / RegistrationRow::SIZE).min(2);
        let attachments = left.saturating_sub(2 * RegistrationRow::SIZE) / AttachmentRow::SIZE;
        assert_eq!(rows, (registrations, attachments), "{room}");
    }
}

/// A row that would still fit is not written after one that did not.
#[test]
fn nothing_follows_a_gap() {
    let mut buffer = [0; Header::SIZE + RegistrationRow::SIZE - 1];
    let mut writer = SnapshotWriter::new(&mut buffer, "x").expect("room for the header");
    assert!(!writer.row(&[1; RegistrationRow::SIZE]));
    assert!(!writer.row(&[1; 4]));
    assert_eq!(writer.finish(), Written { bytes: Header::SIZE, cut_off: true });
}

#[test]
fn a_longer_row_of_a_later_driver_is_read() {
    let (bytes, _) = answer(1000);
    let mut longer = bytes[..Header::SIZE].to_vec();
    for row in bytes[Header::SIZE..Header::SIZE + 2 * RegistrationRow::SIZE].chunks(RegistrationRow::SIZE) {
        longer.extend_from_slice(row);
        longer.extend_from_slice(&[0x77; 8]);
    }
    let length = longer.len() as u32;
    for (at, value) in [(16, length), (20, length), (28, RegistrationRow::SIZE as u32 + 8), (32, 0)] {
        longer[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    let snapshot = Snapshot::parse(&longer).expect("well formed");
    let registrations: Vec<_> = snapshot.registrations().collect();
    assert_eq!(registrations, [registration("echo"), registration("relay")]);
}

#[test]
fn hostile_answers_are_refused_or_read_and_never_more() {
    let (bytes, _) = answer(WHOLE);
    for end in 0..bytes.len() {
        assert_eq!(Snapshot::parse(&bytes[..end]).err(), Some(Malformed::TooShort), "{end}");
    }
    for at in 0..bytes.len() {
        for flipped in [0x01, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flipped;
            if let Ok(snapshot) = Snapshot::parse(&damaged) {
                let rows = snapshot.registrations().count() + snapshot.attachments().count();
                assert!(rows <= 5, "{at}");
                assert!(snapshot.attachments().all(|row| row.registration < 2), "{at}");
            }
        }
    }
    for (at, wrong) in [
        (0, Malformed::Magic),
        (8, Malformed::Version(0xff01)),
        (12, Malformed::Sizes),
        (24, Malformed::Sizes),
        (28, Malformed::Sizes),
        (36, Malformed::Sizes),
        (40, Malformed::Name),
        (72, Malformed::Name),
        (232, Malformed::Registration(0xff00)),
    ] {
        let mut damaged = bytes.clone();
        damaged[if at == 40 || at == 72 || at == 0 { at } else { at + 1 }] = 0xff;
        assert_eq!(Snapshot::parse(&damaged).err(), Some(wrong), "{at}");
    }
}

/// The registrations are numbered from 0, so their number is the first that is not there.
#[test]
fn an_attachment_of_a_registration_that_is_not_there_is_refused() {
    let (mut bytes, _) = answer(WHOLE);
    bytes[232] = 2;
    assert_eq!(Snapshot::parse(&bytes).err(), Some(Malformed::Registration(2)));
}

#[test]
fn a_header_that_multiplies_beyond_the_address_space_is_refused() {
    let (mut bytes, _) = answer(WHOLE);
    bytes[24..40].fill(0xff);
    assert_eq!(Snapshot::parse(&bytes).err(), Some(Malformed::Sizes));
    let (mut bytes, _) = answer(WHOLE);
    bytes[28..32].fill(0);
    assert_eq!(Snapshot::parse(&bytes).err(), Some(Malformed::Sizes), "a row of no bytes");
}

/// However few rows there are.
#[test]
fn rows_shorter_than_those_known_here_are_refused() {
    let mut buffer = [0; Header::SIZE];
    SnapshotWriter::new(&mut buffer, "x").expect("room for the header").finish();
    assert!(Snapshot::parse(&buffer).is_ok());
    for (at, least) in [(28, RegistrationRow::SIZE), (36, AttachmentRow::SIZE)] {
        for size in [0, least - 1] {
            let mut damaged = buffer;
            damaged[at..at + 4].copy_from_slice(&(size as u32).to_le_bytes());
            assert_eq!(Snapshot::parse(&damaged).err(), Some(Malformed::Sizes), "{size} bytes at {at}");
        }
    }
}

#[test]
fn an_answer_that_is_longer_than_it_takes_is_refused() {
    let (mut bytes, _) = answer(WHOLE);
    bytes[16..20].copy_from_slice(&(WHOLE as u32 - 1).to_le_bytes());
    assert_eq!(Snapshot::parse(&bytes).err(), Some(Malformed::Sizes));
}

#[test]
fn names_are_cut_off_at_a_whole_character() {
    let long = "a_name_that_is_longer_than_those_32_bytes";
    assert_eq!(name_text(&padded(long)), Some(&long[..32]));
    assert_eq!(
        name_text(&padded("a_name_of_31_bytes_and_a_letter\u{e9}")),
        Some("a_name_of_31_bytes_and_a_letter")
    );
    assert_eq!(name_text(&[0xff; 32]), None);
}

#[test]
fn a_row_tells_the_peer_and_the_age() {
    let row = attachment(0, 0);
    let peer = row.peer_module_id().expect("it has one");
    assert_eq!((peer.id_type, peer.value), (ModuleIdType::GUID, [0xab; 16]));
    assert_eq!(AttachmentRow { peer_type: 0, ..row }.peer_module_id(), None);
    assert_eq!(row.age(), Duration::from_nanos(1_234_567_800));
}

#[test]
fn drained_is_what_unload_need_not_wait_for() {
    let row = registration("echo");
    let with = |state, attachments, callbacks| RegistrationRow { state, attachments, callbacks, ..row };
    assert!(with(RegistrationState::IDLE, 0, 0).is_drained());
    assert!(with(RegistrationState::ISSUED, 0, 0).is_drained());
    assert!(with(RegistrationState::ISSUED_DONE, 0, 0).is_drained());
    assert!(with(RegistrationState::WAITING, 0, 0).is_drained());
    assert!(!with(RegistrationState::FAILED, 0, 0).is_drained());
    assert!(!with(RegistrationState::ISSUED, 1, 0).is_drained());
    assert!(!with(RegistrationState::ISSUED, 0, 1).is_drained());
    assert!(!with(RegistrationState::REGISTERED, 0, 0).is_drained());
    assert!(!with(RegistrationState::ISSUING, 0, 0).is_drained());
}
