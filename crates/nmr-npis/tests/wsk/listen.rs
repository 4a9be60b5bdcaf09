//! Listening sockets of the WSK of the tests.

#![expect(unsafe_code, reason = "is a peer in C's terms")]

use crate::functions::{
    accepted_socket, bind, close_socket, control_socket, get_local_address, of, write_address,
};
use crate::subsystem::CALLER;
use core::ffi::c_void;
use nmr::Status;
use nmr_npis::wsk::table::{BasicDispatch, ListenDispatch, RawSocket};

pub static LISTEN: ListenDispatch = ListenDispatch {
    basic: BasicDispatch { control_socket, close_socket },
    bind,
    accept,
    inspect_complete,
    get_local_address,
};

unsafe extern "system" fn accept(
    socket: *mut RawSocket,
    flags: u32,
    context: *mut c_void,
    events: *const c_void,
    local: *mut c_void,
    remote: *mut c_void,
    irp: *mut c_void,
) -> Status {
    assert!(flags == 0 && context.is_null() && events.is_null() && local.is_null());
    let (socket, remote) = (of(socket), remote.expose_provenance());
    let network = socket.network.clone();
    socket.network.queue(irp, move || {
        let here = (*socket.local.lock().expect("no panic")).expect("bound");
        let mut connecting = network.connecting.lock().expect("no panic");
        let index = connecting.iter().position(|(to, _)| *to == here)?;
        let (_, ends) = connecting.remove(index)?;
        write_address(remote, &CALLER);
        Some((Status::SUCCESS, accepted_socket(&network, ends)))
    })
}

unsafe extern "system" fn inspect_complete(
    _: *mut RawSocket,
    _: *mut c_void,
    _: u32,
    _: *mut c_void,
) -> Status {
    unreachable!("no test asks for it")
}
