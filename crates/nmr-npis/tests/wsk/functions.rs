//! The functions of the WSK of the tests. Each queues what it does; the network's thread does it, and completes the request.

#![expect(unsafe_code, reason = "is a peer in C's terms")]

use crate::listen;
use crate::sockets::{Inbox, Network, Socket};
use crate::subsystem::{ADDRESS_ALREADY_EXISTS, CONNECTION_REFUSED, Client, ECHO};
use core::ffi::c_void;
use core::net::SocketAddr;
use nmr::host::HostMdl;
use nmr::{ReservedHeader, Status};
use nmr_npis::wsk::table::{BasicDispatch, Buffer, ConnectionDispatch, DatagramDispatch, RawSocket};
use nmr_npis::wsk::{ProviderDispatch, SocketAddress};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

/// The table of a WSK of `version`.
pub const fn table(version: u16) -> ProviderDispatch {
    ProviderDispatch {
        header: ReservedHeader { version, reserved: 0 },
        socket,
        socket_connect,
        control_client,
    }
}

static DATAGRAM: DatagramDispatch = DatagramDispatch {
    basic: BasicDispatch { control_socket, close_socket },
    bind,
    send_to,
    receive_from,
    release,
    get_local_address,
};

static CONNECTION: ConnectionDispatch = ConnectionDispatch {
    basic: BasicDispatch { control_socket, close_socket },
    bind,
    connect: bind,
    get_local_address,
    get_remote_address: get_local_address,
    send,
    receive,
    disconnect,
    release,
};

/// A new socket, as the information of its request.
fn new_socket(network: &Arc<Network>, dispatch: *const c_void) -> usize {
    let inbox = Arc::<Inbox>::default();
    connected_socket(network, dispatch, [Arc::clone(&inbox), inbox])
}

/// The same, as one end of a connection.
fn connected_socket(
    network: &Arc<Network>,
    dispatch: *const c_void,
    [inbox, other]: [Arc<Inbox>; 2],
) -> usize {
    network.sockets.fetch_add(1, Ordering::SeqCst);
    let raw = RawSocket { dispatch };
    let (network, local) = (Arc::clone(network), Mutex::default());
    Box::into_raw(Box::new(Socket { raw, network, inbox, other, local })).expose_provenance()
}

/// A connection that a listening socket has accepted.
pub fn accepted_socket(network: &Arc<Network>, ends: [Arc<Inbox>; 2]) -> usize {
    connected_socket(network, core::ptr::from_ref(&CONNECTION).cast(), ends)
}

pub fn of(socket: *mut RawSocket) -> &'static Socket {
    // SAFETY: a socket of this WSK, which its client has not closed.
    unsafe { &*socket.cast_const().cast() }
}

fn address(at: *mut c_void) -> SocketAddr {
    // SAFETY: the client passes an address.
    let address = unsafe { at.cast::<SocketAddress>().read() };
    address.get().expect("of a family that is known")
}

/// Memory of a client, for as long as its request is in flight.
#[derive(Clone, Copy)]
struct Memory(usize, usize);

impl Memory {
    fn of(buffer: *mut Buffer) -> Self {
        // SAFETY: the client passes a buffer.
        let Buffer { mdl, offset, length } = unsafe { buffer.read() };
        assert!(!mdl.is_null(), "no MDL");
        // SAFETY: with an MDL.
        let HostMdl { bytes, length: most } = unsafe { mdl.cast::<HostMdl>().read() };
        assert!(offset as usize + length <= most);
        Self(bytes.wrapping_add(offset as usize).expose_provenance(), length)
    }

    fn read(self) -> Vec<u8> {
        let from = core::ptr::with_exposed_provenance::<u8>(self.0);
        // SAFETY: the client's, to be sent, and its request is in flight.
        unsafe { core::slice::from_raw_parts(from, self.1) }.to_vec()
    }

    fn write(self, bytes: &[u8]) -> usize {
        let length = bytes.len().min(self.1);
        let to = core::ptr::with_exposed_provenance_mut::<u8>(self.0);
        // SAFETY: the client's, to be received into, and its request is in flight.
        unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), to, length) };
        length
    }
}

