//! The levels at which peers call, as the contract says.

#![expect(unsafe_code, reason = "makes the tokens that a contract promises")]

use crate::irql::DISPATCH_LEVEL;
use crate::{AtDispatch, AtMostDispatch, AtPassive, System};

/// The token of a function that peers call at PASSIVE_LEVEL.
///
/// # Safety
/// The caller is such a function, and the token stays inside it. A peer that calls it at another level breaks the contract,
/// which debug builds notice.
#[inline]
pub unsafe fn at_passive<'a, S: System>() -> AtPassive<'a> {
    debug_assert!(
        S::irql() == 0,
        "a peer calls at IRQL {} what the contract has at PASSIVE_LEVEL",
        S::irql()
    );
    // SAFETY: as the caller says.
    unsafe { AtPassive::assume() }
}

/// The token of a function that peers call at IRQL <= DISPATCH_LEVEL.
///
/// # Safety
/// As [`at_passive`].
#[inline]
pub unsafe fn at_most_dispatch<'a, S: System>() -> AtMostDispatch<'a> {
    debug_assert!(
        S::irql() <= DISPATCH_LEVEL,
        "a peer calls at IRQL {} what the contract has at DISPATCH_LEVEL at most",
        S::irql()
    );
    // SAFETY: as the caller says.
    unsafe { AtMostDispatch::assume() }
}

/// The token of a function that peers call at DISPATCH_LEVEL.
///
/// # Safety
/// As [`at_passive`].
#[inline]
pub unsafe fn at_dispatch<'a, S: System>() -> AtDispatch<'a> {
    debug_assert!(
        S::irql() == DISPATCH_LEVEL,
        "a peer calls at IRQL {} what the contract has at DISPATCH_LEVEL",
        S::irql()
    );
    // SAFETY: as the caller says.
    unsafe { AtDispatch::assume() }
}
