//! `NPI_MODULEID`: who a module is.

use crate::Guid;
use core::fmt;

/// `NPI_MODULEID_TYPE`, open: a peer may send any value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct ModuleIdType(pub i32);

impl ModuleIdType {
    /// `MIT_GUID`: the identifier is a GUID.
    pub const GUID: Self = Self(1);
    /// `MIT_IF_LUID`: the identifier is the locally unique identifier of a network interface.
    pub const IF_LUID: Self = Self(2);
}

/// `LUID`: a locally unique identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Luid {
    /// `LowPart`.
    pub low_part: u32,
    /// `HighPart`.
    pub high_part: i32,
}

/// `NPI_MODULEID` (24 bytes): identifies a client or provider module to its peers. The NMR does not look at it.
///
/// <https://learn.microsoft.com/windows-hardware/drivers/ddi/netiodef/ns-netiodef-_npi_moduleid>
#[derive(Clone, Copy)]
#[repr(C)]
pub struct ModuleId {
    /// `sizeof(NPI_MODULEID)`, in bytes.
    pub length: u16,
    /// Which member of [`Self::value`] counts.
    pub id_type: ModuleIdType,
    /// The identifier, byte by byte, because which of C's union members counts is known at run time only: a GUID, or a
    /// [`Luid`] in the first eight bytes.
    pub value: [u8; 16],
}

const _: () = {
    assert!(size_of::<ModuleId>() == 24 && align_of::<ModuleId>() == 4);
    assert!(core::mem::offset_of!(ModuleId, id_type) == 4);
    assert!(core::mem::offset_of!(ModuleId, value) == 8);
};

impl ModuleId {
    /// A module that is known by a GUID.
    pub const fn from_guid(guid: Guid) -> Self {
        Self { length: size_of::<Self>() as u16, id_type: ModuleIdType::GUID, value: guid_bytes(guid) }
    }

    /// A module that is known by the locally unique identifier of a network interface.
    pub const fn from_luid(luid: Luid) -> Self {
        let (low, high) = (luid.low_part.to_ne_bytes(), luid.high_part.to_ne_bytes());
        let value =
            [low[0], low[1], low[2], low[3], high[0], high[1], high[2], high[3], 0, 0, 0, 0, 0, 0, 0, 0];
        Self { length: size_of::<Self>() as u16, id_type: ModuleIdType::IF_LUID, value }
    }

    /// The GUID of the module, if it is known by one.
    pub const fn guid(&self) -> Option<Guid> {
        match self.id_type {
            ModuleIdType::GUID => Some(guid_from_bytes(self.value)),
            _ => None,
        }
    }

    /// The interface's identifier, if the module is known by one.
    pub const fn luid(&self) -> Option<Luid> {
        let [a, b, c, d, e, f, g, h, ..] = self.value;
        match self.id_type {
            ModuleIdType::IF_LUID => Some(Luid {
                low_part: u32::from_ne_bytes([a, b, c, d]),
                high_part: i32::from_ne_bytes([e, f, g, h]),
            }),
            _ => None,
        }
    }
}

const fn guid_bytes(guid: Guid) -> [u8; 16] {
    let (a, b, c, d) =
        (guid.data1.to_ne_bytes(), guid.data2.to_ne_bytes(), guid.data3.to_ne_bytes(), guid.data4);
    [a[0], a[1], a[2], a[3], b[0], b[1], c[0], c[1], d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]]
}

const fn guid_from_bytes(b: [u8; 16]) -> Guid {
    Guid {
        data1: u32::from_ne_bytes([b[0], b[1], b[2], b[3]]),
        data2: u16::from_ne_bytes([b[4], b[5]]),
        data3: u16::from_ne_bytes([b[6], b[7]]),
        data4: [b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]],
    }
}

/// As `NmrIsEqualNpiModuleId`: equal types, then equal identifiers; the lengths are not compared, and modules of an
/// unknown type are never equal, not even to themselves.
impl PartialEq for ModuleId {
    fn eq(&self, other: &Self) -> bool {
        let significant = match self.id_type {
            ModuleIdType::GUID => 16,
            ModuleIdType::IF_LUID => 8,
            _ => return false,
        };
        self.id_type == other.id_type && self.value[..significant] == other.value[..significant]
    }
}

impl fmt::Display for ModuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.guid(), self.luid()) {
            (Some(guid), _) => guid.fmt(f),
            (_, Some(luid)) => write!(f, "luid:{:08x}{:08x}", luid.high_part, luid.low_part),
            _ => write!(f, "module id of unknown type {}", self.id_type.0),
        }
    }
}

impl fmt::Debug for ModuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModuleId({self})")
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{Luid, ModuleId, ModuleIdType};
    use crate::Guid;

    fn luid(low: u32, high: i32, junk: u8) -> ModuleId {
        let mut id = ModuleId::from_luid(Luid { low_part: low, high_part: high });
        id.value[8..].fill(junk);
        id
    }

    #[test]
    fn guid_round_trip() {
        let guid = Guid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
        let id = ModuleId::from_guid(guid);
        assert_eq!(id.guid(), Some(guid));
        assert_eq!(id, ModuleId::from_guid(guid));
        assert_ne!(id, ModuleId::from_guid(Guid::default()));
    }

    #[test]
    fn luid_round_trip() {
        let given = Luid { low_part: 0x1234, high_part: -1 };
        let id = ModuleId::from_luid(given);
        assert_eq!((id.luid(), id.guid()), (Some(given), None));
        assert_eq!(std::format!("{id}"), "luid:ffffffff00001234");
    }

    #[test]
    fn equality_is_that_of_the_header() {
        assert_eq!(luid(1, 2, 0), luid(1, 2, 0xff), "bytes past the LUID do not count");
        assert_ne!(luid(1, 2, 0), luid(1, 3, 0));
        let short = ModuleId { length: 0, ..ModuleId::from_guid(Guid::default()) };
        assert_eq!(short, ModuleId::from_guid(Guid::default()), "the length does not count");
        let unknown = ModuleId { id_type: ModuleIdType(9), ..short };
        assert_ne!(unknown, unknown, "an unknown type equals nothing");
    }
}
