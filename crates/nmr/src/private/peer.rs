//! A peer's dispatch table, checked once and then called through.

#![expect(unsafe_code, reason = "reads a peer's dispatch table")]

use crate::{Extent, Header, TableHeader, TableMismatch};
use core::ffi::c_void;
use core::marker::PhantomData;

/// What a contract says of a table.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The oldest version that is accepted.
    pub oldest: u16,
    /// The newest one.
    pub version: u16,
    /// The functions, in the order of the table.
    pub functions: &'static [Entry],
}

/// What a contract says of a function in a table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Where its address is in the table.
    pub offset: usize,
    /// The first version that has it.
    pub since: u16,
    /// Whether a peer may leave it out.
    pub optional: bool,
}

impl Entry {
    const fn end(self) -> usize {
        self.offset + size_of::<*const c_void>()
    }
}

/// A peer's dispatch table of type `T` and its binding context. Only what has this value can call, and nothing but the
/// slot of a binding has it.
#[derive(Debug)]
pub struct Peer<T: 'static> {
    context: *mut c_void,
    /// Not a reference: the peer's may be shorter than a `T`.
    table: *const T,
    version: u16,
    extent: u32,
    of: PhantomData<&'static T>,
}

// SAFETY: a module's functions and binding context may be used from any thread.
unsafe impl<T> Send for Peer<T> {}
// SAFETY: as for `Send`.
unsafe impl<T> Sync for Peer<T> {}

impl<T> Peer<T> {
    /// The peer, if its table is of a version that this module works with, and has every function that a table of this
    /// version must have.
    ///
    /// # Errors
    /// What is wrong with the table.
    ///
    /// # Safety
    /// `table` is NULL, or points to an `H` and as many bytes as that covers; they begin like a `T`, which is an `H` and
    /// the function pointers that `shape` names, and what is not NULL there is such a function. Table and context stay
    /// valid for as long as calls are made.
    pub unsafe fn accept<H: Header>(
        context: *mut c_void,
        table: *const c_void,
        shape: &Shape,
    ) -> Result<Self, TableMismatch> {
        if table.is_null() {
            return Err(TableMismatch::Null);
        }
        if !table.cast::<T>().is_aligned() {
            return Err(TableMismatch::Misaligned);
        }
        // SAFETY: neither NULL nor misaligned, and as the caller says.
        let header = unsafe { table.cast::<H>().read() };
        let version = header
            .agree(shape.oldest, shape.version)
            .map_err(|found| TableMismatch::Version { found, expected: shape.version })?;
        let covered = header.covers(Extent::of::<T>(size_of::<T>())).min(size_of::<T>());
        let is_known = header.version().is_some();
        let mut extent = covered;
        for (index, function) in shape.functions.iter().enumerate() {
            if is_known && function.since > version {
                extent = extent.min(function.offset);
                continue;
            }
            let must_be_there = !function.optional && (is_known || function.since <= shape.oldest);
            if function.end() > covered {
                if must_be_there {
                    return Err(TableMismatch::TooShort { size: covered, needed: function.end() });
                }
                extent = extent.min(function.offset);
                continue;
            }
            // SAFETY: covered by the table.
            let place = unsafe { table.cast::<u8>().add(function.offset) };
            // SAFETY: a pointer of the table, aligned as it is.
            let address = unsafe { place.cast::<*const c_void>().read() };
            if !function.optional && address.is_null() {
                return Err(TableMismatch::NullFunction { index });
            }
        }
        Ok(Self { context, table: table.cast(), version, extent: extent as u32, of: PhantomData })
    }

    /// The version that peer and contract have in common.
    pub const fn version(&self) -> u16 {
        self.version
    }

    /// Whether the table goes on to `offset`.
    #[inline]
    pub const fn reaches(&self, offset: usize) -> bool {
        offset < self.extent as usize
    }

    /// The table and context to call with.
    ///
    /// # Safety
    /// The caller is inside the rundown of the binding until the call has returned, and reads no field that the table does
    /// not reach.
    #[inline]
    pub const unsafe fn reach(&self) -> (*const T, *mut c_void) {
        (self.table, self.context)
    }
}

/// The version in which a client without functions works: its table is a header alone, or NULL from a client that knows the
/// oldest version and no other.
///
/// # Errors
/// It is none that is spoken.
///
/// # Safety
/// `table` is NULL, or points to a [`TableHeader`].
pub unsafe fn version_of_client(
    table: *const c_void,
    oldest: u16,
    newest: u16,
) -> Result<u16, TableMismatch> {
    if table.is_null() {
        return Ok(oldest);
    }
    if !table.cast::<TableHeader>().is_aligned() {
        return Err(TableMismatch::Misaligned);
    }
    // SAFETY: neither NULL nor misaligned, and as the caller says.
    let header = unsafe { table.cast::<TableHeader>().read() };
    header.agree(oldest, newest).map_err(|found| TableMismatch::Version { found, expected: newest })
}
