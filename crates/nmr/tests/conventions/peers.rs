//! Peers in C: their tables are accepted, or not, as the convention says, and called.

#![expect(unsafe_code, reason = "is the peer in C, whose tables may be anything")]

use super::contracts::{hook, interfaces, monitor, quic, sockets};
use core::ffi::c_void;
use core::ptr::{from_ref, null, null_mut};
use hook::Client as _;
use interfaces::Client as _;
use monitor::Provider as _;
use nmr::{
    Characteristics, CharacteristicsMismatch, CountHeader, Error, PeerCalls, ReservedHeader, SizeHeader,
    Status, TableMismatch,
};
use quic::Provider as _;
use sockets::{Client as _, Provider as _};

/// The calls through `table`, which the caller keeps.
fn accept<C: PeerCalls, T>(table: &T) -> Result<C, TableMismatch> {
    // SAFETY: a table of the contract, which outlives the calls.
    unsafe { C::accept(0x40 as *mut c_void, from_ref(table).cast()) }
}

unsafe extern "system" fn invoke(context: *mut c_void, _: *mut c_void, result: *mut u32) -> i32 {
    // SAFETY: the caller passes a place for it.
    unsafe { result.write(context.addr() as u32) };
    0
}

unsafe extern "system" fn batch_begin(state_size: usize, _: *mut c_void) -> i32 {
    state_size as i32
}

#[test]
fn a_table_with_a_count_of_functions() {
    let table =
        |version, count| hook::ClientDispatch { header: CountHeader { version, count }, invoke, batch_begin };
    let whole = table(1, 2);
    let calls: hook::ClientCalls = accept(&whole).expect("whole");
    let mut result = 0;
    // SAFETY: a place for the result.
    assert_eq!(unsafe { calls.invoke(null_mut(), &mut result) }, 0);
    assert_eq!(result, 0x40, "the client's context comes first");
    // SAFETY: the state is not looked at.
    assert_eq!(unsafe { calls.batch_begin(17, null_mut()) }, 17, "no context in front");
    let refusal = |version, count| {
        accept::<hook::ClientCalls, _>(&table(version, count)).expect_err("of another shape")
    };
    assert_eq!(refusal(1, 1), TableMismatch::TooShort { size: 16, needed: 24 });
    assert_eq!(refusal(2, 2), TableMismatch::Version { found: 2, expected: 1 });
    assert!(accept::<hook::ClientCalls, _>(&table(1, 9)).is_ok(), "more functions than are known");
}

unsafe extern "system" fn socket(_: *mut c_void, family: u16, _: *mut c_void) -> Status {
    Status(family.into())
}

unsafe extern "system" fn control(_: *mut c_void, code: u32) -> Status {
    if code == 0 { Status::SUCCESS } else { Status::INVALID_PARAMETER }
}

unsafe extern "system" fn name(_: *mut c_void, index: u32, out: *mut u64) -> Status {
    // SAFETY: the caller passes a place for it.
    unsafe { out.write(u64::from(index) + 1) };
    Status::SUCCESS
}

type Socket = unsafe extern "system" fn(*mut c_void, u16, *mut c_void) -> Status;
type Control = unsafe extern "system" fn(*mut c_void, u32) -> Status;

/// The table before the minor version 1, and what happens to lie behind it.
#[repr(C)]
struct Older {
    header: ReservedHeader,
    socket: Socket,
    control: Control,
    behind: usize,
}

#[test]
fn a_version_says_which_functions_there_are() {
    let table = |version| sockets::ProviderDispatch {
        header: ReservedHeader { version, reserved: 0 },
        socket,
        control,
        name,
    };
    let newer = table(0x0102);
    let calls: sockets::ProviderCalls = accept(&newer).expect("a superset");
    assert_eq!((calls.version(), calls.name(3)), (Some(0x0101), Ok(4)));
    // SAFETY: the request is not looked at.
    assert_eq!(unsafe { calls.socket(23, null_mut()) }, Status(23));
    assert_eq!(calls.control(1), Err(Error::INVALID_PARAMETER));
    // What lies behind an old table is not a function.
    let older = Older { header: ReservedHeader { version: 0x0100, reserved: 0 }, socket, control, behind: 1 };
    let calls: sockets::ProviderCalls = accept(&older).expect("the oldest that is spoken");
    assert_eq!((calls.version(), calls.name(3)), (Some(0x0100), Err(Error::NOT_SUPPORTED)));
    assert_eq!(calls.control(0), Ok(()));
    for version in [0x00ff, 0x0200] {
        let refusal =
            accept::<sockets::ProviderCalls, _>(&table(version)).expect_err("of another major version");
        assert_eq!(refusal, TableMismatch::Version { found: version.into(), expected: 0x0101 });
    }
}

