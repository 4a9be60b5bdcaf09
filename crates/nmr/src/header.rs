//! How dispatch tables and characteristics begin: NMR prescribes nothing, so each NPI has a convention of its own.

#![expect(unsafe_code, reason = "says what the bytes in front of a peer's functions and fields mean")]

use core::fmt::Debug;

/// The first fields of a dispatch table or of characteristics, and what they say of the rest.
///
/// A contract names one of the implementations with `#[header(..)]`: [`TableHeader`] if it says nothing.
///
/// # Safety
/// `repr(C)`, and any bytes are a value. What [`Header::covers`] answers is there, if the header tells the truth.
pub unsafe trait Header: Copy + Debug + 'static {
    /// What becomes of a peer whose version is higher than any that this module knows.
    const NEWER: Newer;

    /// The version that the peer names, if the convention has one.
    fn version(self) -> Option<u32>;

    /// How many bytes there are from the beginning of the header; `whole` if the header does not say. A size that leaves
    /// out the padding at the end counts as the whole from `whole.used` on.
    fn covers(self, whole: Extent) -> usize;

    /// The version in which both sides work, if there is one: the lower of theirs.
    ///
    /// # Errors
    /// The peer's, if it is not between `oldest` and `newest`, and the convention does not let newer ones pass.
    fn agree(self, oldest: u16, newest: u16) -> Result<u16, u32> {
        let Some(found) = self.version() else { return Ok(newest) };
        if found < oldest.into() {
            return Err(found);
        }
        match u16::try_from(found) {
            Ok(found) if found <= newest => Ok(found),
            Ok(same) if Self::NEWER == Newer::SameMajor && same >> 8 == newest >> 8 => Ok(newest),
            _ if Self::NEWER == Newer::Accepted => Ok(newest),
            _ => Err(found),
        }
    }
}

/// What becomes of a peer of a version that this module does not know yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newer {
    /// It cannot be used: it is for the peer to show an older one.
    Refused,
    /// It is a superset, and is used as far as it is known.
    Accepted,
    /// It is a superset if its high byte, the major version, is the same.
    SameMajor,
}

/// How long a structure is, in bytes from the beginning of its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// To the end of the last field.
    pub used: usize,
    /// With the padding behind it, `sizeof` in C.
    pub size: usize,
}

impl Extent {
    /// Of a structure `T` whose last field ends at `used`.
    pub const fn of<T>(used: usize) -> Self {
        Self { used, size: size_of::<T>() }
    }
}

const fn narrow(size: usize) -> u16 {
    assert!(size <= u16::MAX as usize, "a structure of an NPI has at most 65535 bytes");
    size as u16
}

