//! What datagram and stream sockets have in common: they are opened, asked, and closed.

#![expect(unsafe_code, reason = "hands WSK a socket and requests, and counts the socket as a call in flight")]

use super::SocketAddress;
use super::contract::wsk::ProviderCalls;
use super::table::{BasicDispatch, Buffer, RawSocket};
use core::ffi::c_void;
use core::fmt;
use core::mem::ManuallyDrop;
use core::net::SocketAddr;
use core::ptr::NonNull;
use core::time::Duration;
use nmr::{AtPassive, Error, Guard, HeldGuard, Request, Result, Role, Status};

/// How often a request that waits looks whether the binding is closing.
const LOOK: Duration = Duration::from_millis(20);

/// A socket of WSK with functions `D`, and the reference that keeps WSK there until it is closed.
pub(super) struct Socket<R: Role<PeerCalls = ProviderCalls>, Q: Request, D: 'static> {
    raw: NonNull<RawSocket>,
    functions: *const D,
    request: Q,
    /// Made beforehand, so that closing cannot fail.
    closing: ManuallyDrop<Q>,
    provider: ManuallyDrop<HeldGuard<R>>,
}

// SAFETY: WSK's sockets may be used from any thread, one after the other.
unsafe impl<R: Role<PeerCalls = ProviderCalls>, Q: Request, D> Send for Socket<R, Q, D> {}

impl<R: Role<PeerCalls = ProviderCalls>, Q: Request, D> Socket<R, Q, D> {
    /// A socket that `send` asks WSK for.
    ///
    /// # Safety
    /// `send` sends the request, and asks for a socket whose table begins with a `D`, which begins with a `BasicDispatch`.
    pub(super) unsafe fn open(
        provider: Guard<'_, R>,
        at: &AtPassive<'_>,
        send: impl FnOnce(&ProviderCalls, *mut c_void) -> Status,
    ) -> Result<Self> {
        let provider = provider.hold();
        let (mut request, closing) = (Q::new()?, Q::new()?);
        let socket = ask(&mut request, &provider, at, |irp| send(&provider, irp))?;
        // SAFETY: as the caller says, that is a socket, and nobody else has it.
        unsafe { Self::of(socket, request, closing, provider) }
    }

    /// A socket that `send` asks this one for. What it needs is made beforehand, so that none is lost.
    ///
    /// # Safety
    /// As [`Socket::open`], with `E` in place of `D`.
    pub(super) unsafe fn accept<E: 'static>(
        &mut self,
        at: &AtPassive<'_>,
        send: impl FnOnce(*mut RawSocket, &D, *mut c_void) -> Status,
    ) -> Result<Socket<R, Q, E>> {
        let provider = self.provider.peer_ref().enter().ok_or(Error::DEVICE_NOT_READY)?.hold();
        let (request, closing) = (Q::new()?, Q::new()?);
        let socket = self.ask(at, send)?;
        // SAFETY: as above.
        unsafe { Socket::of(socket, request, closing, provider) }
    }

    /// The socket at the address `socket`.
    ///
    /// # Safety
    /// WSK has answered it, its table begins with a `D`, and nobody else has it.
    unsafe fn of(socket: usize, request: Q, closing: Q, provider: HeldGuard<R>) -> Result<Self> {
        let raw = NonNull::new(core::ptr::with_exposed_provenance_mut::<RawSocket>(socket));
        let raw = raw.ok_or(Error::UNSUCCESSFUL)?;
        // SAFETY: WSK answers a socket, which begins with the address of its table.
        let functions = unsafe { raw.as_ref() }.dispatch.cast::<D>();
        let (closing, provider) = (ManuallyDrop::new(closing), ManuallyDrop::new(provider));
        Ok(Self { raw, functions, request, closing, provider })
    }

    /// Sends a request and waits until it is completed, which is soon if WSK goes.
    pub(super) fn ask(
        &mut self,
        at: &AtPassive<'_>,
        send: impl FnOnce(*mut RawSocket, &D, *mut c_void) -> Status,
    ) -> Result<usize> {
        let (raw, functions) = (self.raw.as_ptr(), self.functions);
        // SAFETY: WSK keeps the table for as long as the socket is open.
        let functions = unsafe { &*functions };
        ask(&mut self.request, &self.provider, at, |irp| send(raw, functions, irp))
    }

    /// As [`Socket::ask`], for an operation that answers an address, in a place that stays until it is completed.
    pub(super) fn address(
        &mut self,
        at: &AtPassive<'_>,
        send: impl FnOnce(*mut RawSocket, &D, *mut c_void, *mut c_void) -> Status,
    ) -> Result<SocketAddr> {
        let mut address = SocketAddress::EMPTY;
        self.ask(at, |raw, functions, irp| send(raw, functions, address.as_mut_ptr(), irp))?;
        address.get().ok_or(Error::NOT_SUPPORTED)
    }

    /// As [`Socket::ask`], for an operation that reads `bytes`.
    pub(super) fn send(
        &mut self,
        bytes: &[u8],
        at: &AtPassive<'_>,
        send: impl FnOnce(*mut RawSocket, &D, *mut Buffer, *mut c_void) -> Status,
    ) -> Result<usize> {
        let (length, own) = (bytes.len(), self.request.buffer(bytes.len())?);
        // SAFETY: as many bytes of the request's, which is not in flight.
        unsafe { own.bytes.as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), length) };
        let mut buffer = Buffer { mdl: own.mdl, offset: 0, length };
        self.ask(at, |raw, functions, irp| send(raw, functions, &mut buffer, irp))
    }

    /// As [`Socket::ask`], for an operation that writes `bytes`; answers how many.
    pub(super) fn receive(
        &mut self,
        bytes: &mut [u8],
        at: &AtPassive<'_>,
        send: impl FnOnce(*mut RawSocket, &D, *mut Buffer, *mut c_void) -> Status,
    ) -> Result<usize> {
        let (length, own) = (bytes.len(), self.request.buffer(bytes.len())?);
        let mut buffer = Buffer { mdl: own.mdl, offset: 0, length };
        let received = self.ask(at, |raw, functions, irp| send(raw, functions, &mut buffer, irp))?;
        let received = received.min(length);
        // SAFETY: not more than there are, of the request's, which was completed.
        unsafe { own.bytes.as_ptr().copy_to_nonoverlapping(bytes.as_mut_ptr(), received) };
        Ok(received)
    }
}