/// The place of an address of a client, for as long as its request is in flight.
pub fn write_address(place: usize, address: &SocketAddr) {
    let place = core::ptr::with_exposed_provenance_mut::<SocketAddress>(place);
    // SAFETY: as said.
    unsafe { place.write(address.into()) };
}

fn network_of(client: *mut c_void) -> &'static Arc<Network> {
    // SAFETY: the context that the client was given, which is not cleaned up.
    let client: &'static Client = unsafe { &*client.cast_const().cast() };
    &client.network
}

unsafe extern "system" fn socket(
    client: *mut c_void,
    _: u16,
    kind: u16,
    protocol: u32,
    flags: u32,
    _: *mut c_void,
    _: *const c_void,
    _: *mut c_void,
    _: *mut c_void,
    _: *mut c_void,
    irp: *mut c_void,
) -> Status {
    let dispatch = match (kind, protocol, flags) {
        (2, 17, 4) => core::ptr::from_ref(&DATAGRAM).expose_provenance(),
        (1, 6, 1) => core::ptr::from_ref(&listen::LISTEN).expose_provenance(),
        other => panic!("no such socket: {other:?}"),
    };
    let network = network_of(client);
    let own = Arc::clone(network);
    network.queue(irp, move || {
        Some((Status::SUCCESS, new_socket(&own, core::ptr::with_exposed_provenance(dispatch))))
    })
}

unsafe extern "system" fn socket_connect(
    client: *mut c_void,
    kind: u16,
    protocol: u32,
    _: *mut c_void,
    remote: *mut c_void,
    _: u32,
    _: *mut c_void,
    _: *const c_void,
    _: *mut c_void,
    _: *mut c_void,
    _: *mut c_void,
    irp: *mut c_void,
) -> Status {
    assert_eq!((kind, protocol), (1, 6), "streams");
    let (network, remote) = (network_of(client), address(remote));
    let own = Arc::clone(network);
    network.queue(irp, move || {
        if own.bound.lock().expect("no panic").iter().any(|(address, _)| *address == remote) {
            let ends: [Arc<Inbox>; 2] = Default::default();
            let there = [Arc::clone(&ends[1]), Arc::clone(&ends[0])];
            own.connecting.lock().expect("no panic").push_back((remote, there));
            return Some((Status::SUCCESS, accepted_socket(&own, ends)));
        }
        if remote != ECHO {
            return Some((CONNECTION_REFUSED, 0));
        }
        Some((Status::SUCCESS, new_socket(&own, core::ptr::from_ref(&CONNECTION).cast())))
    })
}

unsafe extern "system" fn control_client(
    _: *mut c_void,
    _: u32,
    _: usize,
    _: *mut c_void,
    _: usize,
    _: *mut c_void,
    _: *mut usize,
    _: *mut c_void,
) -> Status {
    unreachable!("no test asks for it")
}

pub unsafe extern "system" fn control_socket(
    _: *mut RawSocket,
    _: u32,
    _: u32,
    _: u32,
    _: usize,
    _: *mut c_void,
    _: usize,
    _: *mut c_void,
    _: *mut usize,
    _: *mut c_void,
) -> Status {
    unreachable!("no test asks for it")
}

pub unsafe extern "system" fn close_socket(socket: *mut RawSocket, irp: *mut c_void) -> Status {
    // SAFETY: the client closes it once, and does not use it any more.
    let socket = unsafe { Box::from_raw(socket.cast::<Socket>()) };
    let network = Arc::clone(&socket.network);
    let mut open = Some(socket);
    network.queue(irp, move || {
        let socket = open.take()?;
        let inbox = &socket.inbox;
        socket.network.bound.lock().expect("no panic").retain(|(_, other)| !Arc::ptr_eq(other, inbox));
        socket.network.close();
        Some((Status::SUCCESS, 0))
    })
}

