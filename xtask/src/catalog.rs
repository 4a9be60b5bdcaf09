//! Catalogs: the signed lists of digests by which Windows knows the files of a driver package. The list says the same as
//! one that `Inf2Cat` makes for Windows 10 and later: version 2, two members for each file.

pub(crate) mod command;
mod member;
mod payload;
mod trust_list;

use anyhow::Result;

use crate::moment::Moment;
use crate::signature::{self, Content};
use crate::signer::Signer;

pub(crate) use member::{Member, members};
pub(crate) use payload::{Payload, check_payload};
pub(crate) use trust_list::{TrustList, read, write};

/// The versions of Windows that a file of a Windows 10 package is for, as an attribute of each member.
pub(crate) const WINDOWS_10: &str = "2:10.0";

/// A signed catalog that vouches for `payload`, for the system `os` (see `Architecture::catalog_os`).
pub(crate) fn signed(payload: &[Payload<'_>], os: &str, moment: Moment, signer: &Signer) -> Result<Vec<u8>> {
    let list = write(&TrustList { time: moment, os: os.to_owned(), members: members(payload)? })?;
    signature::sign(&Content::catalog(&list)?, signer)
}