#[test]
fn an_optional_function_may_be_null() {
    let header = ReservedHeader { version: 0x0100, reserved: 0 };
    let without = sockets::ClientDispatch { header, event: None };
    let calls: sockets::ClientCalls = accept(&without).expect("it may be NULL");
    assert_eq!(calls.event(1), Err(Error::NOT_SUPPORTED));
    let with = sockets::ClientDispatch { header, event: Some(control) };
    let calls: sockets::ClientCalls = accept(&with).expect("whole");
    assert_eq!((calls.event(0), calls.event(1)), (Ok(()), Err(Error::INVALID_PARAMETER)));
}

unsafe extern "system" fn open_version(version: u32, api: *mut *const c_void) -> i32 {
    // SAFETY: the caller passes a place for it.
    unsafe { api.write(version as usize as *const c_void) };
    0
}

unsafe extern "system" fn close(_: *const c_void) {}

#[test]
fn functions_without_a_context() {
    let header = ReservedHeader { version: 0, reserved: 0 };
    let table = quic::ProviderDispatch { header, open_version, close };
    let calls: quic::ProviderCalls = accept(&table).expect("whole");
    let mut api = null();
    // SAFETY: a place for a pointer.
    assert_eq!((unsafe { calls.open_version(2, &mut api) }, api.addr()), (0, 2));
    // SAFETY: opened above.
    unsafe { calls.close(api) };
}

unsafe extern "system" fn register(_: *mut c_void, component: u64) -> u32 {
    component as u32
}

unsafe extern "system" fn packet(_: *mut c_void, packet: u64, out: *mut u32) -> Status {
    // SAFETY: the caller passes a place for it.
    unsafe { out.write(packet as u32) };
    Status::SUCCESS
}

#[test]
fn a_size_says_which_functions_there_are() {
    let table = |size| monitor::ProviderDispatch {
        header: SizeHeader { size },
        register,
        log: Some(packet),
        drop_packet: packet,
    };
    let answers = |size| {
        let table = table(size);
        let calls: monitor::ProviderCalls = accept(&table).expect("long enough");
        (calls.register(1), calls.log(2), calls.drop_packet(3))
    };
    let absent = Err(Error::NOT_SUPPORTED);
    assert_eq!(answers(32), (1, Ok(2), Ok(3)));
    assert_eq!(answers(31), (1, Ok(2), absent));
    assert_eq!(answers(16), (1, absent, absent));
    let refusal = accept::<monitor::ProviderCalls, _>(&table(15)).expect_err("too short");
    assert_eq!(refusal, TableMismatch::TooShort { size: 15, needed: 16 });
}

#[test]
fn what_a_size_covers_is_there() {
    let register = (register as *const ()).expose_provenance() as u64;
    let refusal =
        accept::<monitor::ProviderCalls, _>(&[32, register, 0, 0]).expect_err("only `log` is optional");
    assert_eq!(refusal, TableMismatch::NullFunction { index: 2 });
    let shorter: monitor::ProviderCalls = accept(&[24, register, 0, 0]).expect("as of before `drop_packet`");
    assert_eq!(shorter.drop_packet(1), Err(Error::NOT_SUPPORTED));
}

#[test]
fn a_table_without_a_header() {
    let table = interfaces::ClientDispatch { open: control };
    let calls: interfaces::ClientCalls = accept(&table).expect("nothing to check");
    assert_eq!((calls.open(0), calls.open(1)), (Ok(()), Err(Error::INVALID_PARAMETER)));
    let refusal = accept::<interfaces::ClientCalls, _>(&0_u64).expect_err("NULL inside");
    assert_eq!(refusal, TableMismatch::NullFunction { index: 0 });
}

#[test]
fn characteristics_are_read_as_far_as_they_are_known() {
    let read = |shown: &[u64]| {
        // SAFETY: as long as its header says.
        let read = unsafe { hook::ProviderCharacteristics::of_peer(shown.as_ptr().cast()) };
        read.map(|read| (read.attach_type, read.link_type))
    };
    let known = Ok((hook::AttachType(8), 9));
    assert_eq!(read(&[1, 48, 48, 0, 0, 9 << 32 | 8]), known);
    assert_eq!(read(&[1, 60, 64, 0, 0, 9 << 32 | 8, 0, 0]), known);
    assert_eq!(read(&[1, 47, 48, 0, 0, 9 << 32 | 8]), Err(CharacteristicsMismatch::TooShort));
    assert_eq!(read(&[2, 48, 48, 0, 0, 9 << 32 | 8]), Err(CharacteristicsMismatch::Version));
    let shown = [7_u32, 44, 0, 5, 0, 0, 0, 0, 0, 0, 0];
    // SAFETY: as long as its header says.
    let read = unsafe { interfaces::ClientCharacteristics::of_peer(shown.as_ptr().cast()) };
    assert_eq!(read.map(|read| read.count), Ok(5), "a higher revision is a superset");
}
