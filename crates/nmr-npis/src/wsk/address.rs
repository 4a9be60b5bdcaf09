//! Addresses of sockets as WSK has them.

use core::ffi::c_void;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// Room for a `SOCKADDR_IN` or a `SOCKADDR_IN6`, of which WSK reads and writes as much as the family has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(8))]
pub struct SocketAddress([u8; 32]);

/// `AF_INET`.
const V4: u16 = 2;
/// `AF_INET6` of Windows.
const V6: u16 = 23;

impl SocketAddress {
    /// None; WSK writes into it.
    pub(super) const EMPTY: Self = Self([0; 32]);

    /// `ADDRESS_FAMILY` of `address`.
    pub const fn family_of(address: &SocketAddr) -> u16 {
        match address {
            SocketAddr::V4(_) => V4,
            SocketAddr::V6(_) => V6,
        }
    }

    /// The address at which sockets of the same family as `address` are bound to whatever is free.
    pub const fn any_of(address: &SocketAddr) -> SocketAddr {
        match address {
            SocketAddr::V4(_) => SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
            SocketAddr::V6(_) => SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0),
        }
    }

    /// The address that is there, if it is of one of the two families.
    pub fn get(&self) -> Option<SocketAddr> {
        let two = |at: usize| [self.0[at], self.0[at + 1]];
        let four = |at: usize| [self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]];
        let port = u16::from_be_bytes(two(2));
        match u16::from_ne_bytes(two(0)) {
            V4 => Some(SocketAddr::new(IpAddr::from(four(4)), port)),
            V6 => {
                let mut ip = [0; 16];
                ip.copy_from_slice(&self.0[8..24]);
                let scope = u32::from_ne_bytes(four(24));
                Some(SocketAddrV6::new(ip.into(), port, u32::from_ne_bytes(four(4)), scope).into())
            }
            _ => None,
        }
    }

    pub(super) const fn as_mut_ptr(&mut self) -> *mut c_void {
        (&raw mut self.0).cast()
    }
}

impl From<&SocketAddr> for SocketAddress {
    fn from(address: &SocketAddr) -> Self {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&Self::family_of(address).to_ne_bytes());
        bytes[2..4].copy_from_slice(&address.port().to_be_bytes());
        match address {
            SocketAddr::V4(address) => bytes[4..8].copy_from_slice(&address.ip().octets()),
            SocketAddr::V6(address) => {
                bytes[4..8].copy_from_slice(&address.flowinfo().to_ne_bytes());
                bytes[8..24].copy_from_slice(&address.ip().octets());
                bytes[24..28].copy_from_slice(&address.scope_id().to_ne_bytes());
            }
        }
        Self(bytes)
    }
}

crate::layout!(SocketAddress: 32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lie_as_winsock_has_them() {
        let v4: SocketAddr = "10.1.2.3:4660".parse().expect("an address");
        assert_eq!(SocketAddress::from(&v4).0[..8], [2, 0, 0x12, 0x34, 10, 1, 2, 3]);
        let v6: SocketAddr = "[fe80::1%7]:80".parse().expect("an address");
        let bytes = SocketAddress::from(&v6).0;
        assert_eq!((&bytes[..4], bytes[8], bytes[23], bytes[24]), (&[23, 0, 0, 80][..], 0xfe, 1, 7));
        for address in [v4, v6] {
            assert_eq!(SocketAddress::from(&address).get(), Some(address));
        }
        assert_eq!(SocketAddress::EMPTY.get(), None);
    }
}
