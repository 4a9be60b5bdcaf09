//! Catalogs: the lists of digests by which Windows knows the files of a driver package. From the same package and
//! parameters comes the very list that `Inf2Cat` makes.

pub(crate) mod command;
mod member;
mod package;
mod payload;
mod plan;
mod system;
#[cfg(test)]
mod tests;
mod trust_list;

use anyhow::Result;

use crate::signature::{self, Content};
use crate::signer::Signer;

pub(crate) use member::Member;
pub(crate) use package::{Parameters, lists, only_list};
pub(crate) use system::System;
pub(crate) use trust_list::{TrustList, read, write};

/// A signed catalog that says `list`.
pub(crate) fn signed(list: &TrustList, signer: &Signer) -> Result<Vec<u8>> {
    signature::sign(&Content::catalog(&write(list)?)?, signer)
}

/// The catalog that says `list`, not signed, as Inf2Cat leaves it.
pub(crate) fn unsigned(list: &TrustList) -> Result<Vec<u8>> {
    signature::unsigned(&Content::catalog(&write(list)?)?)
}
