//! Listening sockets: where others connect to.

#![expect(unsafe_code, reason = "calls through the tables of WSK's sockets")]

use super::address::SocketAddress;
use super::contract::wsk::{Provider as _, ProviderCalls};
use super::socket::Socket;
use super::sockets::{STREAM, StreamSocket};
use super::table::{ListenDispatch, RawSocket};
use core::ffi::c_void;
use core::net::SocketAddr;
use core::ptr::{null, null_mut};
use nmr::{AtPassive, Error, Guard, Request, Result, Role};

/// `WSK_FLAG_LISTEN_SOCKET`.
const LISTEN_FLAG: u32 = 1;

/// A socket that others connect to (TCP). Dropping it closes it; sockets that it has accepted stay.
#[derive(Debug)]
pub struct ListenSocket<R: Role<PeerCalls = ProviderCalls>, Q: Request>(Socket<R, Q, ListenDispatch>);

impl<R: Role<PeerCalls = ProviderCalls>, Q: Request> ListenSocket<R, Q> {
    /// A socket that listens at `local`; `WskSocket`, `WskBind`.
    ///
    /// # Errors
    /// What WSK answers, such as STATUS_ADDRESS_ALREADY_EXISTS; STATUS_DEVICE_NOT_READY if it goes.
    pub fn open_at(provider: Guard<'_, R>, local: &SocketAddr, at: &AtPassive<'_>) -> Result<Self> {
        let (family, (kind, protocol)) = (SocketAddress::family_of(local), STREAM);
        let send = |wsk: &ProviderCalls, irp: *mut c_void| {
            let null = null_mut();
            // SAFETY: no event callbacks, and the socket belongs to no process.
            unsafe { wsk.socket(family, kind, protocol, LISTEN_FLAG, null, null, null, null, null, irp) }
        };
        // SAFETY: that is a socket with the table of listening ones.
        let socket = unsafe { Socket::open(provider, at, send) };
        let mut socket = Self(socket?);
        let mut address = SocketAddress::from(local);
        socket.0.ask(at, |raw, functions, irp| {
            // SAFETY: the address stays until the request is completed, which `ask` waits for.
            unsafe { (functions.bind)(raw, address.as_mut_ptr(), 0, irp) }
        })?;
        Ok(socket)
    }

    /// Waits until somebody connects, and answers the connection and where it comes from; `WskAccept`.
    ///
    /// # Errors
    /// What WSK answers; STATUS_DEVICE_NOT_READY if it goes while the call waits.
    pub fn accept(&mut self, at: &AtPassive<'_>) -> Result<(StreamSocket<R, Q>, SocketAddr)> {
        let mut from = SocketAddress::EMPTY;
        let send = |raw: *mut RawSocket, functions: &ListenDispatch, irp: *mut c_void| {
            let (nothing, from) = (null_mut(), from.as_mut_ptr());
            // SAFETY: no event callbacks, and the place stays until the request is completed, which is waited for below.
            unsafe { (functions.accept)(raw, 0, nothing, null(), nothing, from, irp) }
        };
        // SAFETY: that is a socket with the table of connections.
        let accepted = unsafe { self.0.accept(at, send) };
        let stream = StreamSocket(accepted?);
        Ok((stream, from.get().ok_or(Error::NOT_SUPPORTED)?))
    }

    /// Where the socket listens; `WskGetLocalAddress`.
    ///
    /// # Errors
    /// What WSK answers; STATUS_DEVICE_NOT_READY if it goes.
    pub fn local_address(&mut self, at: &AtPassive<'_>) -> Result<SocketAddr> {
        self.0.address(at, |raw, functions, place, irp| {
            // SAFETY: `address` keeps the place until the request is completed.
            unsafe { (functions.get_local_address)(raw, place, irp) }
        })
    }
}
