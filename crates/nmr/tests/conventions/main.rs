//! Contracts in the conventions of the field: their tables and characteristics are, byte by byte, those of C headers.

#[expect(unreachable_pub, reason = "contracts are written as in a crate of their own")]
mod contracts;
mod layout;
mod peers;
