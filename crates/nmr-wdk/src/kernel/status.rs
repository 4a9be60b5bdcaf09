//! What routines of the kernel answer, as results.

use nmr::{Error, Result, Status};
use wdk::nt_success;

/// Any success is one: for routines whose documentation asks for NT_SUCCESS and no more.
pub(super) fn check(status: i32) -> Result<()> {
    if nt_success(status) { Ok(()) } else { Err(Error::from_status(Status(status))) }
}
