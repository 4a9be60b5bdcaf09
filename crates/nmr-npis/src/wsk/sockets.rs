//! Datagram and stream sockets. Each call waits until WSK has completed it; the thread that makes it is one of the driver's
//! own. One call at a time is in flight on a socket.

#![expect(unsafe_code, reason = "calls through the tables of WSK's sockets")]

use super::address::SocketAddress;
use super::contract::wsk::{Provider as _, ProviderCalls};
use super::socket::Socket;
use super::table::{ConnectionDispatch, DatagramDispatch};
use core::ffi::c_void;
use core::net::SocketAddr;
use core::ptr::null_mut;
use nmr::{AtPassive, Error, Guard, Request, Result, Role};

/// `SOCK_STREAM`, `IPPROTO_TCP`, `WSK_FLAG_CONNECTION_SOCKET` is implied by `WskSocketConnect`.
pub(super) const STREAM: (u16, u32) = (1, 6);
/// `SOCK_DGRAM`, `IPPROTO_UDP`.
const DATAGRAM: (u16, u32) = (2, 17);
/// `WSK_FLAG_DATAGRAM_SOCKET`.
const DATAGRAM_FLAG: u32 = 4;

/// A socket for datagrams (UDP). Dropping it closes it.
#[derive(Debug)]
pub struct DatagramSocket<R: Role<PeerCalls = ProviderCalls>, Q: Request>(Socket<R, Q, DatagramDispatch>);

impl<R: Role<PeerCalls = ProviderCalls>, Q: Request> DatagramSocket<R, Q> {
    /// A socket that is bound to any free port and speaks with addresses of the family of `peer`; `WskSocket`, `WskBind`.
    ///
    /// # Errors
    /// What WSK answers; STATUS_DEVICE_NOT_READY if it goes.
    pub fn open(provider: Guard<'_, R>, peer: &SocketAddr, at: &AtPassive<'_>) -> Result<Self> {
        Self::open_at(provider, &SocketAddress::any_of(peer), at)
    }

    /// A socket that is bound to `local`; `WskSocket`, `WskBind`.
    ///
    /// # Errors
    /// What WSK answers, such as STATUS_ADDRESS_ALREADY_EXISTS; STATUS_DEVICE_NOT_READY if it goes.
    pub fn open_at(provider: Guard<'_, R>, local: &SocketAddr, at: &AtPassive<'_>) -> Result<Self> {
        let (family, (kind, protocol)) = (SocketAddress::family_of(local), DATAGRAM);
        let null = null_mut();
        let send = |wsk: &ProviderCalls, irp: *mut c_void| {
            // SAFETY: no event callbacks, and the socket belongs to no process.
            unsafe { wsk.socket(family, kind, protocol, DATAGRAM_FLAG, null, null, null, null, null, irp) }
        };
        // SAFETY: that is a socket with the table of datagrams.
        let socket = unsafe { Socket::open(provider, at, send) };
        let mut socket = Self(socket?);
        let mut address = SocketAddress::from(local);
        socket.0.ask(at, |raw, functions, irp| {
            // SAFETY: the address stays until the request is completed, which `ask` waits for.
            unsafe { (functions.bind)(raw, address.as_mut_ptr(), 0, irp) }
        })?;
        Ok(socket)
    }

    /// Sends one datagram, and answers how many bytes of it; `WskSendTo`.
    ///
    /// # Errors
    /// What WSK answers; STATUS_DEVICE_NOT_READY if it goes.
    pub fn send_to(&mut self, bytes: &[u8], to: &SocketAddr, at: &AtPassive<'_>) -> Result<usize> {
        let mut address = SocketAddress::from(to);
        self.0.send(bytes, at, |raw, functions, buffer, irp| {
            // SAFETY: address and buffer stay until the request is completed, which `send` waits for.
            unsafe { (functions.send_to)(raw, buffer, 0, address.as_mut_ptr(), 0, null_mut(), irp) }
        })
    }

