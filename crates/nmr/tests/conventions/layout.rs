//! What is shown and handed over, compared with C's structures written out by hand.

#![expect(unsafe_code, reason = "looks at structures as C does")]

use super::contracts::{hook, interfaces, monitor, quic, sockets};
use core::ffi::c_void;
use core::mem::{offset_of, size_of};
use nmr::{Guid, Published, RevisionHeader, SizeHeader, TotalHeader};

#[repr(C)]
struct AttachProviderData {
    version: u16,
    size: usize,
    total_size: usize,
    program_type: Guid,
    attach_type: u32,
    link_type: u32,
}

#[repr(C)]
struct ExtensionData {
    version: u16,
    size: usize,
    total_size: usize,
    data: *const c_void,
    data_size: usize,
    flags: u64,
    trailer: u32,
}

fn as_c<T, C>(shown: &T) -> &C {
    assert_eq!((size_of::<T>(), align_of::<T>()), (size_of::<C>(), align_of::<C>()));
    // SAFETY: of the size and alignment of `C`, whose fields hold anything.
    unsafe { &*core::ptr::from_ref(shown).cast() }
}

#[test]
fn characteristics_of_ebpf() {
    let program_type = Guid::from_u128(5);
    let shown =
        hook::ProviderCharacteristics { program_type, attach_type: hook::AttachType(3), link_type: 4 };
    let shown = shown.publish();
    let c: &AttachProviderData = as_c(&shown);
    assert_eq!((c.version, c.size, c.total_size), (1, 48, 48));
    assert_eq!((c.program_type, c.attach_type, c.link_type), (program_type, 3, 4));
}

#[test]
fn a_size_may_leave_out_the_padding_at_the_end() {
    static DATA: [u8; 3] = [1, 2, 3];
    let shown = hook::ClientCharacteristics::showing(&DATA, 9).publish();
    let c: &ExtensionData = as_c(&shown);
    assert_eq!((c.version, c.size, c.total_size), (1, 52, 56));
    assert_eq!((c.data, c.data_size, c.flags, c.trailer), (DATA.as_ptr().cast(), 3, 9, 7));
}

#[test]
fn characteristics_without_a_header() {
    let shown = sockets::ProviderCharacteristics { highest: 0x0101, lowest: 0x0100 }.publish();
    let c: &[u16; 2] = as_c(&shown);
    assert_eq!(c, &[0x0101, 0x0100]);
}

#[test]
fn characteristics_of_xdp_and_pktmon() {
    let instance = Guid::from_u128(1);
    let shown = interfaces::ClientCharacteristics { offset: 16, count: 1, versions: [2, 3, 4], instance };
    let shown: Published<_, RevisionHeader> = shown.publish();
    let c: &[u32; 11] = as_c(&shown);
    assert_eq!(c[..7], [1, 44, 16, 1, 2, 3, 4]);
    let shown: Published<_, SizeHeader> = monitor::ProviderCharacteristics { major: 1, minor: 2 }.publish();
    let c: &[u16; 3] = as_c(&shown);
    assert_eq!(c, &[6, 1, 2]);
}

#[test]
fn tables() {
    assert_eq!((size_of::<hook::ClientDispatch>(), size_of::<quic::ProviderDispatch>()), (24, 24));
    assert_eq!(offset_of!(hook::ClientDispatch, invoke), 8);
    assert_eq!((size_of::<sockets::ProviderDispatch>(), size_of::<sockets::ClientDispatch>()), (32, 16));
    assert_eq!((size_of::<interfaces::ClientDispatch>(), size_of::<monitor::ProviderDispatch>()), (8, 32));
    assert_eq!(size_of::<TotalHeader>(), 24);
}
