//! What a socket of WSK begins with: the tables of its functions, in the order of `wsk.h`.

use core::ffi::c_void;
use nmr::Status;

/// `WSK_SOCKET`.
#[derive(Debug)]
#[repr(C)]
pub struct RawSocket {
    /// The table of functions for the kind of socket.
    pub dispatch: *const c_void,
}

/// `WSK_BUF`: part of the memory that an MDL describes.
#[derive(Debug)]
#[repr(C)]
pub struct Buffer {
    /// `PMDL`.
    pub mdl: *mut c_void,
    /// Where in it the data begins.
    pub offset: u32,
    /// How many bytes there are.
    pub length: usize,
}

/// Socket, request type, control code, level, input, output, place for the size of the output, request.
pub type ControlSocket = unsafe extern "system" fn(
    *mut RawSocket,
    u32,
    u32,
    u32,
    usize,
    *mut c_void,
    usize,
    *mut c_void,
    *mut usize,
    *mut c_void,
) -> Status;
/// Socket, request.
pub type CloseSocket = unsafe extern "system" fn(*mut RawSocket, *mut c_void) -> Status;
/// Socket, flags, context and table of events of the accepted socket, places for the local and the remote address, request.
pub type Accept = unsafe extern "system" fn(
    *mut RawSocket,
    u32,
    *mut c_void,
    *const c_void,
    *mut c_void,
    *mut c_void,
    *mut c_void,
) -> Status;
/// Socket, number of the inspected request, what becomes of it, request.
pub type InspectComplete = unsafe extern "system" fn(*mut RawSocket, *mut c_void, u32, *mut c_void) -> Status;
/// Socket, address, flags, request.
pub type WithAddress = unsafe extern "system" fn(*mut RawSocket, *mut c_void, u32, *mut c_void) -> Status;
/// Socket, place for the address, request.
pub type GetAddress = unsafe extern "system" fn(*mut RawSocket, *mut c_void, *mut c_void) -> Status;
/// Socket, buffer, flags, request.
pub type WithBuffer = unsafe extern "system" fn(*mut RawSocket, *mut Buffer, u32, *mut c_void) -> Status;
/// Socket, indication.
pub type Release = unsafe extern "system" fn(*mut RawSocket, *mut c_void) -> Status;
/// Socket, buffer, flags, remote address, length and address of control information, request.
pub type SendTo = unsafe extern "system" fn(
    *mut RawSocket,
    *mut Buffer,
    u32,
    *mut c_void,
    u32,
    *mut c_void,
    *mut c_void,
) -> Status;
/// Socket, buffer, flags, place for the remote address, places for length of control information, for it and for its flags,
/// request.
pub type ReceiveFrom = unsafe extern "system" fn(
    *mut RawSocket,
    *mut Buffer,
    u32,
    *mut c_void,
    *mut u32,
    *mut c_void,
    *mut u32,
    *mut c_void,
) -> Status;

/// `WSK_PROVIDER_BASIC_DISPATCH`, with which every table begins.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct BasicDispatch {
    /// `WskControlSocket`.
    pub control_socket: ControlSocket,
    /// `WskCloseSocket`.
    pub close_socket: CloseSocket,
}

/// `WSK_PROVIDER_DATAGRAM_DISPATCH`, but for `WskSendMessages` at its end, which is newer.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct DatagramDispatch {
    /// What every socket has.
    pub basic: BasicDispatch,
    /// `WskBind`.
    pub bind: WithAddress,
    /// `WskSendTo`.
    pub send_to: SendTo,
    /// `WskReceiveFrom`.
    pub receive_from: ReceiveFrom,
    /// `WskRelease`.
    pub release: Release,
    /// `WskGetLocalAddress`.
    pub get_local_address: GetAddress,
}

/// `WSK_PROVIDER_LISTEN_DISPATCH`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ListenDispatch {
    /// What every socket has.
    pub basic: BasicDispatch,
    /// `WskBind`.
    pub bind: WithAddress,
    /// `WskAccept`.
    pub accept: Accept,
    /// `WskInspectComplete`.
    pub inspect_complete: InspectComplete,
    /// `WskGetLocalAddress`.
    pub get_local_address: GetAddress,
}

/// `WSK_PROVIDER_CONNECTION_DISPATCH`, but for the functions at its end that are newer.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ConnectionDispatch {
    /// What every socket has.
    pub basic: BasicDispatch,
    /// `WskBind`.
    pub bind: WithAddress,
    /// `WskConnect`.
    pub connect: WithAddress,
    /// `WskGetLocalAddress`.
    pub get_local_address: GetAddress,
    /// `WskGetRemoteAddress`.
    pub get_remote_address: GetAddress,
    /// `WskSend`.
    pub send: WithBuffer,
    /// `WskReceive`.
    pub receive: WithBuffer,
    /// `WskDisconnect`.
    pub disconnect: WithBuffer,
    /// `WskRelease`.
    pub release: Release,
}

crate::layout!(RawSocket: 8);
crate::layout!(Buffer: 24, offset at 8, length at 16);
crate::layout!(BasicDispatch: 16, close_socket at 8);
crate::layout!(DatagramDispatch: 56, bind at 16, send_to at 24, receive_from at 32, release at 40, get_local_address at 48);
crate::layout!(ListenDispatch: 48, bind at 16, accept at 24, inspect_complete at 32, get_local_address at 40);
crate::layout!(ConnectionDispatch: 80, bind at 16, connect at 24, get_local_address at 32, get_remote_address at 40, send at 48, receive at 56, disconnect at 64, release at 72);