macro_rules! headers {
    ($(
        $(#[$doc:meta])*
        $name:ident { $($(#[$field_doc:meta])* $field:ident: $field_type:ty = $first:expr;)* }
        ($version:ident, $extent:ident, $this:ident, $whole:ident);
        newer: $newer:ident, version: $found:expr, covers: $covers:expr;
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        #[repr(C)]
        pub struct $name { $($(#[$field_doc])* pub $field: $field_type,)* }

        impl $name {
            /// The header of a structure of `version` and `extent`. It is as much as the convention has room for.
            #[allow(unused_variables)]
            pub const fn begin($version: u16, $extent: Extent) -> Self {
                Self { $($field: $first,)* }
            }
        }

        #[allow(unused_variables)]
        // SAFETY: integers, and their meaning in the convention.
        unsafe impl Header for $name {
            const NEWER: Newer = Newer::$newer;

            fn version(self) -> Option<u32> {
                let $this = self;
                $found
            }

            fn covers(self, $whole: Extent) -> usize {
                let $this = self;
                $covers
            }
        }
    )*};
}

headers! {
    /// `version_size`, the convention of this framework: version of the contract, and size of the whole in bytes. A longer
    /// one can be used, because functions and fields are only ever added at the end.
    TableHeader {
        /// The version of the contract.
        version: u16 = version;
        /// The size of the whole, in bytes.
        size: u16 = narrow(extent.size);
    }
    (version, extent, this, whole);
    newer: Refused, version: Some(this.version.into()), covers: this.size.into();

    /// `none`: nothing in front, and nothing to check.
    NoHeader {}
    (version, extent, _this, whole);
    newer: Accepted, version: None, covers: whole.size;

    /// `version_reserved`, of WSK and MsQuic: version, and two bytes that are 0. The version says what is there; in its
    /// high byte is the major version, within which a higher one is a superset.
    ReservedHeader {
        /// The version.
        version: u16 = version;
        /// 0.
        reserved: u16 = 0;
    }
    (version, extent, this, whole);
    newer: SameMajor, version: Some(this.version.into()), covers: whole.size;

    /// `size`, of PktMon: the size in bytes, which says what is there.
    SizeHeader {
        /// The size of the whole, in bytes.
        size: u16 = narrow(extent.size);
    }
    (version, extent, this, whole);
    newer: Accepted, version: None, covers: this.size.into();

    /// `revision_size`, of XDP: a higher revision is a superset.
    RevisionHeader {
        /// The revision of the structure.
        revision: u32 = version as u32;
        /// The size of the whole, in bytes.
        size: u32 = narrow(extent.size) as u32;
    }
    (version, extent, this, whole);
    newer: Accepted, version: Some(this.revision), covers: this.size as usize;

    /// `version_count`, of the dispatch table of eBPF programs: version and number of functions.
    CountHeader {
        /// The version of the table.
        version: u16 = version;
        /// How many functions there are.
        count: u16 = narrow(extent.size / size_of::<usize>() - 1);
    }
    (version, extent, this, whole);
    newer: Refused, version: Some(this.version.into()), covers: (1 + usize::from(this.count)) * size_of::<usize>();

    /// `version_size_total`, of eBPF for Windows: fields may be added at the end without another version, and the size
    /// leaves out the padding behind the last one.
    TotalHeader {
        /// The version of the structure.
        version: u16 = version;
        /// To the end of the last field, in bytes.
        size: usize = extent.used;
        /// With the padding behind it, in bytes.
        total_size: usize = extent.size;
    }
    (version, extent, this, whole);
    newer: Refused, version: Some(this.version.into()),
    covers: if this.size >= whole.used { this.total_size } else { this.size };
}

impl TableHeader {
    /// The header of the table `T` in `version` of its contract.
    pub const fn of<T>(version: u16) -> Self {
        Self::begin(version, Extent::of::<T>(size_of::<T>()))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        CountHeader, Extent, Header, NoHeader, ReservedHeader, RevisionHeader, SizeHeader, TableHeader,
        TotalHeader,
    };

    const SHAPE: Extent = Extent { used: 28, size: 32 };

    #[test]
    fn headers_are_laid_out_as_their_owners_do() {
        assert_eq!((size_of::<NoHeader>(), size_of::<SizeHeader>()), (0, 2));
        assert_eq!(
            (size_of::<TableHeader>(), size_of::<ReservedHeader>(), size_of::<CountHeader>()),
            (4, 4, 4)
        );
        assert_eq!((size_of::<RevisionHeader>(), size_of::<TotalHeader>()), (8, 24));
        assert_eq!(core::mem::offset_of!(TotalHeader, total_size), 16);
    }

    #[test]
    fn each_convention_says_what_it_can() {
        let total = TotalHeader::begin(1, SHAPE);
        assert_eq!((total.version, total.size, total.total_size), (1, 28, 32));
        let revision = RevisionHeader::begin(3, SHAPE);
        assert_eq!((revision.revision, revision.size), (3, 32));
        assert_eq!(CountHeader::begin(1, Extent { used: 40, size: 40 }).count, 4);
        assert_eq!(SizeHeader::begin(9, SHAPE).size, 32);
        assert_eq!(ReservedHeader::begin(0x0102, SHAPE).version, 0x0102);
    }

    #[test]
    fn what_a_newer_peer_is_good_for_depends_on_the_convention() {
        let table = |version| TableHeader { version, size: 32 }.agree(2, 3);
        assert_eq!([1, 2, 3, 4].map(table), [Err(1), Ok(2), Ok(3), Err(4)]);
        let reserved = |version| ReservedHeader { version, reserved: 0 }.agree(0x0100, 0x0101);
        assert_eq!(
            [0x00ff, 0x0100, 0x0103, 0x0200].map(reserved),
            [Err(0xff), Ok(0x0100), Ok(0x0101), Err(0x200)]
        );
        let revision = |revision| RevisionHeader { revision, size: 32 }.agree(1, 1);
        assert_eq!([0, 1, 2, 0x1_0001].map(revision), [Err(0), Ok(1), Ok(1), Ok(1)]);
        assert_eq!(SizeHeader { size: 2 }.agree(4, 7), Ok(7));
    }

    #[test]
    fn what_is_there_is_what_the_header_says() {
        let total = |size| TotalHeader { version: 1, size, total_size: size + 4 }.covers(SHAPE);
        assert_eq!([27, 28, 36].map(total), [27, 32, 40]);
        assert_eq!(CountHeader { version: 1, count: 3 }.covers(SHAPE), 32);
        assert_eq!((NoHeader {}.covers(SHAPE), SizeHeader { size: 7 }.covers(SHAPE)), (32, 7));
    }
}