    /// Waits for a datagram, and answers how many bytes of it fit, and who sent it; `WskReceiveFrom`.
    ///
    /// # Errors
    /// What WSK answers; STATUS_DEVICE_NOT_READY if it goes while the call waits.
    pub fn receive_from(&mut self, bytes: &mut [u8], at: &AtPassive<'_>) -> Result<(usize, SocketAddr)> {
        let mut from = SocketAddress::EMPTY;
        let (mut control_length, mut flags) = (0, 0);
        let received = self.0.receive(bytes, at, |raw, functions, buffer, irp| {
            let (from, length, flags) = (from.as_mut_ptr(), &mut control_length, &mut flags);
            // SAFETY: all places stay until the request is completed, which `receive` waits for.
            unsafe { (functions.receive_from)(raw, buffer, 0, from, length, null_mut(), flags, irp) }
        })?;
        Ok((received, from.get().ok_or(Error::NOT_SUPPORTED)?))
    }

    /// Where the socket is bound; `WskGetLocalAddress`.
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

/// A connected socket (TCP). Dropping it closes it.
#[derive(Debug)]
pub struct StreamSocket<R: Role<PeerCalls = ProviderCalls>, Q: Request>(
    pub(super) Socket<R, Q, ConnectionDispatch>,
);

impl<R: Role<PeerCalls = ProviderCalls>, Q: Request> StreamSocket<R, Q> {
    /// Connects to `to` from any free port; `WskSocketConnect`.
    ///
    /// # Errors
    /// What WSK answers, such as STATUS_CONNECTION_REFUSED; STATUS_DEVICE_NOT_READY if it goes.
    pub fn connect(provider: Guard<'_, R>, to: &SocketAddr, at: &AtPassive<'_>) -> Result<Self> {
        let mut local = SocketAddress::from(&SocketAddress::any_of(to));
        let mut remote = SocketAddress::from(to);
        let (null, (kind, protocol)) = (null_mut(), STREAM);
        let send = |wsk: &ProviderCalls, irp: *mut c_void| {
            let (local, remote) = (local.as_mut_ptr(), remote.as_mut_ptr());
            // SAFETY: no event callbacks, the socket belongs to no process, and `open` waits while the addresses stay.
            unsafe { wsk.socket_connect(kind, protocol, local, remote, 0, null, null, null, null, null, irp) }
        };
        // SAFETY: that is a socket with the table of connections.
        let socket = unsafe { Socket::open(provider, at, send) };
        socket.map(Self)
    }

    /// Sends, and answers how many bytes; `WskSend`.
    ///
    /// # Errors
    /// What WSK answers; STATUS_DEVICE_NOT_READY if it goes.
    pub fn send(&mut self, bytes: &[u8], at: &AtPassive<'_>) -> Result<usize> {
        self.0.send(bytes, at, |raw, functions, buffer, irp| {
            // SAFETY: the buffer stays until the request is completed, which `send` waits for.
            unsafe { (functions.send)(raw, buffer, 0, irp) }
        })
    }

    /// Waits for bytes, and answers how many; 0 when the other side has ended the stream. `WskReceive`.
    ///
    /// # Errors
    /// What WSK answers; STATUS_DEVICE_NOT_READY if it goes while the call waits.
    pub fn receive(&mut self, bytes: &mut [u8], at: &AtPassive<'_>) -> Result<usize> {
        self.0.receive(bytes, at, |raw, functions, buffer, irp| {
            // SAFETY: the buffer stays until the request is completed, which `receive` waits for.
            unsafe { (functions.receive)(raw, buffer, 0, irp) }
        })
    }

    /// Ends the stream when everything is sent; the other side's bytes can still be received. `WskDisconnect`.
    ///
    /// # Errors
    /// What WSK answers; STATUS_DEVICE_NOT_READY if it goes.
    pub fn disconnect(&mut self, at: &AtPassive<'_>) -> Result<()> {
        self.0
            .ask(at, |raw, functions, irp| {
                // SAFETY: nothing is sent with it.
                unsafe { (functions.disconnect)(raw, null_mut(), 0, irp) }
            })
            .map(drop)
    }
}
