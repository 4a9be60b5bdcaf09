//! A Network Programming Interface as types: identifier, version, and how each side calls the other.

#![expect(unsafe_code, reason = "says what a peer's tables and contexts must be for the calls through them")]

use crate::Characteristics;
use core::ffi::c_void;
use nmr_abi::NpiId;

/// An NPI. `#[npi]` implements it for the contract that it is put on.
///
/// # Safety
/// [`Npi::ProviderCalls`] and [`Npi::ClientCalls`] accept exactly the tables that modules of this NPI hand out, and the
/// characteristics are what they show.
pub unsafe trait Npi: 'static {
    /// The identifier, by which NMR matches clients and providers.
    const ID: NpiId;
    /// The name in logs.
    const NAME: &'static str;
    /// What `NPI_REGISTRATION_INSTANCE::Version` is. The documentation says 0; XDP wants 1.
    const INSTANCE_VERSION: u16 = 0;
    /// The versions that this module works with, as far as their tables differ, newest first. A client offers providers
    /// the newest table first, and older ones in turn when it is answered STATUS_NOINTERFACE; a provider answers with a
    /// table of the client's version.
    const VERSIONS: &'static [u16] = &[0];
    /// How clients call a provider.
    type ProviderCalls: PeerCalls;
    /// How a provider calls a client; [`NoCalls`] if the NPI has no such functions.
    type ClientCalls: PeerCalls;
    /// What a provider shows before it is attached; [`NoCharacteristics`](crate::NoCharacteristics) if nothing is defined.
    type ProviderCharacteristics: Characteristics;
    /// What a client shows before it is attached.
    type ClientCharacteristics: Characteristics;
}

/// A peer's dispatch table and binding context, checked once at attach and then called through.
///
/// # Safety
/// A value made by [`PeerCalls::accept`] only calls functions that the table really has.
pub unsafe trait PeerCalls: Send + Sync + Sized + 'static {
    /// The calls through `table`, or why it cannot be used: NULL, too short, of another version.
    ///
    /// # Errors
    /// What is wrong with the table.
    ///
    /// # Safety
    /// `table` is NULL or points to a dispatch table of this NPI and side that stays valid, as `context` does, for as
    /// long as the answer is used.
    unsafe fn accept(context: *mut c_void, table: *const c_void) -> Result<Self, TableMismatch>;

    /// The version that the peer and this module have in common; `None` where versions are not looked at.
    fn version(&self) -> Option<u16> {
        None
    }
}

/// Why a peer's dispatch table cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableMismatch {
    /// There is none.
    Null,
    /// It is not where a table can be.
    Misaligned,
    /// It lacks a function that the contract has.
    NullFunction {
        /// Which, from 0, in the order of the contract.
        index: usize,
    },
    /// The table says that it is shorter than the functions that the contract needs.
    TooShort {
        /// What the peer's table says, in bytes.
        size: usize,
        /// What the contract needs, in bytes.
        needed: usize,
    },
    /// The table is of another version of the contract.
    Version {
        /// What the peer's table says.
        found: u32,
        /// The newest that this module knows.
        expected: u16,
    },
}

impl core::fmt::Display for TableMismatch {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Null => f.write_str("the peer has no dispatch table"),
            Self::Misaligned => f.write_str("the peer's dispatch table is at an odd address"),
            Self::NullFunction { index } => {
                write!(f, "function {index} of the peer's dispatch table is NULL")
            }
            Self::TooShort { size, needed } => {
                write!(f, "the peer's dispatch table has {size} bytes, {needed} are needed")
            }
            Self::Version { found, expected } => {
                write!(f, "the peer's dispatch table is of version {found}, not {expected}")
            }
        }
    }
}

/// The calls of an NPI that has no functions in that direction; any table is accepted and none is looked at.
#[derive(Clone, Copy, Debug)]
pub struct NoCalls;

// SAFETY: calls nothing.
unsafe impl PeerCalls for NoCalls {
    unsafe fn accept(_: *mut c_void, _: *const c_void) -> Result<Self, TableMismatch> {
        Ok(Self)
    }
}

/// The table that a client hands to providers of this NPI, when its binding contexts are `B`.
///
/// # Safety
/// The table is what [`Npi::ClientCalls`] accepts, and its functions expect the address of a `B` as context.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no table that binding contexts `{B}` could serve",
    note = "implement the contract's trait `Client` for `{B}`; a contract with functions that are `#[no_context]` can be \
            called, and is served by code of its own only"
)]
pub unsafe trait ClientTable<B>: Npi {
    /// The table of `version` of the contract, the newest if it is not known, or NULL for an NPI whose providers never call their clients.
    fn client_table(version: u16) -> *const c_void;
}

/// The table that a provider hands to clients of this NPI, when its binding contexts are `B`.
///
/// # Safety
/// The table is what [`Npi::ProviderCalls`] accepts, and its functions expect the address of a `B` as context.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no table that binding contexts `{B}` could serve",
    note = "implement the contract's trait `Provider` for `{B}`; a contract with functions that are `#[no_context]` can be \
            called, and is served by code of its own only"
)]
pub unsafe trait ProviderTable<B>: Npi {
    /// The table of `version` of the contract, the newest if it is not known, or NULL for an NPI whose clients never call their providers.
    fn provider_table(version: u16) -> *const c_void;
}
