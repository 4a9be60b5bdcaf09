//! Winsock Kernel (WSK), as a client by way of NMR: versions, calls, and small datagram, stream and listening sockets.
//!
//! Sources: the reference of `wsk.h` (learn.microsoft.com, drivers/ddi/wsk) and the pages of "Winsock Kernel" in the network
//! driver design guide; the value of `NPI_WSK_INTERFACE_ID`, which the WDK has in a library, as spelled out in WinDRBD.
//! Microsoft prefers `WskRegister` and `WskCaptureProviderNPI`, which wrap the same NPI; by NMR the framework counts the calls,
//! and unload is one with that of the driver's other NPIs.
//!
//! A [`DatagramSocket`], [`StreamSocket`] or [`ListenSocket`] owns a held guard: WSK is not let go of before its sockets are closed, which is
//! what WSK asks for. When the binding begins to close, a call that waits is cancelled and answers STATUS_DEVICE_NOT_READY;
//! the driver then drops its sockets, and the last one to be closed lets the detach complete.
//!
//! ```
//! use nmr::{AtPassive, Error, Guard, Result, Role};
//! use nmr_npis::wsk::{DatagramSocket, ProviderCalls, Request};
//!
//! /// Asks a time server, and answers the bytes of its reply.
//! fn ask<R: Role<PeerCalls = ProviderCalls>, Q: Request>(
//!     wsk: Guard<'static, R>,
//!     server: core::net::SocketAddr,
//!     at: &AtPassive<'_>,
//! ) -> Result<[u8; 48]> {
//!     let mut socket: DatagramSocket<R, Q> = DatagramSocket::open(wsk, &server, at)?;
//!     let mut packet = [0; 48];
//!     packet[0] = 0x1b;
//!     socket.send_to(&packet, &server, at)?;
//!     match socket.receive_from(&mut packet, at)? {
//!         (48, from) if from == server => Ok(packet),
//!         _ => Err(Error::UNSUCCESSFUL),
//!     }
//! }
//! ```
//!
//! # What is not here
//! - **The WSK of Windows.** These sockets are proved with a WSK of the tests on the simulated NMR, and over IRPs with one in C
//!   in the lab, and nowhere else. `Q` is `nmr_wdk::IoRequest` in a driver: see [`Request`].
//! - Event callbacks, control codes, names, conditional accepting: [`ProviderCalls`] has what WSK has, as `unsafe` functions.

mod address;
mod contract;
mod listen;
mod npi;
mod socket;
mod sockets;
pub mod table;

pub use address::SocketAddress;
pub use contract::wsk::{Provider, ProviderCalls, ProviderCharacteristics, ProviderDispatch};
pub use listen::ListenSocket;
pub use nmr::Request;
pub use npi::{ClientDispatch, Npi, VERSION};
pub use sockets::{DatagramSocket, StreamSocket};
