//! What a `HANDLE` of a world is: a kind and a place, in a form that faults when it is followed.

use crate::side::Side;
use crate::table::{Place, SHARDS};
use std::ffi::c_void;

/// The upper 8 bits of every handle. No canonical address begins like this, so that a module which takes a handle for a
/// pointer stops at once.
const MARK: u64 = 0x4e << 56;
const MARK_MASK: u64 = 0xff << 56;
/// Below the mark: 8 bits that tell worlds apart, 4 bits of shard, 41 bits of number, 3 bits of kind.
const WORLD_SHIFT: u32 = 48;
const SHARD_SHIFT: u32 = 44;
const SHARD_MASK: u64 = SHARDS as u64 - 1;
const NUMBER_MASK: u64 = (1 << 41) - 1;
const _: () = assert!(SHARDS == 16, "a shard fits into its bits");

/// What a handle stands for. The two sides of a binding know it by different handles, so that a completion by the
/// wrong side's function is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Registration(Side),
    Binding(Side),
}

impl Kind {
    /// How a report calls a handle of this kind.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Registration(Side::Client) => "a client registration",
            Self::Registration(Side::Provider) => "a provider registration",
            Self::Binding(Side::Client) => "the client's side of a binding",
            Self::Binding(Side::Provider) => "the provider's side of a binding",
        }
    }

    const fn code(self) -> u64 {
        match self {
            Self::Registration(Side::Client) => 1,
            Self::Registration(Side::Provider) => 2,
            Self::Binding(Side::Client) => 3,
            Self::Binding(Side::Provider) => 4,
        }
    }
}

/// The handle of what is at `place` of the world that is marked `world`.
pub(crate) fn encode(world: u8, kind: Kind, place: Place) -> *mut c_void {
    let world = u64::from(world) << WORLD_SHIFT;
    let shard = (u64::from(place.shard) & SHARD_MASK) << SHARD_SHIFT;
    let number = (place.number & NUMBER_MASK) << 3;
    std::ptr::without_provenance_mut((MARK | world | shard | number | kind.code()) as usize)
}

/// What `raw` stands for in the world that is marked `world`; or else what a report calls it.
pub(crate) fn decode(world: u8, raw: *mut c_void) -> Result<(Kind, Place), &'static str> {
    let value = raw.addr() as u64;
    let kind = match value & 7 {
        1 => Kind::Registration(Side::Client),
        2 => Kind::Registration(Side::Provider),
        3 => Kind::Binding(Side::Client),
        4 => Kind::Binding(Side::Provider),
        _ => return Err("no handle"),
    };
    if value & MARK_MASK != MARK {
        return Err("no handle");
    }
    if (value >> WORLD_SHIFT) as u8 != world {
        return Err("a handle of another world");
    }
    Ok((kind, Place { number: value >> 3 & NUMBER_MASK, shard: (value >> SHARD_SHIFT & SHARD_MASK) as u8 }))
}

#[cfg(test)]
mod tests {
    use super::{Kind, decode, encode};
    use crate::side::Side;
    use crate::table::Place;
    use std::ptr::{null_mut, without_provenance_mut};

    #[test]
    fn a_handle_says_its_kind_and_place() {
        let place = Place { number: 77, shard: 13 };
        for kind in [
            Kind::Registration(Side::Client),
            Kind::Registration(Side::Provider),
            Kind::Binding(Side::Client),
            Kind::Binding(Side::Provider),
        ] {
            assert_eq!(decode(0xff, encode(0xff, kind, place)), Ok((kind, place)));
            assert_eq!(decode(0, encode(0xff, kind, place)), Err("a handle of another world"));
        }
    }

    #[test]
    fn other_values_are_no_handles() {
        assert_eq!(decode(0, null_mut()), Err("no handle"));
        assert_eq!(decode(0, without_provenance_mut(0x1_0009)), Err("no handle"));
        let handle = encode(0, Kind::Binding(Side::Client), Place { number: 1, shard: 0 });
        assert_eq!(decode(0, without_provenance_mut(handle.addr() | 7)), Err("no handle"));
    }
}