/// Sends a request and waits for its completion. WSK completes every request, whatever it answers.
fn ask<R: Role<PeerCalls = ProviderCalls>, Q: Request>(
    request: &mut Q,
    provider: &HeldGuard<R>,
    at: &AtPassive<'_>,
    send: impl FnOnce(*mut c_void) -> Status,
) -> Result<usize> {
    if provider.is_closing() {
        return Err(Error::DEVICE_NOT_READY);
    }
    send(request.begin());
    loop {
        if let Some(completion) = request.wait(LOOK, at) {
            return completion.result();
        }
        if provider.is_closing() {
            break;
        }
    }
    loop {
        // Whoever has the request may take it over just now, so once is not always enough.
        request.cancel();
        if let Some(completion) = request.wait(LOOK, at) {
            return completion.result().map_err(|_| Error::DEVICE_NOT_READY);
        }
    }
}

impl<R: Role<PeerCalls = ProviderCalls>, Q: Request, D> Drop for Socket<R, Q, D> {
    /// `WskCloseSocket`, at IRQL <= DISPATCH_LEVEL. Does not wait; WSK is let go of when the socket is closed.
    fn drop(&mut self) {
        // SAFETY: taken here alone.
        let closing = unsafe { ManuallyDrop::take(&mut self.closing) };
        // SAFETY: as above.
        let provider = unsafe { ManuallyDrop::take(&mut self.provider) };
        let (raw, functions) = (self.raw.as_ptr(), self.functions.cast::<BasicDispatch>());
        // SAFETY: every table begins so, and WSK keeps it until the socket is closed.
        let close = unsafe { (*functions).close_socket };
        closing.finish(
            |irp| {
                // SAFETY: no request of this socket is in flight: each was waited for.
                unsafe { close(raw, irp) };
            },
            provider.into_raw(),
            release::<R>,
        );
    }
}

/// Lets go of WSK.
unsafe fn release<R: Role<PeerCalls = ProviderCalls>>(provider: *mut c_void) {
    // SAFETY: of the socket that was closed, whose completion comes once.
    drop(unsafe { HeldGuard::<R>::from_raw(provider) });
}

impl<R: Role<PeerCalls = ProviderCalls>, Q: Request, D> fmt::Debug for Socket<R, Q, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("raw", &self.raw).finish_non_exhaustive()
    }
}