pub unsafe extern "system" fn bind(
    socket: *mut RawSocket,
    local: *mut c_void,
    _: u32,
    irp: *mut c_void,
) -> Status {
    let (socket, local) = (of(socket), address(local));
    socket.network.queue(irp, move || {
        let mut bound = socket.network.bound.lock().expect("no panic");
        if bound.iter().any(|(other, _)| *other == local) {
            return Some((ADDRESS_ALREADY_EXISTS, 0));
        }
        bound.push((local, Arc::clone(&socket.inbox)));
        *socket.local.lock().expect("no panic") = Some(local);
        Some((Status::SUCCESS, 0))
    })
}

pub unsafe extern "system" fn get_local_address(
    socket: *mut RawSocket,
    place: *mut c_void,
    irp: *mut c_void,
) -> Status {
    let (socket, place) = (of(socket), place.expose_provenance());
    socket.network.queue(irp, move || {
        let local = (*socket.local.lock().expect("no panic")).expect("bound");
        write_address(place, &local);
        Some((Status::SUCCESS, 0))
    })
}

unsafe extern "system" fn send_to(
    socket: *mut RawSocket,
    buffer: *mut Buffer,
    _: u32,
    remote: *mut c_void,
    _: u32,
    _: *mut c_void,
    irp: *mut c_void,
) -> Status {
    let (socket, bytes, remote) = (of(socket), Memory::of(buffer), address(remote));
    socket.network.queue(irp, move || {
        let bytes = bytes.read();
        let length = bytes.len();
        let from = (*socket.local.lock().expect("no panic")).expect("bound");
        let bound = socket.network.bound.lock().expect("no panic");
        if let Some((_, inbox)) = bound.iter().find(|(address, _)| *address == remote) {
            inbox.packets.lock().expect("no panic").push_back((bytes, from));
        }
        Some((Status::SUCCESS, length))
    })
}

unsafe extern "system" fn receive_from(
    socket: *mut RawSocket,
    buffer: *mut Buffer,
    _: u32,
    remote: *mut c_void,
    _: *mut u32,
    _: *mut c_void,
    _: *mut u32,
    irp: *mut c_void,
) -> Status {
    let (socket, bytes, remote) = (of(socket), Memory::of(buffer), remote.expose_provenance());
    socket.network.queue(irp, move || {
        let (packet, from) = socket.inbox.packets.lock().expect("no panic").pop_front()?;
        write_address(remote, &from);
        Some((Status::SUCCESS, bytes.write(&packet)))
    })
}

unsafe extern "system" fn release(_: *mut RawSocket, _: *mut c_void) -> Status {
    unreachable!("no test asks for it")
}

unsafe extern "system" fn send(
    socket: *mut RawSocket,
    buffer: *mut Buffer,
    _: u32,
    irp: *mut c_void,
) -> Status {
    let (socket, bytes) = (of(socket), Memory::of(buffer));
    socket.network.queue(irp, move || {
        let bytes = bytes.read();
        let length = bytes.len();
        socket.other.packets.lock().expect("no panic").push_back((bytes, ECHO));
        Some((Status::SUCCESS, length))
    })
}

unsafe extern "system" fn receive(
    socket: *mut RawSocket,
    buffer: *mut Buffer,
    _: u32,
    irp: *mut c_void,
) -> Status {
    let (socket, bytes) = (of(socket), Memory::of(buffer));
    socket.network.queue(irp, move || {
        let mut packets = socket.inbox.packets.lock().expect("no panic");
        let Some((packet, _)) = packets.front_mut() else {
            let ended = *socket.inbox.ended.lock().expect("no panic");
            return ended.then_some((Status::SUCCESS, 0));
        };
        let length = bytes.write(packet);
        packet.drain(..length);
        if packet.is_empty() {
            packets.pop_front();
        }
        Some((Status::SUCCESS, length))
    })
}

unsafe extern "system" fn disconnect(
    socket: *mut RawSocket,
    _: *mut Buffer,
    _: u32,
    irp: *mut c_void,
) -> Status {
    let socket = of(socket);
    socket.network.queue(irp, move || {
        *socket.other.ended.lock().expect("no panic") = true;
        Some((Status::SUCCESS, 0))
    })
}
